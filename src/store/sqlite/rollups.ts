import type { RollupChange } from '../../domain/rollup.js';
import type { Revision, RollupsAnswer, RollupsQuery, TimeWindow } from '../store.js';
import { countWindow } from './counts.js';
import { all, type Db, openingOf, readMeta } from './db.js';

const COUNTS = 'posts, comments, positive, negative, neutral, score_sum, last_item_at';
const OF_HOURS = `SELECT hour, subreddit, ${COUNTS} FROM rollups_hourly
  WHERE hour >= @from AND hour < @to`;

/** Those that are gone come from the notes alone. */
export const MOVED_SINCE = `SELECT c.hour, c.subreddit,
    coalesce(posts, 0) AS posts, coalesce(comments, 0) AS comments,
    coalesce(positive, 0) AS positive, coalesce(negative, 0) AS negative,
    coalesce(neutral, 0) AS neutral, coalesce(score_sum, 0) AS score_sum, last_item_at
  FROM rollup_changes c LEFT JOIN rollups_hourly r ON r.hour = c.hour AND r.subreddit = c.subreddit
  WHERE c.data_version > ?`;

/** To be run on one snapshot. */
export function readRollups(db: Db, query: RollupsQuery): RollupsAnswer {
  const revision = { opening: openingOf(db), data_version: readMeta(db).data_version };
  return {
    ...revision,
    rollups: [...ofHours(db, query.hours), ...movedSince(db, query.since, revision)],
    edges: query.edges.map((edge) => countWindow(db, edge, query.subreddit)),
  };
}

function ofHours(db: Db, hours: TimeWindow | undefined): RollupChange[] {
  return hours === undefined ? [] : all<RollupChange>(db, OF_HOURS, hours);
}

function movedSince(db: Db, since: Revision | null, now: Revision): RollupChange[] {
  if (since === null || since.opening !== now.opening) return [];
  if (since.data_version === now.data_version) return [];
  return all<RollupChange>(db, MOVED_SINCE, since.data_version);
}
