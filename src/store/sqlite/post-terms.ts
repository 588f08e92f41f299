import type { IsoTime } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';
import { columnsOf, type PostColumns, type TitledPost } from '../../trending/columns.js';
import type { TimeWindow } from '../store.js';
import { nextHour } from './counts.js';
import { all, type Db, one, run, statement } from './db.js';
import { decodeColumns, encodeColumns } from './term-blobs.js';

const TITLED = 'id, title, created_utc, label, upvotes, comment_count';
export const POSTS_OF_HOUR = `SELECT ${TITLED} FROM posts WHERE excluded IS NULL
  AND subreddit = ? AND created_utc >= ? AND created_utc < ? ORDER BY created_utc, id`;

/** Recomputes the terms of one hour from its posts, as `rebuildRollup` does its counts. */
export function rebuildTerms(db: Db, subreddit: string, hour: IsoTime): void {
  const posts = postsOfHour(db, subreddit, hour);
  if (posts.length === 0) {
    run(db, 'DELETE FROM post_terms WHERE hour = ? AND subreddit = ?', hour, subreddit);
  } else {
    run(
      db,
      `INSERT INTO post_terms (hour, subreddit, terms) VALUES (?, ?, ?)
       ON CONFLICT (hour, subreddit) DO UPDATE SET terms = excluded.terms`,
      ...[hour, subreddit, encodeColumns(columnsOf(posts))],
    );
  }
}

/** For a database whose posts are older than the table of terms. */
export function fillTerms(db: Db): void {
  const places = all<Place>(
    db,
    `SELECT DISTINCT substr(created_utc, 1, 13) || ':00:00.000Z' AS hour, subreddit FROM posts
     WHERE excluded IS NULL`,
  );
  for (const { hour, subreddit } of places) rebuildTerms(db, subreddit, hour);
}

interface Place {
  hour: IsoTime;
  subreddit: string;
}

function postsOfHour(db: Db, subreddit: string, hour: IsoTime): TitledPost[] {
  return all<TitledPost>(db, POSTS_OF_HOUR, subreddit, hour, nextHour(hour));
}

const TERMS = 'SELECT hour, subreddit, terms FROM post_terms WHERE hour >= ? AND hour < ?';
type TermsRow = [hour: IsoTime, subreddit: string, terms: Buffer | null];

/**
 * The posts of every hour that the window touches, place by place. What is no blob of this code's
 * version is taken from the posts, which is as right and slower.
 */
export function* readTerms(
  db: Db,
  window: TimeWindow,
  subreddit: string | undefined,
): Iterable<PostColumns> {
  if (window.from >= window.to) return;
  const range = [hourOf(window.from), window.to];
  const [sql, values] =
    subreddit === undefined
      ? [TERMS, range]
      : [`${TERMS} AND subreddit = ?`, [...range, subreddit]];
  const rows = statement(db, sql)
    .raw()
    .all(...values) as TermsRow[];
  for (const [hour, name, terms] of rows) {
    const stored = terms === null ? null : decodeColumns(terms);
    yield stored ?? columnsOf(postsOfHour(db, name, hour));
  }
}

export function titleOf(db: Db, id: string): string | undefined {
  return one<{ title: string }>(db, 'SELECT title FROM posts WHERE id = ?', id)?.title;
}
