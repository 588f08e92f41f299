import { toIso } from '../../clock.js';
import type { IsoTime } from '../../domain/item.js';
import { HOUR_MS } from '../../domain/window.js';
import { all, bumpDataVersion, type Db, one, run } from './db.js';

const HALF_A_DAY_MS = 12 * HOUR_MS;

/** To be run in an immediate transaction. */
export function expireRecords(db: Db, before: IsoTime, limit: number, nowMs: number): number {
  const seen =
    run(
      db,
      `DELETE FROM cycles WHERE id IN (SELECT id FROM cycles
         WHERE started_at < ? AND status <> 'running' ORDER BY started_at LIMIT ?)`,
      ...[before, limit],
    ) +
    // A gap is of no interest once what it lies between has expired, whenever it was found.
    run(
      db,
      `DELETE FROM gaps WHERE (subreddit, kind, from_utc, to_utc) IN (
         SELECT subreddit, kind, from_utc, to_utc FROM gaps WHERE to_utc < ? LIMIT ?)`,
      ...[before, limit],
    );
  if (seen > 0) bumpDataVersion(db);
  const unseen =
    run(
      db,
      `DELETE FROM blankings WHERE (cycle_id, reason, kind) IN (
         SELECT cycle_id, reason, kind FROM blankings WHERE at < ? ORDER BY at LIMIT ?)`,
      ...[before, limit],
    ) +
    run(
      db,
      `DELETE FROM omissions WHERE (kind, id) IN (
         SELECT kind, id FROM omissions WHERE first_at < ? LIMIT ?)`,
      ...[before, limit],
    );
  return seen + unseen + forgetChanges(db, before, limit, nowMs);
}

/**
 * Notes of hours that are gone, made by the end of yesterday's prune (half a day ago at least).
 * Followers ask several times a second; for one that slept all the time it is on record up to
 * which version notes are missing, so that it begins anew (rollups.ts).
 */
function forgetChanges(db: Db, before: IsoTime, limit: number, nowMs: number): number {
  const known = one<{ data_version: number }>(
    db,
    `SELECT data_version FROM job_runs WHERE job = 'prune' AND succeeded_at <= ?`,
    toIso(nowMs - HALF_A_DAY_MS),
  );
  if (known === undefined) return 0;
  const gone = all<{ hour: IsoTime; subreddit: string; data_version: number }>(
    db,
    `SELECT hour, subreddit, data_version FROM rollup_changes c
     WHERE hour < ? AND data_version <= ? AND NOT EXISTS (
       SELECT 1 FROM rollups_hourly r WHERE r.hour = c.hour AND r.subreddit = c.subreddit)
     LIMIT ?`,
    ...[before, known.data_version, limit],
  );
  for (const { hour, subreddit } of gone) {
    run(db, 'DELETE FROM rollup_changes WHERE hour = ? AND subreddit = ?', hour, subreddit);
  }
  if (gone.length > 0) {
    run(
      db,
      `INSERT INTO forgotten_changes (one, data_version) VALUES (1, ?)
       ON CONFLICT (one) DO UPDATE SET data_version = max(data_version, excluded.data_version)`,
      Math.max(...gone.map(({ data_version }) => data_version)),
    );
  }
  return gone.length;
}

/** The newest version of which notes may be missing. */
export function forgottenUpTo(db: Db): number {
  const sql = 'SELECT data_version FROM forgotten_changes';
  return one<{ data_version: number }>(db, sql)?.data_version ?? 0;
}
