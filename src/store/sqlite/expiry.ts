import { withoutText } from '../../domain/erasure.js';
import type { IsoTime, Kind } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';
import type { ExpiredItems, HourPlace, HourQuery, StoredHour } from '../keep-store.js';
import { beginWriting, type Writing } from './commit.js';
import { nextHour } from './counts.js';
import { all, bumpDataVersion, type Db, one, run } from './db.js';
import { updateItem } from './items.js';
import { MovedHours } from './moved-hours.js';
import { type CommentRow, type PostRow, toItem } from './rows.js';

const KINDS = ['post', 'comment'] as const;
/** By created_utc there are two partial indexes, which together hold every item. */
const PARTS = ['excluded IS NULL', 'excluded IS NOT NULL'] as const;
const SOURCES = KINDS.flatMap((kind) => PARTS.map((part) => ({ table: `${kind}s`, part })));

/** An item that is gone has no text; one whose text has expired has no author (erasure.ts). */
const LOSING = {
  items: 'keep_history = 0',
  texts: `keep_history = 0 AND author <> ''
    AND (excluded IS NULL OR excluded NOT IN ('deleted', 'removed'))`,
};

/** One of the four questions that find the first item in a stretch of time; from an index alone. */
export const firstCreated = ({ table, part }: (typeof SOURCES)[number]) =>
  `SELECT created_utc AS at FROM ${table}
   WHERE ${part} AND created_utc >= ? AND created_utc < ? ORDER BY created_utc LIMIT 1`;

/** To be run on one snapshot. */
export function findHour(db: Db, { from, before, losing }: HourQuery): StoredHour | null {
  const firsts = SOURCES.flatMap(
    (source) => one<{ at: IsoTime }>(db, firstCreated(source), from, before)?.at ?? [],
  );
  const [first] = firsts.sort();
  if (first === undefined) return null;
  const hour = hourOf(first);
  const names = SOURCES.flatMap(({ table, part }) =>
    all<{ subreddit: string }>(
      db,
      `SELECT DISTINCT subreddit FROM ${table}
       WHERE ${part} AND created_utc >= ? AND created_utc < ? AND ${LOSING[losing]}`,
      ...[hour, nextHour(hour)],
    ),
  );
  const bySubreddit = new Map(names.map(({ subreddit }) => [subreddit.toLowerCase(), subreddit]));
  return { hour, subreddits: [...bySubreddit.values()].sort() };
}

const ofPlace = (part: string, losing: keyof typeof LOSING) =>
  `${part} AND subreddit = ? AND created_utc >= ? AND created_utc < ? AND ${LOSING[losing]}`;

/**
 * To be run in an immediate transaction. A comment that goes no longer counts as stored in its
 * thread, so the hour of its post is written again where that one is exempt and stays.
 */
export function expireItems(db: Db, place: HourPlace): ExpiredItems {
  const threads = threadsOf(db, place);
  const posts = removeItems(db, 'post', place);
  const comments = removeItems(db, 'comment', place);
  if (posts + comments === 0) return { posts, comments };
  const moved = new MovedHours();
  moved.add('post', { subreddit: place.subreddit, created_utc: place.hour });
  for (const postId of threads) moved.addThread(db, postId);
  moved.rebuild(db);
  bumpDataVersion(db);
  return { posts, comments };
}

function removeItems(db: Db, kind: Kind, { subreddit, hour }: HourPlace): number {
  const values = [subreddit, hour, nextHour(hour)];
  let removed = 0;
  for (const part of PARTS) {
    const doomed = `${kind}s WHERE ${ofPlace(part, 'items')}`;
    run(
      db,
      `DELETE FROM omissions WHERE kind = '${kind}' AND id IN (SELECT id FROM ${doomed})`,
      ...values,
    );
    removed += run(db, `DELETE FROM ${doomed}`, ...values);
  }
  return removed;
}

/** Ids of the posts that the comments are of which go. */
function threadsOf(db: Db, { subreddit, hour }: HourPlace): string[] {
  return PARTS.flatMap((part) =>
    all<{ post_id: string }>(
      db,
      `SELECT DISTINCT post_id FROM comments WHERE ${ofPlace(part, 'items')}`,
      ...[subreddit, hour, nextHour(hour)],
    ).map(({ post_id }) => post_id),
  );
}

/** Counts, scores and votes stay: only `MovedHours`' terms follow the titles. */
export function expireTexts(
  db: Db,
  { job, ...place }: HourPlace & { job: string },
  nowMs: number,
): ExpiredItems {
  const writing = beginWriting(db, nowMs);
  const posts = eraseTexts(writing, 'post', place);
  const comments = eraseTexts(writing, 'comment', place);
  if (posts + comments === 0) return { posts, comments };
  const { stamp, moved, blankings } = writing;
  if (posts > 0) moved.add('post', { subreddit: place.subreddit, created_utc: place.hour });
  moved.rebuild(db);
  blankings.write(db, stamp, job);
  bumpDataVersion(db);
  return { posts, comments };
}

function eraseTexts(
  { db, stamp, blankings }: Writing,
  kind: Kind,
  { subreddit, hour }: HourPlace,
): number {
  const rows = PARTS.flatMap((part) =>
    all<PostRow | CommentRow>(
      db,
      `SELECT * FROM ${kind}s WHERE ${ofPlace(part, 'texts')}`,
      ...[subreddit, hour, nextHour(hour)],
    ),
  );
  for (const row of rows) {
    updateItem(db, kind, withoutText(toItem(row)), stamp);
    blankings.add(kind, 'expired');
  }
  return rows.length;
}
