import { isDeepStrictEqual } from 'node:util';
import { toIso } from '../../../clock.js';
import type { Cycle } from '../../../domain/cycle.js';
import { AppError } from '../../../errors.js';
import type { CycleGrant, CycleStart, Fence } from '../../store.js';
import { readDocument, replacement, untilNotOvertaken } from './change.js';
import { type CycleDocument, cycleDocumentId, SCOPE, type Seen } from './documents.js';
import { leaseLost, releasedLease } from './lease.js';
import { cycleDocument, cycleOf } from './records.js';
import { type TakeOverDeps, takeLease, takeLeaseAway } from './take-over.js';

export interface Cycles {
  beginCycle(start: CycleStart): Promise<CycleGrant>;
  renewLease(fence: Fence, leaseMs: number): Promise<void>;
  updateCycle(cycle: Cycle, fence: Fence): Promise<void>;
  finishCycle(cycle: Cycle, fence: Fence): Promise<void>;
  abandon(holder: string, reason: string): Promise<string[]>;
}

/**
 * Cycles and the lease they run under. Whoever takes a lease over closes the record of the cycle that
 * had it in the same batch, so the record's ETag tells its writer as much as the lease itself would.
 */
export function cosmosCycles(deps: TakeOverDeps): Cycles {
  const record: OwnRecord = { seen: null };
  return {
    beginCycle: async (start) => {
      const { grant, record: begun } = await takeLease(deps, start);
      record.seen = begun;
      return grant;
    },
    renewLease: (fence, leaseMs) =>
      untilNotOvertaken<void>('renewLease', () => tryRenew(deps, fence, leaseMs)),
    updateCycle: (cycle, fence) =>
      untilNotOvertaken<void>('updateCycle', () => tryUpdate(deps, record, cycle, fence)),
    finishCycle: (cycle, fence) =>
      untilNotOvertaken<void>('finishCycle', () => tryFinish(deps, record, cycle, fence)),
    abandon: (holder, reason) => takeLeaseAway(deps, holder, reason),
  };
}

/** The record of the cycle that runs, as this store last wrote or read it. */
interface OwnRecord {
  seen: Seen<CycleDocument> | null;
}

const DONE = { result: undefined };

async function tryRenew({ account, clock, leases }: TakeOverDeps, fence: Fence, leaseMs: number) {
  const seen = await leases.held(fence);
  leases.forget();
  const document = { ...seen.document, expires_at: toIso(clock.now() + leaseMs) };
  const result = await account.control.batch('renewLease', SCOPE, [replacement(document, seen)]);
  if (!result.done) return null;
  leases.keep(document, result.etags[0]);
  return DONE;
}

async function tryUpdate(deps: TakeOverDeps, record: OwnRecord, cycle: Cycle, fence: Fence) {
  deps.leases.check(fence);
  const seen = ownRecord(record, cycle, fence) ?? (await readRecord(deps, cycle, fence));
  record.seen = null;
  const document = cycleDocument(cycle, seen.document);
  const moved = cycle.status === 'running' ? {} : { cycles: true as const };
  const operations = [replacement(document, seen)];
  const result = await deps.versions.bumpWith('updateCycle', operations, moved);
  if (!result.done) return null;
  const etag = result.etags[0];
  if (etag) record.seen = { document, etag };
  return DONE;
}

async function tryFinish(deps: TakeOverDeps, record: OwnRecord, cycle: Cycle, fence: Fence) {
  const { leases, versions } = deps;
  const lease = await leases.held(fence).catch(async (error: unknown) => {
    if (await isFinished(deps, cycle, fence)) return null;
    throw error;
  });
  if (lease !== null) {
    const seen = ownRecord(record, cycle, fence) ?? (await readRecord(deps, cycle, fence));
    record.seen = null;
    leases.forget();
    const operations = [
      replacement(releasedLease(lease.document), lease),
      replacement(cycleDocument(cycle, seen.document), seen),
    ];
    const result = await versions.bumpWith('finishCycle', operations, { cycles: true });
    if (!result.done) return null;
  }
  leases.end(fence.epoch);
  return DONE;
}

/** The end was written by an attempt whose answer was lost. */
async function isFinished(deps: TakeOverDeps, cycle: Cycle, fence: Fence): Promise<boolean> {
  const seen = await findRecord(deps, cycle);
  if (seen?.document.epoch !== fence.epoch) return false;
  return isDeepStrictEqual(cycleOf(seen.document), JSON.parse(JSON.stringify(cycle)));
}

function ownRecord({ seen }: OwnRecord, cycle: Cycle, fence: Fence): Seen<CycleDocument> | null {
  const isOwn = seen?.document.cycle_id === cycle.id && seen.document.epoch === fence.epoch;
  return isOwn ? seen : null;
}

/** @throws AppError `lease_lost`, or `internal` for a cycle that did not begin under the fence */
async function readRecord(
  deps: TakeOverDeps,
  cycle: Cycle,
  fence: Fence,
): Promise<Seen<CycleDocument>> {
  await deps.leases.require(fence);
  const seen = await findRecord(deps, cycle);
  if (seen === null || seen.document.epoch < fence.epoch) {
    throw new AppError('internal', `Cycle ${cycle.id} was never begun`);
  }
  if (seen.document.epoch > fence.epoch) throw leaseLost(fence, null);
  return seen;
}

function findRecord({ account }: TakeOverDeps, { id }: Cycle): Promise<Seen<CycleDocument> | null> {
  return readDocument(account.control, { shape: 'cycle', id: cycleDocumentId(id) });
}
