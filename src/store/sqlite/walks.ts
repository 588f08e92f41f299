import type { Kind } from '../../domain/item.js';
import { isSameName } from '../check-batch.js';
import type { ItemsCreatedQuery, StoredItem, SweepPlace, SweepQuery } from '../upkeep-store.js';
import { all, type Db, one } from './db.js';
import { tableOf } from './items.js';

const KINDS = ['post', 'comment'] as const;

const created = (kind: Kind, excluded: string, column = 'subreddit') => `FROM ${tableOf(kind)}
  WHERE ${excluded} AND ${column} IN (SELECT value FROM json_each(@subreddits))
  AND created_utc >= @from AND created_utc < @to`;
const COUNTED = 'excluded IS NULL';
/**
 * Excluded, but not gone. The first condition lets SQLite take the index of excluded items; the plus
 * keeps it from that of everything in the subreddit.
 */
const PRESENT = `excluded IS NOT NULL AND excluded NOT IN ('deleted', 'removed')`;

export const countCreatedSql = (kind: Kind) =>
  `SELECT (SELECT count(*) ${created(kind, COUNTED)})
    + (SELECT count(*) ${created(kind, PRESENT, '+subreddit')}) AS items`;
export const createdSql = (kind: Kind) =>
  `SELECT '${kind}' AS kind, id, subreddit FROM (
    SELECT id, subreddit, created_utc ${created(kind, COUNTED)}
    UNION ALL
    SELECT id, subreddit, created_utc ${created(kind, PRESENT, '+subreddit')}
  ) ORDER BY created_utc DESC, id DESC LIMIT @limit`;

/** To be run on one snapshot. */
export function itemsCreated(
  db: Db,
  { windows, limit, kind: only, ...query }: ItemsCreatedQuery,
): { items: StoredItem[]; left: number } {
  const subreddits = JSON.stringify(query.subreddits);
  const items: StoredItem[] = [];
  let total = 0;
  for (const window of windows) {
    for (const kind of KINDS.filter((one) => only === undefined || one === only)) {
      const values = { ...window, subreddits };
      total += one<{ items: number }>(db, countCreatedSql(kind), values)?.items ?? 0;
      if (items.length >= limit) continue;
      const wanted = { ...values, limit: limit - items.length };
      items.push(...all<StoredItem>(db, createdSql(kind), wanted));
    }
  }
  return { items, left: total - items.length };
}

export const sweepSql = (kind: Kind) => `SELECT '${kind}' AS kind, id, subreddit, collected_at
  FROM ${tableOf(kind)}
  WHERE subreddit = @subreddit AND (collected_at, id) > (@collectedAt, @id)
  AND (excluded IS NULL OR excluded NOT IN ('deleted', 'removed'))
  ORDER BY collected_at, id LIMIT @limit`;

/** Kind by kind and subreddit by subreddit, so that those that are not wanted cost nothing. */
export function sweepPage(
  db: Db,
  { after, subreddits, limit }: SweepQuery,
): { items: StoredItem[]; next: SweepPlace | null } {
  const found: SweepPlace[] = [];
  for (const kind of KINDS) {
    for (const subreddit of [...subreddits].sort(byName)) {
      if (found.length >= limit) break;
      const order = after === null ? 1 : orderOf({ kind, subreddit }, after);
      if (order < 0) continue;
      const { collected_at: collectedAt, id } =
        order === 0 && after !== null ? after : { collected_at: '', id: '' };
      const values = { subreddit, collectedAt, id, limit: limit - found.length };
      found.push(...all<SweepPlace>(db, sweepSql(kind), values));
    }
  }
  const items = found.map(({ kind, id, subreddit }) => ({ kind, id, subreddit }));
  return { items, next: found.length < limit ? null : (found.at(-1) ?? null) };
}

type Part = Pick<SweepPlace, 'kind' | 'subreddit'>;

/** Below 0: the part stands before the other one. */
function orderOf(part: Part, other: Part): number {
  const byKind = KINDS.indexOf(part.kind) - KINDS.indexOf(other.kind);
  return byKind === 0 ? byName(part.subreddit, other.subreddit) : byKind;
}

function byName(a: string, b: string): number {
  if (isSameName(a, b)) return 0;
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}

/** By Invariant R the rollups know how many count; the others have an index of their own. */
export const ITEM_COUNT = `SELECT
    (SELECT coalesce(sum(posts + comments), 0) FROM rollups_hourly)
    + (SELECT count(*) FROM posts WHERE excluded IS NOT NULL)
    + (SELECT count(*) FROM comments WHERE excluded IS NOT NULL) AS items`;

export function itemCount(db: Db): number {
  return one<{ items: number }>(db, ITEM_COUNT)?.items ?? 0;
}
