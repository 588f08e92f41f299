import type { IsoTime } from '../../domain/item.js';
import type { Blanking, HeldRecords } from '../move-store.js';
import { all, type Db, run } from './db.js';
import { readImport, writeImport } from './imports.js';
import { readRateBudget, writeRateBudget } from './rate-budget.js';
import { readOmissions, readUpkeepState, writeUpkeepRow } from './upkeep-state.js';

/** SQLite's `LIMIT -1` is none. */
const EVERYTHING = -1;

/** To be run on one snapshot. */
export function readRecords(db: Db): HeldRecords {
  const keys = all<{ key: string }>(db, 'SELECT key FROM imports ORDER BY key');
  return {
    upkeep: readUpkeepState(db),
    rate_budget: readRateBudget(db),
    jobs: all(db, 'SELECT job, succeeded_at FROM job_runs ORDER BY job'),
    imports: keys.flatMap(({ key }) => readImport(db, key) ?? []),
    omissions: readOmissions(db, EVERYTHING),
    blankings: all<Blanking>(
      db,
      `SELECT at, cycle_id, reason, kind, items FROM blankings ORDER BY cycle_id, reason, kind`,
    ),
  };
}

/** To be run in an immediate transaction. What is not given stays as it is. */
export function putRecords(db: Db, records: HeldRecords): void {
  writeUpkeepRow(db, records.upkeep);
  if (records.rate_budget !== null) writeRateBudget(db, records.rate_budget);
  for (const { job, succeeded_at } of records.jobs) putJob(db, job, succeeded_at);
  for (const progress of records.imports) writeImport(db, progress, Date.parse(EPOCH));
  for (const omission of records.omissions) {
    run(
      db,
      `INSERT OR REPLACE INTO omissions (kind, id, subreddit, times, first_at)
       VALUES (@kind, @id, @subreddit, @times, @first_at)`,
      omission,
    );
  }
  for (const blanking of records.blankings) {
    run(
      db,
      `INSERT OR REPLACE INTO blankings (at, cycle_id, reason, kind, items)
       VALUES (@at, @cycle_id, @reason, @kind, @items)`,
      blanking,
    );
  }
}

/** When an import was last noted is for people who look at the table; it is not carried over. */
const EPOCH: IsoTime = '1970-01-01T00:00:00.000Z';

function putJob(db: Db, job: string, succeededAt: IsoTime): void {
  run(
    db,
    `INSERT OR REPLACE INTO job_runs (job, succeeded_at, data_version)
     VALUES (?, ?, (SELECT data_version FROM meta))`,
    job,
    succeededAt,
  );
}
