import { type Clock, toIso } from '../../../clock.js';
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
import { type HeldLease, isHeld, type Leases, releasedLease } from './lease.js';
import { closedCycle, cycleDocument, runningCycles } from './records.js';
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
 */
export async function takeLease(deps: TakeOverDeps, start: CycleStart): Promise<Taken> {
  const taken = await untilNotOvertaken('beginCycle', () => tryTake(deps, start));
  if (!taken.grant.granted) return taken;
  const stamped = await stampHeads(deps.account, taken.grant.fence.epoch);
  if (stamped > 0) await deps.versions.bump();
  return taken;
}

async function tryTake(deps: TakeOverDeps, start: CycleStart): Promise<{ result: Taken } | null> {
  const { leases, upkeep, versions } = deps;
  const seen = await leases.read();
  const lease = seen?.document ?? null;
  if (lease !== null && isHeld(lease) && !mayTake(lease, start)) {
    const { holder, cycle_id, expires_at } = lease;
    return { result: { grant: { granted: false, holder, cycle_id, expires_at }, record: null } };
  }
  const epoch = (lease?.epoch ?? 0) + 1;
  const [running, stamp, request] = await Promise.all([
    runningCycles(deps.account.control, 'beginCycle'),
    upkeep.stamp(epoch),
    removalOfRequest(deps, start.cycle.id),
  ]);
  const others = running.filter(({ document }) => document.cycle_id !== start.cycle.id);
  const reason = 'the process that ran it ended without finishing it';
  const closings = closingsOf(others, reason, deps.clock.now());
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
  return { result: { grant: { granted: true, fence: { epoch }, closed }, record: own } };
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
 * the version that moves with the rest tells of all that the holder wrote.
 */
async function removalOfLease(
  { account, upkeep }: TakeOverDeps,
  lease: Seen<LeaseDocument>,
): Promise<Operation[]> {
  const epoch = lease.document.epoch + 1;
  await stampHeads(account, epoch);
  const stamp = await upkeep.stamp(epoch);
  const released = { ...releasedLease(lease.document), epoch };
  return [stamp.operation, replacement(released, lease)];
}
