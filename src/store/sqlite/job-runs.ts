import { toIso } from '../../clock.js';
import type { IsoTime } from '../../domain/item.js';
import { type Db, one, readMeta, run } from './db.js';

export function jobSuccess(db: Db, job: string): IsoTime | null {
  const sql = 'SELECT succeeded_at FROM job_runs WHERE job = ?';
  return one<{ succeeded_at: IsoTime }>(db, sql, job)?.succeeded_at ?? null;
}

/** To be run in an immediate transaction. */
export function noteJobSuccess(db: Db, job: string, nowMs: number): void {
  run(
    db,
    `INSERT INTO job_runs (job, succeeded_at, data_version) VALUES (?, ?, ?)
     ON CONFLICT (job) DO UPDATE SET succeeded_at = excluded.succeeded_at,
       data_version = excluded.data_version`,
    ...[job, toIso(nowMs), readMeta(db).data_version],
  );
}
