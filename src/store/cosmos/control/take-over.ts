import { type Clock, toIso } from '../../../clock.js';
import { closedCycle, ENDED_WITHOUT_FINISHING } from '../../../domain/cycle.js';
import type { CycleGrant, CycleStart } from '../../store.js';
import type { Account, Operation } from '../account.js';
import { readDocument, replacement, untilNotOvertaken } from './change.js';
import {
  type CycleDocument,
  LEASE_ID,
  type LeaseDocument,
  REQUEST_ID,
  type RequestDocument,
  SCOPE,
  type Seen,
} from './documents.js';
import { type HeldLease, isHeld, leaseLost, type Leases, releasedLease } from './lease.js';
import { cycleDocument, runningCycles } from './records.js';
import { stampHeads } from './stamp.js';
import type { UpkeepNotes } from './upkeep-state.js';
import type { Versions } from './versions.js';

export interface TakeOverDeps {
  account: Pick<Account, 'control' | 'items'>;
  clock: Clock;
  versions: Versions;
  leases: Leases;
  upkeep: UpkeepNotes;
}

export interface Taken {
  grant: CycleGrant;
  /** The record of the cycle that begins, for whoever goes on writing it; null: refused. */
  record: Seen<CycleDocument> | null;
}

/**
 * One batch takes the lease, closes what was left running and records what begins. Then heads are
 * stamped: what an older holder still writes until then is as if it had come before. It may die before
 * it tells of that, so the data version moves once more.
 *
 * The lease is read first: what is read after it in the same session is at least as new, so the record
 * of the cycle that has it is among those that are closed. Repeated after a lost answer it finds its own
 * lease, and takes it again.
 *
 * So it does where a head has a newer epoch though the lease is still its own: the container of the lease
 * was lost, or brought back from an older copy, and counting began anew below the heads. To ask the heads
 * before the lease is taken would cost every cycle a query more, and a replica may answer it with less than
 * there is; this way whoever comes in between is found by the ETag of the lease, and no matter why
 * it is behind.
 */
export async function takeLease(deps: TakeOverDeps, start: CycleStart): Promise<Taken> {
  let above = 0;
  return untilNotOvertaken('beginCycle', async () => {
    const taken = await tryTake(deps, start, above);
    if (taken === null) return null;
    if (!taken.grant.granted) return { result: taken };
    const { epoch } = taken.grant.fence;
    const { heads, newest } = await stampHeads(deps.account, epoch);
    if (newest > epoch) {
      await requireOwn(deps, start, epoch);
      above = newest;
      return null;
    }
    if (heads > 0) await deps.versions.bump();
    return { result: taken };
  });
}

/**
 * Read, for what this store knows of the end of leases may be of one that was lost.
 * @throws AppError `lease_lost`
 */
async function requireOwn(
  { leases }: TakeOverDeps,
  { holder }: CycleStart,
  epoch: number,
): Promise<void> {
  const lease = (await leases.read())?.document ?? null;
  if (lease?.epoch !== epoch || lease.holder !== holder) throw leaseLost({ epoch }, lease);
}

/**
 * Null: somebody else was faster.
 * @param above an epoch that was found in a head
 */
async function tryTake(
  deps: TakeOverDeps,
  start: CycleStart,
  above: number,
): Promise<Taken | null> {
  const { leases, upkeep, versions } = deps;
  const seen = await leases.read();
  const lease = seen?.document ?? null;
  if (lease !== null && isHeld(lease) && !mayTake(lease, start)) {
    const { holder, cycle_id, expires_at } = lease;
    return { grant: { granted: false, holder, cycle_id, expires_at }, record: null };
  }
  const epoch = Math.max(lease?.epoch ?? 0, above) + 1;
  const [running, stamp, request] = await Promise.all([
    runningCycles(deps.account.control, 'beginCycle'),
    upkeep.stamp(epoch),
    removalOfRequest(deps, start.cycle.id),
  ]);
  const others = running.filter(({ document }) => document.cycle_id !== start.cycle.id);
  const closings = closingsOf(others, ENDED_WITHOUT_FINISHING, deps.clock.now());
  // Of an attempt whose answer was lost.
  const before = lease?.cycle_id === start.cycle.id ? lease.closed : [];
  const closed = [...before, ...closings.ids];
  const taken = takenLease(start, epoch, closed, deps.clock.now());
  const record = cycleDocument(start.cycle, { holder: start.holder, epoch });
  const operations: Operation[] = [
    replacement(taken, seen),
    { kind: 'upsert', document: record },
    stamp.operation,
    ...closings.operations,
    ...request,
  ];
  const moved = closings.ids.length > 0 ? { cycles: true as const } : {};
  const result = await versions.bumpWith('beginCycle', operations, moved);
  if (!result.done) return null;
  const [leaseEtag, recordEtag, stampEtag] = result.etags;
  leases.end(epoch - 1);
  leases.keep(taken, leaseEtag);
  stamp.written(stampEtag);
  const own = recordEtag ? { document: record, etag: recordEtag } : null;
  return { grant: { granted: true, fence: { epoch }, closed }, record: own };
}

