import { toIso } from '../../clock.js';
import type { SubredditState } from '../../domain/cycle.js';
import type { IsoTime, Kind } from '../../domain/item.js';
import {
  addCounts,
  type Counts,
  coverageOf,
  hourOf,
  NO_COUNTS,
  totalOf,
} from '../../domain/rollup.js';
import type { ItemBatch, SubredditDetail, TimeWindow, Watermark, Watermarks } from '../store.js';
import { countWindow } from './counts.js';
import { all, type Db, one, run } from './db.js';

const DAY_MS = 86_400_000;

interface SubredditRow {
  name: string;
  state: SubredditState;
  last_success_at: IsoTime | null;
  post_watermark_id: string | null;
  post_watermark_utc: IsoTime | null;
  comment_watermark_id: string | null;
  comment_watermark_utc: IsoTime | null;
}

interface NewestRow {
  kind: Kind;
  id: string;
  created_utc: IsoTime;
}

/** What the last commit of a subreddit's collection says about it. */
export function completeSubreddit(
  db: Db,
  name: string,
  complete: NonNullable<ItemBatch['complete']>,
  now: IsoTime,
): void {
  const { watermarks, state, gaps } = complete;
  run(
    db,
    `INSERT INTO subreddits VALUES (@name, @state, @last_success_at, @post_watermark_id,
       @post_watermark_utc, @comment_watermark_id, @comment_watermark_utc)
     ON CONFLICT (name) DO UPDATE SET name = excluded.name, state = excluded.state,
       last_success_at = coalesce(excluded.last_success_at, last_success_at),
       post_watermark_id = excluded.post_watermark_id,
       post_watermark_utc = excluded.post_watermark_utc,
       comment_watermark_id = excluded.comment_watermark_id,
       comment_watermark_utc = excluded.comment_watermark_utc`,
    {
      name,
      state,
      last_success_at: state === 'active' ? now : null,
      post_watermark_id: watermarks.post?.id ?? null,
      post_watermark_utc: watermarks.post?.created_utc ?? null,
      comment_watermark_id: watermarks.comment?.id ?? null,
      comment_watermark_utc: watermarks.comment?.created_utc ?? null,
    } satisfies SubredditRow,
  );
  run(db, 'DELETE FROM newest_read WHERE subreddit = ?', name);
  for (const kind of ['post', 'comment'] as const) {
    const mark = watermarks.newest?.[kind];
    if (mark === undefined) continue;
    run(db, 'INSERT INTO newest_read VALUES (?, ?, ?, ?)', name, kind, mark.id, mark.created_utc);
  }
  for (const gap of gaps) {
    run(
      db,
      `INSERT INTO gaps (subreddit, kind, from_utc, to_utc, status, found_at, missing)
       VALUES (@name, @kind, @from, @to, 'open', @now, @missing) ON CONFLICT DO NOTHING`,
      { ...gap, name, now },
    );
  }
}

export function readWatermarks(db: Db, name: string): Watermarks {
  const row = one<SubredditRow>(db, 'SELECT * FROM subreddits WHERE name = ?', name);
  const held = all<NewestRow>(db, 'SELECT * FROM newest_read WHERE subreddit = ?', name);
  const newest: Partial<Record<Kind, Watermark>> = {};
  for (const { kind, id, created_utc } of held) newest[kind] = { id, created_utc };
  return {
    post: watermark(row?.post_watermark_id, row?.post_watermark_utc),
    comment: watermark(row?.comment_watermark_id, row?.comment_watermark_utc),
    ...(held.length > 0 && { newest }),
  };
}

function watermark(id: string | null | undefined, utc: IsoTime | null | undefined) {
  return id && utc ? ({ id, created_utc: utc } satisfies Watermark) : null;
}

/** Leaps from name to name along the index instead of reading every rollup. */
const NAMES_IN_ROLLUPS = `WITH RECURSIVE names (name) AS (
    SELECT min(subreddit) FROM rollups_hourly
    UNION ALL
    SELECT (SELECT min(subreddit) FROM rollups_hourly WHERE subreddit > names.name COLLATE NOCASE)
    FROM names WHERE name IS NOT NULL
  ) SELECT name FROM names WHERE name IS NOT NULL`;

export function subredditDetails(db: Db, now: IsoTime): SubredditDetail[] {
  const rows = new Map(
    all<SubredditRow>(db, 'SELECT * FROM subreddits').map((row) => [row.name.toLowerCase(), row]),
  );
  const gaps = new Map(
    all<{ name: string; n: number }>(
      db,
      'SELECT lower(subreddit) AS name, count(*) AS n FROM gaps GROUP BY subreddit',
    ).map(({ name, n }) => [name, n]),
  );
  const names = new Map(all<{ name: string }>(db, NAMES_IN_ROLLUPS).map((r) => [key(r), r.name]));
  for (const row of rows.values()) names.set(key(row), row.name);
  const lastDay = { from: toIso(Date.parse(now) - DAY_MS), to: now };
  // Threads are counted by the whole hour of their posts.
  const wholeHours = { from: hourOf(lastDay.from), to: hourOf(now) };
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([lower, name]) => {
      const row = rows.get(lower);
      return {
        name,
        state: row?.state ?? 'unknown',
        last_success_at: row?.last_success_at ?? null,
        watermark_at: newest(row?.post_watermark_utc, row?.comment_watermark_utc),
        items_24h: totalOf(sumOf(db, lastDay, name)),
        coverage_24h: coverageOf(sumOf(db, wholeHours, name)),
        gaps: gaps.get(lower) ?? 0,
      };
    });
}

function sumOf(db: Db, window: TimeWindow, subreddit: string): Counts {
  return countWindow(db, window, subreddit).reduce(addCounts, NO_COUNTS);
}

const key = (row: { name: string }) => row.name.toLowerCase();

function newest(a: IsoTime | null | undefined, b: IsoTime | null | undefined): IsoTime | null {
  if (!a || !b) return a || b || null;
  return a > b ? a : b;
}
