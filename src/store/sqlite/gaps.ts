import type { GapRecord } from '../../domain/cycle.js';
import type { IsoTime } from '../../domain/item.js';
import type { GapsQuery } from '../store.js';
import type { GapSettling } from '../upkeep-store.js';
import { all, bumpDataVersion, type Db, run } from './db.js';
import { requireLease } from './lease.js';

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

/** To be run in an immediate transaction. */
export function settleGap(
  db: Db,
  { fence, gap, status, missing }: GapSettling,
  now: IsoTime,
): void {
  requireLease(db, fence);
  const changes = run(
    db,
    `UPDATE gaps SET status = @status, missing = @missing, settled_at = @settledAt
     WHERE subreddit = @subreddit AND kind = @kind AND from_utc = @from AND to_utc = @to`,
    { ...gap, status, missing, settledAt: status === 'open' ? null : now },
  );
  if (changes > 0) bumpDataVersion(db);
}