/** The holder's own lease is left over from a run that ended without releasing it. */
function mayTake(lease: HeldLease, { holder, holderIsDead, unrenewed }: CycleStart): boolean {
  const { cycle_id, expires_at } = lease;
  if (lease.holder === holder) return true;
  if (unrenewed?.cycle_id === cycle_id && unrenewed.expires_at === expires_at) return true;
  return holderIsDead(lease.holder);
}

function takenLease(
  { cycle, holder, leaseMs }: CycleStart,
  epoch: number,
  closed: string[],
  nowMs: number,
): LeaseDocument {
  const expires_at = toIso(nowMs + leaseMs);
  const held = { holder, cycle_id: cycle.id, expires_at, closed };
  return { id: LEASE_ID, scope: SCOPE, kind: 'lease', epoch, ...held };
}

function closingsOf(running: readonly Seen<CycleDocument>[], reason: string, nowMs: number) {
  return {
    ids: running.map(({ document }) => document.cycle_id),
    operations: running.map((seen) => replacement(closedCycle(seen.document, reason, nowMs), seen)),
  };
}

async function removalOfRequest({ account }: TakeOverDeps, cycleId: string): Promise<Operation[]> {
  const at = { shape: 'beginCycle', id: REQUEST_ID };
  const seen = await readDocument<RequestDocument>(account.control, at);
  if (seen?.document.cycle_id !== cycleId) return [];
  return [{ kind: 'delete', id: REQUEST_ID, ifMatch: seen.etag }];
}

/**
 * Closes what a holder that is gone left running, and frees its lease. Its epoch ends with that:
 * what it may have sent and the network still holds does not arrive in somebody else's cycle.
 */
export async function takeLeaseAway(
  deps: TakeOverDeps,
  holder: string,
  reason: string,
): Promise<string[]> {
  return untilNotOvertaken('abandon', async () => {
    const seen = await deps.leases.read();
    const lease = seen?.document.holder === holder ? seen : null;
    const running = await runningCycles(deps.account.control, 'abandon');
    const own = running.filter(({ document }) => document.holder === holder);
    const { ids, operations } = closingsOf(own, reason, deps.clock.now());
    if (lease !== null) operations.push(...(await removalOfLease(deps, lease)));
    if (operations.length === 0) return { result: [] };
    const moved = ids.length > 0 ? { cycles: true as const } : {};
    const { done } = await deps.versions.bumpWith('abandon', operations, moved);
    if (!done) return null;
    if (lease !== null) deps.leases.end(lease.document.epoch);
    return { result: ids };
  });
}

/**
 * Heads come first, so that whatever fails is found to be done, or not begun, by the next attempt, and
 * the version that moves with the rest tells of all that the holder wrote. A newer epoch in one of them is
 * of a lease that was lost (`takeLease`), and the next one counts on from it; or somebody has taken
 * this one over, and the batch fails.
 */
async function removalOfLease(
  { account, upkeep }: TakeOverDeps,
  lease: Seen<LeaseDocument>,
): Promise<Operation[]> {
  const next = lease.document.epoch + 1;
  const { newest } = await stampHeads(account, next);
  const epoch = Math.max(next, newest);
  const stamp = await upkeep.stamp(epoch);
  const released = { ...releasedLease(lease.document), epoch };
  return [stamp.operation, replacement(released, lease)];
}
