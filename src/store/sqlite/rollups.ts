import type { RollupChange } from '../../domain/rollup.js';
import type { RollupsAnswer, RollupsQuery } from '../store.js';
import { countWindow } from './counts.js';
import { forgottenUpTo } from './expired-records.js';
import { type Db, one, openingOf, readMeta } from './db.js';

/**
 * Rollups as SQLite makes them: one text for all. Reading tens of thousands of rows one by one, and
 * copying them from thread to thread, takes several times as long as making and parsing this.
 */
export interface PackedRollups extends Omit<RollupsAnswer, 'rollups'> {
  /** JSON arrays of arrays. */
  packed: string[];
}

type PackedRollup = [
  ...[hour: string, subreddit: string, posts: number, comments: number],
  ...[positive: number, negative: number, neutral: number, score_sum: number],
  ...[thread_comments: number, thread_comments_stored: number],
  last_item_at: string | null,
];

const OF_HOURS = `SELECT json_group_array(json_array(hour, subreddit, posts, comments,
    positive, negative, neutral, score_sum, thread_comments, thread_comments_stored, last_item_at)) AS packed
  FROM rollups_hourly WHERE hour >= @from AND hour < @to`;

/** Those that are gone come from the notes alone. */
const MOVED_SINCE = `SELECT json_group_array(json_array(c.hour, c.subreddit,
    coalesce(posts, 0), coalesce(comments, 0), coalesce(positive, 0), coalesce(negative, 0),
    coalesce(neutral, 0), coalesce(score_sum, 0),
    coalesce(thread_comments, 0), coalesce(thread_comments_stored, 0), last_item_at)) AS packed
  FROM rollup_changes c LEFT JOIN rollups_hourly r ON r.hour = c.hour AND r.subreddit = c.subreddit
  WHERE c.data_version > ?`;

/** To be run on one snapshot. */
export function readRollups(db: Db, query: RollupsQuery): PackedRollups {
  const { hours, since } = query;
  const { data_version } = readMeta(db);
  const opening = openingOf(db, data_version);
  const begun = since?.opening === opening ? since : null;
  if (begun !== null && begun.data_version < forgottenUpTo(db)) {
    // To its asker it is another opening: what moved since cannot be told any more.
    return { opening: `${opening}-forgotten`, data_version, packed: [], edges: [] };
  }
  const packed: string[] = [];
  if (hours !== undefined) packed.push(read(db, OF_HOURS, hours));
  if (begun !== null && begun.data_version !== data_version) {
    packed.push(read(db, MOVED_SINCE, begun.data_version));
  }
  const edges = query.edges.map((edge) => countWindow(db, edge, query.subreddit));
  return { opening, data_version, packed, edges };
}

function read(db: Db, sql: string, value: unknown): string {
  return one<{ packed: string }>(db, sql, value)?.packed ?? '[]';
}

export function unpackRollups({ packed, ...rest }: PackedRollups): RollupsAnswer {
  const rows = packed.flatMap((text) => JSON.parse(text) as PackedRollup[]);
  return { ...rest, rollups: rows.map(unpack) };
}

function unpack(row: PackedRollup): RollupChange {
  const [hour, subreddit, posts, comments, positive, negative, neutral, score_sum, ...more] = row;
  const [thread_comments, thread_comments_stored, last_item_at] = more;
  const labels = { positive, negative, neutral, score_sum };
  const threads = { thread_comments, thread_comments_stored };
  return { hour, subreddit, posts, comments, ...labels, ...threads, last_item_at };
}
