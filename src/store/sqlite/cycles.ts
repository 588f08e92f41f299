import { toIso } from '../../clock.js';
import {
  closedCycle,
  type Cycle,
  type CycleError,
  type CycleStatus,
  type CycleTrigger,
  ENDED_WITHOUT_FINISHING,
  type Upkeep,
} from '../../domain/cycle.js';
import type { IsoTime } from '../../domain/item.js';
import { AppError } from '../../errors.js';
import type { CycleGrant, CycleStart, CyclesQuery, Fence } from '../store.js';
import { all, bumpDataVersion, type Db, run } from './db.js';
import {
  type HeldLease,
  isHeld,
  readLease,
  releaseLease,
  requireLease,
  writeLease,
} from './lease.js';

interface CycleRow {
  id: string;
  started_at: IsoTime;
  finished_at: IsoTime | null;
  status: CycleStatus;
  trigger: CycleTrigger;
  subreddits: string;
  errors: string;
  memory_start_mb: number;
  memory_end_mb: number | null;
  duration_ms: number | null;
  upkeep: string | null;
}

const COLUMNS = `id, started_at, finished_at, status, "trigger", subreddits, errors,
  memory_start_mb, memory_end_mb, duration_ms, upkeep`;

/** Newest first. */
export function readCycles(db: Db, condition: string, ...values: unknown[]): Cycle[] {
  const sql = `SELECT ${COLUMNS} FROM cycles ${condition}`;
  return all<CycleRow>(db, sql, ...values).map((row) => ({
    ...row,
    subreddits: JSON.parse(row.subreddits) as Cycle['subreddits'],
    errors: JSON.parse(row.errors) as CycleError[],
    upkeep: row.upkeep === null ? null : (JSON.parse(row.upkeep) as Upkeep),
  }));
}

export const NEWEST_FIRST = 'ORDER BY started_at DESC, id DESC LIMIT ?';

export function pageOfCycles(db: Db, query: CyclesQuery): Cycle[] {
  const { limit, status, after } = query;
  const values = [status, after?.started_at, after?.id].filter((value) => value !== undefined);
  return readCycles(db, pageCondition(query), ...values, limit);
}

/** Expects the values of what is given, in the order status, started_at, id, then the limit. */
export function pageCondition({ status, after }: Pick<CyclesQuery, 'status' | 'after'>): string {
  const conditions = [
    ...(status === undefined ? [] : ['status = ?']),
    ...(after === undefined ? [] : ['(started_at, id) < (?, ?)']),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return `${where} ${NEWEST_FIRST}`;
}

/** To be run in an immediate transaction, as everything below. */
export function beginCycle(db: Db, start: CycleStart, nowMs: number): CycleGrant {
  const lease = readLease(db);
  if (isHeld(lease) && !mayTake(lease, start)) {
    const { holder, cycle_id, expires_at } = lease;
    return { granted: false, holder, cycle_id, expires_at };
  }
  const epoch = lease.epoch + 1;
  const { cycle, holder } = start;
  writeLease(db, {
    epoch,
    holder,
    cycle_id: cycle.id,
    expires_at: toIso(nowMs + start.leaseMs),
  });
  const closed = closeRunning(
    db,
    readCycles(db, `WHERE status = 'running' AND id <> ?`, cycle.id),
    nowMs,
    ENDED_WITHOUT_FINISHING,
  );
  // An upsert: a retry after an answer that got lost must not fail on its own record.
  run(
    db,
    `INSERT INTO cycles (${COLUMNS}, holder, epoch)
     VALUES (@id, @started_at, @finished_at, @status, @trigger, @subreddits, @errors,
       @memory_start_mb, @memory_end_mb, @duration_ms, @upkeep, @holder, @epoch)
     ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch`,
    { ...toRow(cycle), holder, epoch },
  );
  run(db, 'DELETE FROM requests WHERE cycle_id = ?', cycle.id);
  bumpDataVersion(db);
  return { granted: true, fence: { epoch }, closed };
}

/** A record of another store's, as it is there. It was never run under a lease of this one. */
export function putCycle(db: Db, cycle: Cycle): void {
  run(
    db,
    `INSERT OR REPLACE INTO cycles (${COLUMNS}, holder, epoch)
     VALUES (@id, @started_at, @finished_at, @status, @trigger, @subreddits, @errors,
       @memory_start_mb, @memory_end_mb, @duration_ms, @upkeep, '', 0)`,
    toRow(cycle),
  );
}

/** The holder's own lease is left over from a run that ended without releasing it. */
function mayTake(lease: HeldLease, { holder, holderIsDead, unrenewed }: CycleStart): boolean {
  const { cycle_id, expires_at } = lease;
  if (lease.holder === holder) return true;
  if (unrenewed?.cycle_id === cycle_id && unrenewed.expires_at === expires_at) return true;
  return holderIsDead(lease.holder);
}

export function renewLease(db: Db, fence: Fence, expiresAt: IsoTime): void {
  requireLease(db, fence);
  run(db, 'UPDATE lease SET expires_at = ?', expiresAt);
}

/** Overwrites the record of the cycle that runs under the fence. */
export function updateCycle(db: Db, cycle: Cycle, fence: Fence): void {
  requireLease(db, fence);
  const changes = writeCycle(db, cycle, fence.epoch);
  if (changes === 0) throw new AppError('internal', `Cycle ${cycle.id} was never begun`);
  bumpDataVersion(db);
}

export function finishCycle(db: Db, cycle: Cycle, fence: Fence): void {
  updateCycle(db, cycle, fence);
  releaseLease(db);
}

/** Closes what a holder that is gone left running, and frees its lease. */
export function abandon(db: Db, holder: string, reason: string, nowMs: number): string[] {
  const running = readCycles(db, `WHERE status = 'running' AND holder = ?`, holder);
  const closed = closeRunning(db, running, nowMs, reason);
  if (readLease(db).holder === holder) releaseLease(db);
  if (closed.length > 0) bumpDataVersion(db);
  return closed;
}

function closeRunning(db: Db, cycles: Cycle[], nowMs: number, reason: string): string[] {
  return cycles.map((cycle) => {
    writeCycle(db, closedCycle(cycle, reason, nowMs));
    return cycle.id;
  });
}

function writeCycle(db: Db, cycle: Cycle, epoch: number | null = null): number {
  return run(
    db,
    `UPDATE cycles SET started_at = @started_at, finished_at = @finished_at, status = @status,
       "trigger" = @trigger, subreddits = @subreddits, errors = @errors,
       memory_start_mb = @memory_start_mb, memory_end_mb = @memory_end_mb,
       duration_ms = @duration_ms, upkeep = @upkeep
     WHERE id = @id AND epoch = coalesce(@epoch, epoch)`,
    { ...toRow(cycle), epoch },
  );
}

function toRow(cycle: Cycle): CycleRow {
  return {
    ...cycle,
    subreddits: JSON.stringify(cycle.subreddits),
    errors: JSON.stringify(cycle.errors),
    upkeep: cycle.upkeep === null ? null : JSON.stringify(cycle.upkeep),
  };
}
