import type { GapRecord } from '../../domain/cycle.js';
import type { GapsQuery } from '../store.js';
import { all, type Db } from './db.js';

export function readGaps(db: Db, query: GapsQuery): GapRecord[] {
  const { limit, status, after } = query;
  return all<GapRecord>(db, gapsSql(query), {
    limit,
    status,
    foundAt: after?.found_at,
    subreddit: after?.subreddit,
    kind: after?.kind,
    from: after?.from,
    to: after?.to,
  });
}

export function gapsSql({ status, after }: Pick<GapsQuery, 'status' | 'after'>): string {
  const key = 'found_at, subreddit, kind, from_utc, to_utc';
  const conditions = [
    ...(status === undefined ? [] : ['status = @status']),
    ...(after === undefined ? [] : [`(${key}) < (@foundAt, @subreddit, @kind, @from, @to)`]),
  ];
  return `SELECT subreddit, kind, from_utc AS "from", to_utc AS "to", status, found_at,
      missing, settled_at
    FROM gaps ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
    ORDER BY ${key.replaceAll(',', ' DESC,')} DESC LIMIT @limit`;
}
