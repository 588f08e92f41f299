import { toIso } from '../../clock.js';
import { blanked } from '../../domain/erasure.js';
import type { IsoTime, Kind } from '../../domain/item.js';
import type { ImportBatch, ImportCounts, ImportProgress, ImportResult } from '../import-store.js';
import { beginWriting, finishWriting, storeNew } from './commit.js';
import { bumpDataVersion, type Db, one, readMeta, run } from './db.js';
import { type ItemOf, tableOf } from './items.js';

/** To be run in an immediate transaction. */
export function importBatch(db: Db, batch: ImportBatch, nowMs: number): ImportResult {
  const keep = batch.keepHistory ? 1 : 0;
  const name = knownName(db, batch.subreddit) ?? batch.subreddit;
  const writing = beginWriting(db, nowMs);

  /** Answers how many of them were unknown. */
  const insertUnknown = <K extends Kind>(kind: K, items: readonly ItemOf[K][]) => {
    let inserted = 0;
    const table = tableOf(kind);
    for (const given of items) {
      const before = one<{ keep_history: number }>(
        db,
        `SELECT keep_history FROM ${table} WHERE id = ?`,
        given.id,
      );
      if (before === undefined) {
        const item: ItemOf[K] = blanked({ ...given, subreddit: name });
        storeNew(writing, kind, item, batch.keepHistory);
        inserted += 1;
      } else if (keep > before.keep_history) {
        // Readers do not see the mark: neither `updated_at` nor the data version moves.
        run(db, `UPDATE ${table} SET keep_history = 1 WHERE id = ?`, given.id);
      }
    }
    return inserted;
  };

  const posts = insertUnknown('post', batch.posts);
  const comments = insertUnknown('comment', batch.comments);
  finishWriting(writing, posts + comments);
  if (posts + comments > 0) {
    const known = `INSERT INTO subreddits (name, state) VALUES (?, 'unknown') ON CONFLICT DO NOTHING`;
    run(db, known, name);
  }
  return {
    posts_new: posts,
    comments_new: comments,
    known: batch.posts.length + batch.comments.length - posts - comments,
    data_version: posts + comments > 0 ? bumpDataVersion(db) : readMeta(db).data_version,
  };
}

function knownName(db: Db, subreddit: string): string | undefined {
  return one<{ name: string }>(db, 'SELECT name FROM subreddits WHERE name = ?', subreddit)?.name;
}

interface ImportRow {
  key: string;
  file: string;
  lines: number;
  shift_ms: number | null;
  counts: string;
  finished: number;
}

export function readImport(db: Db, key: string): ImportProgress | null {
  const sql = 'SELECT key, file, lines, shift_ms, counts, finished FROM imports WHERE key = ?';
  const row = one<ImportRow>(db, sql, key);
  if (row === undefined) return null;
  const counts = JSON.parse(row.counts) as ImportCounts;
  return { ...row, counts, finished: row.finished === 1 };
}

export function writeImport(db: Db, progress: ImportProgress, nowMs: number): void {
  const row: ImportRow & { updated_at: IsoTime } = {
    ...progress,
    counts: JSON.stringify(progress.counts),
    finished: progress.finished ? 1 : 0,
    updated_at: toIso(nowMs),
  };
  run(
    db,
    `INSERT INTO imports (key, file, lines, shift_ms, counts, finished, updated_at)
     VALUES (@key, @file, @lines, @shift_ms, @counts, @finished, @updated_at)
     ON CONFLICT (key) DO UPDATE SET file = excluded.file, lines = excluded.lines,
       shift_ms = excluded.shift_ms, counts = excluded.counts, finished = excluded.finished,
       updated_at = excluded.updated_at`,
    row,
  );
}
