import type { Operation } from './account.js';
import {
  type Client,
  GaveUp,
  LeaseLost,
  MOST_ATTEMPTS,
  read,
  replacing,
  type Steps,
  write,
} from './calls.js';
import {
  all,
  CONTROL,
  type Day,
  dayId,
  HEAD,
  type Head,
  type Item,
  LEASE,
  only,
  recount,
  type Stored,
} from './documents.js';
import type { Rules } from './rules.js';

/** A change of one partition that one batch can hold. */
export interface Change {
  subreddit: string;
  /** What it is about. */
  items: readonly Item[];
  /** Of these, what is to be stored or removed, by what is stored. */
  plan(stored: ReadonlyMap<string, Item>): { put: Item[]; remove: Item[] };
  /** Moves to here, never back. */
  watermark?: number;
}

export interface Changed {
  token: string;
  /** The head's seq that holds the change; null: there was nothing to write. */
  seq: number | null;
}

interface View {
  head: (Head & { etag: number }) | undefined;
  items: Item[];
  days: Day[];
}

/**
 * Rules 3 to 5: read, compute the difference, write it with the head as it was read; whatever else
 * than success comes back, begin again with the reads.
 *
 * @throws LeaseLost, GaveUp
 */
export function* changePartition(client: Client, change: Change): Steps<Changed> {
  const { rules } = client;
  const { subreddit } = change;
  const token = client.token();
  let unanswered = false;
  let known = client.kept.get(subreddit) ?? [];
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const head = only(known, 'head') ?? (yield* readHead(client, subreddit));
    if (head?.token === token) return { token, seq: head.seq };
    yield* checkEpoch(client, head);
    const data = yield* readData(client, change, known);
    const view = viewOf(head, data);
    // Whatever comes of it, this is known no more, unless it is written.
    client.kept.delete(subreddit);
    known = rules.readAgain ? [] : data;
    const operations = batchOf(change, view, client, token);
    if (operations === null) {
      if (!unanswered || !rules.announceUnanswered) return { token, seq: null };
      const last = rules.headAfterItems ? yield* readHead(client, subreddit) : head;
      return { token, seq: last?.seq ?? 0 };
    }
    const outcome = yield* send(client, subreddit, operations, (written) =>
      keep(client, subreddit, data, operations, written),
    );
    if (outcome === 'written') return { token, seq: seqOf(view) + 1 };
    if (outcome === 'none') {
      if (!rules.doubtUnanswered) return { token, seq: seqOf(view) + 1 };
      unanswered = true;
    }
  }
  throw new GaveUp(`nothing could be written to ${subreddit}`);
}

export function* readHead(client: Client, subreddit: string): Steps<View['head']> {
  return only(yield* read(client, subreddit, [HEAD], memory(client.rules)), 'head');
}

/** Where the session is left out, the oldest replica may answer. */
const memory = (rules: Rules) => (rules.writerSession ? undefined : 0);
const seqOf = ({ head }: View) => head?.seq ?? 0;

function* checkEpoch(client: Client, head: Head | undefined): Steps<void> {
  const { epoch, rules } = client;
  if (epoch === null || !rules.checkEpoch) return;
  if ((head?.epoch ?? 0) > epoch) throw new LeaseLost();
  if ((head?.epoch ?? 0) === epoch || rules.createHeads) return;
  const lease = only(yield* read(client, CONTROL, [LEASE]), 'lease');
  if (lease?.epoch !== epoch) throw new LeaseLost();
}

/**
 * The documents a change is about, known ones as they are known. Two reads, for two queries may be
 * answered as of two moments.
 */
function* readData(
  client: Client,
  { subreddit, items }: Change,
  known: readonly Stored[],
): Steps<Stored[]> {
  const data = known.filter(({ id }) => id !== HEAD);
  const dayIds = [...new Set(items.map(({ day }) => dayId(day)))];
  for (const wanted of [dayIds, items.map(({ id }) => id)]) {
    const missing = wanted.filter((id) => !known.some((one) => one.id === id));
    if (missing.length > 0) {
      data.push(...(yield* read(client, subreddit, missing, memory(client.rules))));
    }
  }
  return data;
}

const viewOf = (head: View['head'], data: readonly Stored[]): View => ({
  head,
  items: all(data, 'item'),
  days: all(data, 'day'),
});

/** The next change goes on from what was read and written, for as long as this one is the last. */
function keep(
  client: Client,
  subreddit: string,
  data: readonly Stored[],
  operations: readonly Operation[],
  written: readonly Stored[],
): void {
  const touched = new Set(operations.map((one) => (one.kind === 'increment' ? '' : one.id)));
  const rest = data.filter(({ id }) => !touched.has(id));
  client.kept.set(subreddit, [...rest, ...written]);
}

/** Null: all is as it should be. */
function batchOf(change: Change, view: View, client: Client, token: string): Operation[] | null {
  const { rules } = client;
  const { put, remove } = change.plan(new Map(view.items.map((item) => [item.id, item])));
  const watermark = Math.max(view.head?.watermark ?? 0, change.watermark ?? 0);
  const moves = watermark > (view.head?.watermark ?? 0);
  if (put.length === 0 && remove.length === 0 && !moves) return null;
  const ownEpoch = client.epoch ?? (rules.keepEpoch ? (view.head?.epoch ?? 0) : 0);
  const epoch = client.epoch === null ? ownEpoch : Math.max(ownEpoch, view.head?.epoch ?? 0);
  const seq = seqOf(view) + 1;
  const head: Head = { kind: 'head', epoch, seq, token, watermark };
  return [
    replacing(HEAD, head, view.head, !rules.headIfMatch || !rules.recompute),
    ...put.map((item): Operation => ({ kind: 'upsert', id: item.id, document: item })),
    ...remove.map(({ id }): Operation => ({ kind: 'delete', id })),
    ...rollups(put, remove, view, seq, rules),
  ];
}

function rollups(
  put: readonly Item[],
  remove: readonly Item[],
  view: View,
  seq: number,
  rules: Rules,
): Operation[] {
  if (remove.length > 0 && !rules.retentionRecounts) return [];
  const touched = new Set([...put, ...remove].map(({ id }) => id));
  const before = recount(view.items.filter(({ id }) => touched.has(id)));
  const after = recount(put);
  return [...new Set([...before.keys(), ...after.keys()])].map((day): Operation => {
    const more = (of: 'count' | 'sum') =>
      (after.get(day)?.[of] ?? 0) - (before.get(day)?.[of] ?? 0);
    const by: Day = { kind: 'day', day, seq, count: more('count'), sum: more('sum') };
    if (!rules.recompute) return { kind: 'increment', by };
    const old = view.days.find((one) => one.day === day);
    const count = (old?.count ?? 0) + by.count;
    if (count === 0 && old !== undefined && !rules.keepEmptied) {
      return { kind: 'delete', id: dayId(day) };
    }
    const document: Day = { ...by, count, sum: (old?.sum ?? 0) + by.sum };
    return { kind: 'upsert', id: dayId(day), document };
  });
}

function* send(
  client: Client,
  subreddit: string,
  operations: readonly Operation[],
  written: (stored: readonly Stored[]) => void,
): Steps<'written' | 'refused' | 'none'> {
  if (client.rules.atomicBatch) return yield* write(client, subreddit, operations, written);
  for (const operation of operations) {
    const outcome = yield* write(client, subreddit, [operation]);
    if (outcome !== 'written') return outcome;
  }
  return 'written';
}
