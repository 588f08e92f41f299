import type { IsoTime } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';
import {
  columnsOf,
  fromBytes,
  type PostColumns,
  type TitledPost,
  toBytes,
} from '../../trending/columns.js';
import type { TimeWindow } from '../store.js';
import { nextHour } from './counts.js';
import { all, type Db, one, run, statement } from './db.js';
import type { Place } from './place.js';

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
      ...[hour, subreddit, toBytes(columnsOf(posts))],
    );
  }
}

/** A start waits some seconds for so many posts, or hours. */
const MAX_FILLED = 200_000;
const MAX_REBUILT = 50_000;

/**
 * For a database whose posts are older than the table of terms, the newest first; what is left of
 * a very large one is read from the posts, until a commit or `verify-store` writes it.
 */
export function fillTerms(db: Db): void {
  const places = all<Place & { posts: number }>(
    db,
    `SELECT substr(created_utc, 1, 13) || ':00:00.000Z' AS hour, subreddit, count(*) AS posts
     FROM posts WHERE excluded IS NULL GROUP BY hour, subreddit ORDER BY hour DESC, subreddit`,
  );
  const stale = 'INSERT INTO post_terms (hour, subreddit, terms) VALUES (?, ?, NULL)';
  let filled = 0;
  for (const { hour, subreddit, posts } of places) {
    filled += posts;
    if (filled <= MAX_FILLED) rebuildTerms(db, subreddit, hour);
    else run(db, stale, hour, subreddit);
  }
}

/** After a change of posts without their terms; those that remain stale are read from the posts. */
export function rebuildStaleTerms(db: Db): void {
  const sql =
    'SELECT hour, subreddit FROM post_terms WHERE terms IS NULL ORDER BY hour DESC LIMIT ?';
  for (const { hour, subreddit } of all<Place>(db, sql, MAX_REBUILT)) {
    rebuildTerms(db, subreddit, hour);
  }
}

function postsOfHour(db: Db, subreddit: string, hour: IsoTime): TitledPost[] {
  return all<TitledPost>(db, POSTS_OF_HOUR, subreddit, hour, nextHour(hour));
}

const inRange = 'FROM post_terms WHERE hour >= @from AND hour < @to';
const ofSubreddit = 'AND subreddit = @subreddit';

/**
 * The posts of every hour that the window touches. What is no blob of this code's version is taken
 * from the posts, which is as right and slower.
 */
export function* readTerms(
  db: Db,
  window: TimeWindow,
  subreddit: string | undefined,
): Iterable<PostColumns> {
  if (window.from >= window.to) return;
  const where = subreddit === undefined ? inRange : `${inRange} ${ofSubreddit}`;
  const values = { from: hourOf(window.from), to: window.to, subreddit };
  const order = 'ORDER BY hour, subreddit';
  // By themselves they are read twice as fast as with their places, which are hardly ever needed.
  const blobs = statement(db, `SELECT terms ${where} ${order}`).pluck().all(values);
  let places: Place[] | undefined;
  for (const [at, blob] of (blobs as (Buffer | null)[]).entries()) {
    const stored = blob === null ? null : fromBytes(blob);
    if (stored !== null) {
      yield stored;
      continue;
    }
    places ??= all<Place>(db, `SELECT hour, subreddit ${where} ${order}`, values);
    const place = places[at];
    if (place !== undefined) yield columnsOf(postsOfHour(db, place.subreddit, place.hour));
  }
}

export function titleOf(db: Db, id: string): string | undefined {
  return one<{ title: string }>(db, 'SELECT title FROM posts WHERE id = ?', id)?.title;
}
