import { withoutText } from '../../domain/erasure.js';
import type { IsoTime, Kind, NewComment, NewPost } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';
import type { ExpiredItems, HourPlace, HourQuery, StoredHour } from '../keep-store.js';
import { nextStamp } from './commit.js';
import { nextHour } from './counts.js';
import { all, bumpDataVersion, type Db, one, run } from './db.js';
import { MovedHours } from './moved-hours.js';

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
  const moved = new MovedHours();
  for (const { subreddit, created_utc } of threadsOf(db, place)) {
    moved.add('comment', { subreddit, created_utc });
  }
  const posts = removeItems(db, 'post', place);
  const comments = removeItems(db, 'comment', place);
  if (posts + comments === 0) return { posts, comments };
  moved.add('post', { subreddit: place.subreddit, created_utc: place.hour });
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

/** The posts, exempt ones, that stay when the place's comments go. */
function threadsOf(db: Db, { subreddit, hour }: HourPlace) {
  return PARTS.flatMap((part) =>
    all<{ subreddit: string; created_utc: IsoTime }>(
      db,
      `SELECT DISTINCT subreddit, created_utc FROM posts WHERE id IN (
         SELECT post_id FROM comments WHERE ${ofPlace(part, 'items')})`,
      ...[subreddit, hour, nextHour(hour)],
    ),
  );
}

type Row<K extends Kind> = (K extends 'post' ? NewPost : NewComment) & { id: string };

/** Counts, scores and votes stay: only `MovedHours`' terms follow the titles. */
export function expireTexts(
  db: Db,
  { job, ...place }: HourPlace & { job: string },
  nowMs: number,
): ExpiredItems {
  const at = nextStamp(db, nowMs);
  const posts = eraseTexts(db, 'post', place, at);
  const comments = eraseTexts(db, 'comment', place, at);
  if (posts + comments === 0) return { posts, comments };
  if (posts > 0) {
    const moved = new MovedHours();
    moved.add('post', { subreddit: place.subreddit, created_utc: place.hour });
    moved.rebuild(db);
  }
  for (const [kind, items] of Object.entries({ post: posts, comment: comments })) {
    if (items === 0) continue;
    run(
      db,
      `INSERT INTO blankings (at, cycle_id, reason, kind, items) VALUES (?, ?, 'expired', ?, ?)
       ON CONFLICT (cycle_id, reason, kind) DO UPDATE SET
         at = max(at, excluded.at), items = items + excluded.items`,
      ...[at, job, kind, items],
    );
  }
  bumpDataVersion(db);
  return { posts, comments };
}

const TEXTS = {
  post: ['author', 'title', 'content', 'url', 'permalink'],
  comment: ['author', 'content', 'permalink'],
} as const;

function eraseTexts<K extends Kind>(
  db: Db,
  kind: K,
  { subreddit, hour }: HourPlace,
  at: IsoTime,
): number {
  const sets = TEXTS[kind].map((name) => `${name} = @${name}`).join(', ');
  const update = `UPDATE ${kind}s SET ${sets}, updated_at = @at WHERE id = @id`;
  const rows = PARTS.flatMap((part) =>
    all<Row<K>>(
      db,
      `SELECT * FROM ${kind}s WHERE ${ofPlace(part, 'texts')}`,
      ...[subreddit, hour, nextHour(hour)],
    ),
  );
  for (const row of rows) {
    const erased = withoutText<NewPost | NewComment>(row) as unknown as Record<string, unknown>;
    const texts = Object.fromEntries(TEXTS[kind].map((name) => [name, erased[name]]));
    run(db, update, { ...texts, id: row.id, at });
  }
  return rows.length;
}
