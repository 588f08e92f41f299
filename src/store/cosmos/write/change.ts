import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../clock.js';
import { AppError, isTransient } from '../../../errors.js';
import type { Fence } from '../../common.js';
import type { Account, Identified, Operation } from '../account.js';
import { written } from '../control/documents.js';
import type { Leases } from '../control/lease.js';
import type { Versions } from '../control/versions.js';
import { HEAD_ID, type HeadDocument, partitionOf } from '../documents/documents.js';
import type { DerivedDocument, Known, WriterMemory } from './cache.js';
import { openView, type Place, readHead, type View } from './view.js';

export interface WriteDeps {
  account: Account;
  clock: Clock;
  versions: Versions;
  lease: Pick<Leases, 'check' | 'require' | 'held'>;
  /** How long items are kept after they were created. */
  retentionMs: number;
  memory: WriterMemory;
}

export interface ChangeOf {
  subreddit: string;
  /** Null: who holds no lease, such as an import. */
  fence: Fence | null;
  /** Names it in logs and figures. */
  shape: string;
  /**
   * What the caller was asked with, the same object when it is asked again after a failure: so
   * that a batch whose answer was lost is known to be done, with its result.
   */
  intent?: object;
}

/** One batch, but for the head's `seq`, `token` and `epoch`. */
export interface Change<R> {
  head?: Partial<HeadFacts>;
  /** Derived documents carry the view's `seq`. */
  operations: Operation[];
  result: R;
}

export type HeadFacts = Pick<
  HeadDocument,
  'name' | 'stamp' | 'items' | 'state' | 'last_success_at' | 'watermarks' | 'imported'
>;

export type Changed<R> =
  | { status: 'written'; result: R }
  /** The plan had nothing to write. */
  | { status: 'unchanged' }
  /** For one batch; nothing was written. To be asked for in halves. */
  | { status: 'too_large' };

/** Of one batch, the head included: Azure allows 100 and 2 MB. */
const MAX_OPERATIONS = 95;
const MAX_BYTES = 1_500_000;
/** Reads and batches of one change while others write in the same partition. */
const MAX_ATTEMPTS = 8;
/** Of these, how many may end without it being known whether they were done. */
const MAX_UNCERTAIN = 2;
const FIRST_PAUSE_MS = 20;

/**
 * The only way in which anything in a partition is written: reads the head, lets `plan` find the
 * difference between what is stored and what ought to be, and writes it in one atomic batch that
 * replaces the head where it is still the same. Whatever comes in between, or is uncertain, leads
 * back to the reads: a difference is computed anew, never added twice.
 *
 * @param plan null: nothing to write. Called again with what is stored by then, so it must be pure
 *   but for the view's reads.
 * @throws AppError `lease_lost`, with nothing written; the account's; `store_busy` when others kept
 *   coming in between
 */
export async function changePartition<R>(
  deps: WriteDeps,
  of: ChangeOf,
  plan: (view: View) => Promise<Change<R> | null>,
): Promise<Changed<R>> {
  const { memory, clock, lease } = deps;
  if (of.fence !== null) lease.check(of.fence);
  const sent = sentBefore<R>(memory, of);
  let uncertain = 0;
  // Only a first attempt begins with what is remembered: what follows one was led back to the reads.
  let fresh = sent.size > 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 1) await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 2));
    const { known, confirmed } = await recall(deps, of, fresh);
    fresh = true;
    const done = known.head === null ? undefined : sent.get(known.head.token);
    if (done !== undefined) return { status: 'written', result: done };
    await requireFence(deps, of.fence, known.head);
    const view = openView(placeOf(deps, of), known);
    const change = await plan(view);
    if (change === null && !confirmed) continue;
    if (change === null) return await unchanged(deps, of, known, sent.size > 0);
    const head = nextHead(of, view, change);
    if (isTooLarge(head, change.operations)) return { status: 'too_large' };
    sent.set(head.token, change.result);
    try {
      const status = await send(deps, of, { known, head, operations: change.operations });
      if (status === 'done') return { status: 'written', result: change.result };
      if (status === 413) return { status: 'too_large' };
    } catch (error) {
      memory.forget(partitionOf(of.subreddit));
      uncertain += 1;
      if (!isTransient(error) || uncertain > MAX_UNCERTAIN) throw error;
    }
  }
  throw new AppError('store_busy', `Others kept writing in r/${of.subreddit}`, {
    details: { attempts: MAX_ATTEMPTS },
  });
}

/** Results of the batches that were sent for the same call before, by their tokens. */
function sentBefore<R>({ sent }: WriterMemory, { intent }: ChangeOf): Map<string, R> {
  if (intent === undefined) return new Map();
  const before = sent.get(intent) ?? new Map<string, unknown>();
  sent.set(intent, before);
  return before as Map<string, R>;
}

async function unchanged(
  { memory, versions }: WriteDeps,
  { subreddit }: ChangeOf,
  known: Known,
  wasSent: boolean,
): Promise<{ status: 'unchanged' }> {
  const partition = partitionOf(subreddit);
  // By what was read of it, it weighs more.
  if (memory.recall(partition) === known) memory.keep(partition, known);
  // Nothing is left to write because it was written, and others wrote after it: readers are to be told.
  if (wasSent) await versions.bump();
  return { status: 'unchanged' };
}

