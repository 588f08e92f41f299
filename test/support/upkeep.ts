import Database from 'better-sqlite3';
import type { PostSource } from '../../src/reddit/source.js';
import type { CycleBench } from './cycle-bench.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** Two small communities with some hours behind them. */
export const two = { simulation: { subreddits: ['aws', 'claude'], historyHours: 3 } };

/** Puts itself between a cycle and its source. */
export type Wrap = (source: PostSource) => PostSource;

function withDatabase<T>(bench: CycleBench, use: (db: Database.Database) => T): T {
  const db = new Database(bench.databasePath, { readonly: true });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

export function commentRow(bench: CycleBench, id: string): Record<string, unknown> {
  const sql = 'SELECT * FROM comments WHERE id = ?';
  return withDatabase(bench, (db) => db.prepare(sql).get(id) as Record<string, unknown>);
}

/** A living comment of `aws`, of this age or a little more: one that a refresh is about to ask for. */
export function youngComment(bench: CycleBench, ageMs: number, skip = 0): string {
  const before = new Date(bench.clock.now() - ageMs).toISOString();
  const sql = `SELECT id FROM comments WHERE subreddit = 'aws' AND excluded IS NULL
    AND created_utc < ? ORDER BY created_utc DESC LIMIT 1 OFFSET ?`;
  return withDatabase(bench, (db) => (db.prepare(sql).get(before, skip) as { id: string }).id);
}
