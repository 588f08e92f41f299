import { toIso } from '../../clock.js';
import type { IsoTime } from '../../domain/item.js';
import type { JobsHeartbeat } from '../store.js';
import { type Db, one, run } from './db.js';
import { isAlive, readLease } from './lease.js';

/** Nobody took it for this long: the runner was away, and so is the wish by now. */
const REQUEST_LIFE_MS = 300_000;
/** From taking a request to the start of its cycle; a runner that died between is not waited for longer. */
const TAKEN_LIFE_MS = 60_000;

interface RequestRow {
  cycle_id: string;
  requested_at: IsoTime;
  taken_at: IsoTime | null;
}

const READ_REQUEST = 'SELECT cycle_id, requested_at, taken_at FROM requests';

/** To be run in an immediate transaction. */
export function requestCycle(
  db: Db,
  cycleId: string,
  nowMs: number,
): { accepted: boolean; cycle_id: string } {
  const now = toIso(nowMs);
  const lease = readLease(db);
  if (isAlive(lease, now)) return { accepted: false, cycle_id: lease.cycle_id };
  const open = one<RequestRow>(db, READ_REQUEST);
  if (open !== undefined && isFresh(open, nowMs)) {
    return { accepted: false, cycle_id: open.cycle_id };
  }
  run(
    db,
    `INSERT INTO requests (one, cycle_id, requested_at) VALUES (1, ?, ?)
     ON CONFLICT (one) DO UPDATE SET cycle_id = excluded.cycle_id,
       requested_at = excluded.requested_at, taken_at = NULL`,
    cycleId,
    now,
  );
  return { accepted: true, cycle_id: cycleId };
}

/** A clock that was set back must not keep a request open for ever: hence the absolute value. */
function isFresh(request: RequestRow, nowMs: number): boolean {
  const { requested_at, taken_at } = request;
  const ageMs = Math.abs(nowMs - Date.parse(taken_at ?? requested_at));
  return ageMs < (taken_at === null ? REQUEST_LIFE_MS : TAKEN_LIFE_MS);
}

/** A look that needs no lock: the runner asks every two seconds, mostly for nothing. */
export function hasRequest(db: Db): boolean {
  return one(db, `${READ_REQUEST} WHERE taken_at IS NULL`) !== undefined;
}

/** To be run in an immediate transaction. */
export function takeRequest(db: Db, nowMs: number): { cycle_id: string } | null {
  const open = one<RequestRow>(db, `${READ_REQUEST} WHERE taken_at IS NULL`);
  if (open === undefined || !isFresh(open, nowMs)) return null;
  run(db, 'UPDATE requests SET taken_at = ?', toIso(nowMs));
  return { cycle_id: open.cycle_id };
}

export function writeHeartbeat(db: Db, beat: JobsHeartbeat): void {
  run(
    db,
    `INSERT INTO heartbeat (one, at, holder, pid, memory_mb, runs_skipped)
     VALUES (1, @at, @holder, @pid, @memory_mb, @runs_skipped)
     ON CONFLICT (one) DO UPDATE SET at = excluded.at, holder = excluded.holder,
       pid = excluded.pid, memory_mb = excluded.memory_mb, runs_skipped = excluded.runs_skipped`,
    beat,
  );
}

export function readHeartbeat(db: Db): JobsHeartbeat | null {
  const sql = 'SELECT at, holder, pid, memory_mb, runs_skipped FROM heartbeat';
  return one<JobsHeartbeat>(db, sql) ?? null;
}