const placeOf = ({ account }: WriteDeps, { subreddit, shape }: ChangeOf): Place => ({
  items: account.items,
  partition: partitionOf(subreddit),
  shape,
});

const sessionOf = ({ account }: Pick<WriteDeps, 'account'>) => account.session?.() ?? 0;

/** What is remembered of the partition, or its head, with what is remembered where that is as new. */
async function recall(
  deps: WriteDeps,
  of: ChangeOf,
  fresh: boolean,
): Promise<{ known: Known; confirmed: boolean }> {
  const remembered = deps.memory.recall(partitionOf(of.subreddit));
  if (remembered?.session === sessionOf(deps) && !fresh) {
    return { known: remembered, confirmed: false };
  }
  return { known: await readAnew(deps, of), confirmed: true };
}

/** Reads the head. What was remembered stays where no batch has been written since. */
export async function readAnew(
  deps: WriteDeps,
  of: Pick<ChangeOf, 'subreddit' | 'fence' | 'shape'>,
): Promise<Known> {
  const place = placeOf(deps, of);
  const session = sessionOf(deps);
  const head = await readHead(place);
  const remembered = deps.memory.recall(place.partition);
  // A new lease stamps its epoch into the head, by which nothing else in the partition moves.
  const same = head !== null && remembered?.head?.token === head.token;
  const known: Known =
    same && remembered.session === session
      ? { ...remembered, head }
      : { head, derived: new Map(), lines: new Map(), session };
  deps.memory.keep(place.partition, known);
  return known;
}

async function requireFence(
  { lease }: WriteDeps,
  fence: Fence | null,
  head: HeadDocument | null,
): Promise<void> {
  if (fence === null) return;
  if (head !== null && head.epoch > fence.epoch) {
    throw new AppError('lease_lost', 'Another collector has taken over', {
      details: { epoch: fence.epoch, current_epoch: head.epoch },
    });
  }
  // Who takes over stamps every head that there is. One that was made since, maybe by an import, tells nothing.
  if (head === null || head.epoch < fence.epoch) await lease.require(fence);
}

function nextHead<R>(
  { subreddit, fence }: ChangeOf,
  { head, seq }: View,
  change: Change<R>,
): HeadDocument {
  const before = head === null ? newHead(subreddit) : written<HeadDocument>(head);
  return {
    ...before,
    ...change.head,
    epoch: fence?.epoch ?? before.epoch,
    seq,
    token: randomUUID(),
  };
}

const newHead = (subreddit: string): HeadDocument => ({
  ...{ id: HEAD_ID, kind: 'head', subreddit: partitionOf(subreddit), name: subreddit, ttl: -1 },
  ...{ epoch: 0, seq: 0, token: '', stamp: '1970-01-01T00:00:00.000Z', items: 0 },
  ...{ state: 'unknown', last_success_at: null, watermarks: { post: null, comment: null } },
});

function isTooLarge(head: HeadDocument, operations: readonly Operation[]): boolean {
  if (operations.length + 1 > MAX_OPERATIONS) return true;
  const documents = operations.map((each) => ('document' in each ? each.document : each.id));
  return Buffer.byteLength(JSON.stringify([head, ...documents])) > MAX_BYTES;
}

interface Batch {
  known: Known;
  head: HeadDocument;
  operations: readonly Operation[];
}

async function send(
  deps: WriteDeps,
  of: ChangeOf,
  { known, head, operations }: Batch,
): Promise<'done' | 404 | 409 | 412 | 413> {
  const { items, partition, shape } = placeOf(deps, of);
  // What was read after the head may be older than it then: the head's etag would not tell.
  if (known.session !== sessionOf(deps)) return 412;
  const first: Operation =
    known.head === null
      ? { kind: 'create', document: head }
      : { kind: 'replace', document: head, ifMatch: known.head._etag };
  const answer = await items.batch(`${shape} batch`, partition, [first, ...operations]);
  if (!answer.done) return answer.status;
  const etag = answer.etags[0];
  if (etag) deps.memory.keep(partition, knownAfter(deps, { known, head, operations }, etag));
  else deps.memory.forget(partition);
  return 'done';
}

/** What is known of the partition now. */
function knownAfter({ clock }: WriteDeps, { known, head, operations }: Batch, etag: string): Known {
  // Copies: a view of the batch before may still be at its reads, and put what it finds into its own.
  const derived = new Map(known.derived);
  const lines = new Map(known.lines);
  for (const operation of operations) {
    if (operation.kind === 'delete' || !isDerived(operation.document)) continue;
    derived.set(operation.document.id, operation.document);
    lines.delete(operation.document.id);
  }
  const { session } = known;
  const _ts = Math.floor(clock.now() / 1000);
  return { head: { ...head, _etag: etag, _ts }, derived, lines, session };
}

function isDerived(document: Identified): document is DerivedDocument {
  const kind = 'kind' in document ? document.kind : null;
  return kind === 'hour' || kind === 'day' || kind === 'titles';
}
