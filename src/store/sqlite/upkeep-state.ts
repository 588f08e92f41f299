import type { IsoTime, ItemName } from '../../domain/item.js';
import type { Fence } from '../store.js';
import type { Omission, StoredItem, UpkeepState } from '../upkeep-store.js';
import { all, type Db, one, run } from './db.js';
import { requireLease } from './lease.js';

interface StateRow {
  refreshed_at: IsoTime | null;
  sweep: string | null;
}

export function readUpkeepState(db: Db): UpkeepState {
  const row = one<StateRow>(db, 'SELECT refreshed_at, sweep FROM upkeep');
  const sweep = row?.sweep ?? null;
  return {
    refreshed_at: row?.refreshed_at ?? null,
    sweep: sweep === null ? null : (JSON.parse(sweep) as UpkeepState['sweep']),
  };
}

/** To be run in an immediate transaction, as the next one. */
export function writeUpkeepState(db: Db, state: UpkeepState, fence: Fence): void {
  requireLease(db, fence);
  writeUpkeepRow(db, state);
}

/** Without a lease: for who puts what another store holds. */
export function writeUpkeepRow(db: Db, state: UpkeepState): void {
  const { refreshed_at } = state;
  const sweep = state.sweep === null ? null : JSON.stringify(state.sweep);
  run(
    db,
    `INSERT INTO upkeep (one, refreshed_at, sweep) VALUES (1, @refreshed_at, @sweep)
     ON CONFLICT (one) DO UPDATE SET refreshed_at = excluded.refreshed_at, sweep = excluded.sweep`,
    { refreshed_at, sweep } satisfies StateRow,
  );
}

export function noteAnswers(
  db: Db,
  answers: { fence: Fence; omitted: readonly StoredItem[]; given: readonly ItemName[] },
  now: IsoTime,
): void {
  requireLease(db, answers.fence);
  for (const { kind, id, subreddit } of answers.omitted) {
    run(
      db,
      `INSERT INTO omissions (kind, id, subreddit, times, first_at)
       VALUES (@kind, @id, @subreddit, 1, @now)
       ON CONFLICT (kind, id) DO UPDATE SET times = times + 1`,
      { kind, id, subreddit, now },
    );
  }
  for (const { kind, id } of answers.given) {
    run(db, 'DELETE FROM omissions WHERE kind = ? AND id = ?', kind, id);
  }
}

/** There are few: what Reddit leaves out is given again soon, or blanked. */
export function readOmissions(db: Db, limit: number): Omission[] {
  const sql = `SELECT kind, id, subreddit, times, first_at FROM omissions
    ORDER BY first_at, kind DESC, id LIMIT ?`;
  return all<Omission>(db, sql, limit);
}
