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
import { readHead } from './change.js';
import { CONTROL, HEAD, type Head, LEASE, only, VERSION, type Version } from './documents.js';
import { SUBREDDITS } from './world.js';

const MOST_LOOKS = 12;

export type Seqs = Readonly<Record<string, number>>;

/**
 * Takes the lease, with the next epoch. Whether a holder is gone is judged outside, and may be
 * judged wrongly at any time: no rule rests on it.
 *
 * @throws GaveUp
 */
export function* takeLease(client: Client, isGone: () => boolean): Steps<number> {
  const holder = client.token();
  for (let attempt = 1; attempt <= MOST_LOOKS; attempt += 1) {
    const lease = only(yield* read(client, CONTROL, [LEASE]), 'lease');
    if (lease?.holder === holder) return lease.epoch;
    if (lease !== undefined && lease.holder !== null && !isGone()) {
      yield { kind: 'wait' };
      continue;
    }
    const epoch = (lease?.epoch ?? 0) + 1;
    const document = { kind: 'lease' as const, epoch, holder };
    const blind = !client.rules.leaseIfMatch;
    const outcome = yield* write(client, CONTROL, [replacing(LEASE, document, lease, blind)]);
    if (outcome === 'written') return epoch;
  }
  throw new GaveUp('somebody else has the lease');
}

/** Frees it, if it is still as this client left it; tried once. */
export function* releaseLease(client: Client): Steps<void> {
  const lease = only(yield* read(client, CONTROL, [LEASE]), 'lease');
  if (lease === undefined || lease.epoch !== client.epoch) return;
  const { etag: _, ...document } = lease;
  yield* write(client, CONTROL, [replacing(LEASE, { ...document, holder: null }, lease)]);
}

/**
 * What a new holder does before anything else: from here on no batch of an older epoch succeeds,
 * and what such batches wrote is announced. Answers the version that does so.
 *
 * @throws LeaseLost, GaveUp
 */
export function* takeOver(client: Client): Steps<number | undefined> {
  const { takeoverMovesVersion, stampBeforeVersion, stampHeads } = client.rules;
  const seqs: Record<string, number> = {};
  let version: number | undefined;
  if (takeoverMovesVersion && !stampBeforeVersion) version = yield* moveVersion(client, {}, true);
  for (const subreddit of SUBREDDITS) {
    if (stampHeads) seqs[subreddit] = yield* stamp(client, subreddit);
  }
  if (takeoverMovesVersion && stampBeforeVersion) version = yield* moveVersion(client, seqs, true);
  return version;
}

/**
 * Answers the head's seq, above which no older epoch gets any more. The model's account loses no lease, so a
 * newer epoch always says that somebody has taken over: the store looks at the lease before it believes so.
 */
function* stamp(client: Client, subreddit: string): Steps<number> {
  const epoch = client.epoch ?? 0;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const head = yield* readHead(client, subreddit);
    if (head === undefined && !client.rules.createHeads) return 0;
    if ((head?.epoch ?? 0) > epoch) throw new LeaseLost();
    if (head?.epoch === epoch) return head.seq;
    const stamped: Head = { kind: 'head', seq: 0, token: '', watermark: 0, ...bare(head), epoch };
    const operation = replacing(HEAD, stamped, head, !client.rules.headIfMatch);
    if ((yield* write(client, subreddit, [operation])) === 'written') return stamped.seq;
  }
  throw new GaveUp(`${subreddit} could not be stamped`);
}

function bare(head: (Head & { etag: number }) | undefined): Partial<Head> {
  if (head === undefined) return {};
  const { etag: _, ...document } = head;
  return document;
}

/**
 * Moves the version on, and tells which it is now: at least one that covers `seqs`. After no
 * answer it is moved again: a version too high is harmless, one too low is not.
 *
 * @throws LeaseLost, GaveUp
 */
export function* moveVersion(client: Client, seqs: Seqs, stamped = false): Steps<number> {
  const { rules, epoch } = client;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const before = only(yield* read(client, CONTROL, [VERSION]), 'version');
    if (rules.versionFence && epoch !== null && (before?.epoch ?? 0) > epoch) throw new LeaseLost();
    const next: Version = {
      kind: 'version',
      version: (before?.version ?? 0) + 1,
      epoch: stamped ? Math.max(before?.epoch ?? 0, epoch ?? 0) : (before?.epoch ?? 0),
      seqs: highest(before?.seqs ?? {}, seqs),
    };
    const operation = replacing(VERSION, next, before, !rules.versionIfMatch);
    const outcome = yield* write(client, CONTROL, [operation]);
    if (outcome === 'written') return next.version;
    if (outcome === 'none' && !rules.doubtVersion) return next.version;
  }
  throw new GaveUp('the version could not be moved');
}

function highest(one: Seqs, other: Seqs): Seqs {
  const names = Object.keys({ ...one, ...other });
  return Object.fromEntries(
    names.map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]),
  );
}
