import type { IsoTime } from '../../domain/item.js';
import { hourOf, type Rollup, type ThreadCounts } from '../../domain/rollup.js';
import type { HourCounts, TimeWindow } from '../store.js';
import { toIso } from '../../clock.js';
import { SCORE_UNIT } from '../../domain/item.js';
import { HOUR_MS, partsOf, toTimes } from '../../domain/window.js';
import { all, type Db, one, run } from './db.js';

/** How many comments of a post are stored. */
export const STORED_IN_THREAD = '(SELECT count(*) FROM comments WHERE post_id = posts.id)';

const COUNTED_COLUMNS = `posts, comments, positive, negative, neutral, score_sum,
  thread_comments, thread_comments_stored, last_item_at`;

/** Answered from the covering indexes alone (test/unit/sqlite-plans.test.ts). */
export const COUNT_ITEMS = countItemsSql('');
export const COUNT_ITEMS_OF_SUBREDDIT = countItemsSql('subreddit = @subreddit AND');

function countItemsSql(condition: string): string {
  const from = (table: string, post: 0 | 1) =>
    `SELECT ${post} AS post, label, score, created_utc FROM ${table}
     WHERE excluded IS NULL AND ${condition} created_utc >= @from AND created_utc < @to`;
  return `SELECT substr(created_utc, 1, 13) || ':00:00.000Z' AS hour,
      sum(post) AS posts, count(*) - sum(post) AS comments,
      sum(label = 'positive') AS positive, sum(label = 'negative') AS negative,
      sum(label = 'neutral') AS neutral,
      sum(CAST(round(score * ${SCORE_UNIT}) AS INTEGER)) AS score_sum,
      0 AS thread_comments, 0 AS thread_comments_stored, max(created_utc) AS last_item_at
    FROM (${from('posts', 1)} UNION ALL ${from('comments', 0)}) GROUP BY hour`;
}

const ROLLUPS = `SELECT hour, sum(posts) AS posts, sum(comments) AS comments,
    sum(positive) AS positive, sum(negative) AS negative, sum(neutral) AS neutral,
    sum(score_sum) AS score_sum, sum(thread_comments) AS thread_comments,
    sum(thread_comments_stored) AS thread_comments_stored, max(last_item_at) AS last_item_at
  FROM rollups_hourly WHERE hour >= @from AND hour < @to GROUP BY hour`;
const ROLLUPS_OF_SUBREDDIT = `SELECT hour, ${COUNTED_COLUMNS}
  FROM rollups_hourly WHERE subreddit = @subreddit AND hour >= @from AND hour < @to ORDER BY hour`;

/** Counted items created in the window, by hour: from the items themselves. */
function countItems(db: Db, window: TimeWindow, subreddit: string | undefined): HourCounts[] {
  return subreddit === undefined
    ? all<HourCounts>(db, COUNT_ITEMS, window)
    : all<HourCounts>(db, COUNT_ITEMS_OF_SUBREDDIT, { ...window, subreddit });
}

/** Whole hours only. */
function sumRollups(db: Db, window: TimeWindow, subreddit: string | undefined): HourCounts[] {
  return subreddit === undefined
    ? all<HourCounts>(db, ROLLUPS, window)
    : all<HourCounts>(db, ROLLUPS_OF_SUBREDDIT, { ...window, subreddit });
}

/** Whole hours from the rollups, the partial ones at the edges from the items. */
export function countWindow(db: Db, window: TimeWindow, subreddit?: string): HourCounts[] {
  const parts = partsOf({ fromMs: Date.parse(window.from), toMs: Date.parse(window.to) });
  return parts.flatMap((part) => {
    const count = part.whole ? sumRollups : countItems;
    return count(db, toTimes(part), subreddit);
  });
}

/** The end of the hour that an instant falls into. */
export function nextHour(time: IsoTime): IsoTime {
  return toIso(Date.parse(hourOf(time)) + HOUR_MS);
}

/** Recomputes one hour from its items: never increments, so that repeating it is harmless. */
export function rebuildRollup(db: Db, subreddit: string, hour: IsoTime): void {
  const [counts] = countItems(db, { from: hour, to: nextHour(hour) }, subreddit);
  if (counts === undefined) {
    run(db, 'DELETE FROM rollups_hourly WHERE hour = ? AND subreddit = ?', hour, subreddit);
  } else {
    writeRollup(db, { ...counts, ...countThreads(db, subreddit, hour), subreddit } as Rollup);
  }
}

/** Counted posts of an hour and how much of their threads is stored, from the index of threads. */
export const THREADS_OF_HOUR = `SELECT
    sum(max(comment_count - unreachable, 0)) AS thread_comments,
    sum(min(max(comment_count - unreachable, 0), ${STORED_IN_THREAD})) AS thread_comments_stored
  FROM posts WHERE excluded IS NULL
  AND subreddit = ? AND created_utc >= ? AND created_utc < ?`;

function countThreads(db: Db, subreddit: string, hour: IsoTime): ThreadCounts {
  const counts = one<Partial<ThreadCounts>>(
    db,
    THREADS_OF_HOUR,
    ...[subreddit, hour, nextHour(hour)],
  );
  return {
    thread_comments: counts?.thread_comments ?? 0,
    thread_comments_stored: counts?.thread_comments_stored ?? 0,
  };
}

export function writeRollup(db: Db, rollup: Rollup): void {
  run(
    db,
    `INSERT INTO rollups_hourly (hour, subreddit, ${COUNTED_COLUMNS})
     VALUES (@hour, @subreddit, @posts, @comments, @positive, @negative, @neutral, @score_sum,
       @thread_comments, @thread_comments_stored, @last_item_at)
     ON CONFLICT (hour, subreddit) DO UPDATE SET posts = excluded.posts,
       comments = excluded.comments, positive = excluded.positive, negative = excluded.negative,
       neutral = excluded.neutral, score_sum = excluded.score_sum,
       thread_comments = excluded.thread_comments,
       thread_comments_stored = excluded.thread_comments_stored,
       last_item_at = excluded.last_item_at`,
    rollup,
  );
}
