import { toIso } from '../../clock.js';
import { failingSubreddits } from '../../domain/cycle.js';
import type { IsoTime, Post } from '../../domain/item.js';
import type { CommentsPage, CommentsQuery, HealthFacts, RecentPostsQuery } from '../store.js';
import { NEWEST_FIRST, readCycles } from './cycles.js';
import { all, type Db, one, readMeta } from './db.js';
import { isAlive, readLease } from './lease.js';
import { readPause } from './pause.js';
import { type CommentRow, type PostRow, toComment, toPost } from './rows.js';
import { readHeartbeat } from './runner.js';

const DAY_MS = 86_400_000;
/** What ended later than this from now was written under a clock that was ahead: it proves nothing. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** Keyset paging: a page starts after a place in the order, so new items do not shift it. */
export function recentPosts(db: Db, query: RecentPostsQuery): Post[] {
  return all<PostRow>(db, recentPostsSql(query), {
    since: query.since,
    limit: query.limit,
    subreddit: query.subreddit,
    label: query.label,
    afterTime: query.after?.collected_at,
    afterId: query.after?.id,
  }).map(toPost);
}

export function recentPostsSql(query: RecentPostsQuery): string {
  const conditions = [
    'collected_at >= @since',
    ...(query.subreddit === undefined ? [] : ['subreddit = @subreddit']),
    ...(query.label === undefined ? [] : ['label = @label']),
    ...(query.after === undefined ? [] : ['(collected_at, id) < (@afterTime, @afterId)']),
  ];
  return `SELECT * FROM posts WHERE ${conditions.join(' AND ')}
    ORDER BY collected_at DESC, id DESC LIMIT @limit`;
}

export function readPost(db: Db, id: string): Post | null {
  const row = one<PostRow>(db, 'SELECT * FROM posts WHERE id = ?', id);
  return row === undefined ? null : toPost(row);
}

/** One snapshot, so that nothing is unknown that has comments. */
export function readComments(db: Db, query: CommentsQuery): CommentsPage | null {
  const { postId, after } = query;
  const asOf = query.asOf ?? readMeta(db).last_collected_at;
  const rows = all<CommentRow>(db, commentsSql(query), {
    postId,
    asOf,
    limit: query.limit,
    afterTime: after?.created_utc,
    afterId: after?.id,
  });
  if (rows.length === 0 && !isKnownPost(db, postId)) return null;
  return { comments: rows.map(toComment), asOf };
}

export function commentsSql({ after }: CommentsQuery): string {
  const place = after === undefined ? '' : 'AND (created_utc, id) > (@afterTime, @afterId)';
  return `SELECT * FROM comments WHERE post_id = @postId AND collected_at <= @asOf ${place}
    ORDER BY created_utc, id LIMIT @limit`;
}

function isKnownPost(db: Db, id: string): boolean {
  const sql = `SELECT EXISTS (SELECT 1 FROM posts WHERE id = @id)
    OR EXISTS (SELECT 1 FROM comments WHERE post_id = @id) AS known`;
  return one<{ known: number }>(db, sql, { id })?.known === 1;
}

interface CycleTally {
  last_collection_at: IsoTime | null;
  collections_succeeded: number;
  collections_failed: number;
  finished_24h: number;
  failed_24h: number;
}

export function healthFacts(db: Db, now: IsoTime): HealthFacts {
  const tally = one<CycleTally>(
    db,
    `SELECT max(finished_at) FILTER (WHERE status <> 'failed' AND finished_at <= @soon)
         AS last_collection_at,
       count(*) FILTER (WHERE status <> 'failed') AS collections_succeeded,
       count(*) FILTER (WHERE status = 'failed') AS collections_failed,
       count(*) FILTER (WHERE finished_at >= @since) AS finished_24h,
       count(*) FILTER (WHERE finished_at >= @since AND status = 'failed') AS failed_24h
     FROM cycles WHERE status <> 'running'`,
    { since: toIso(Date.parse(now) - DAY_MS), soon: toIso(Date.parse(now) + CLOCK_SLACK_MS) },
  );
  const lease = readLease(db);
  const lastThree = readCycles(db, `WHERE status <> 'running' ${NEWEST_FIRST}`, 3);
  const gaps = one<{ n: number }>(db, `SELECT count(*) AS n FROM gaps WHERE status = 'open'`);
  return {
    data_version: readMeta(db).data_version,
    last_collection_at: tally?.last_collection_at ?? null,
    collections_succeeded: tally?.collections_succeeded ?? 0,
    collections_failed: tally?.collections_failed ?? 0,
    finished_24h: tally?.finished_24h ?? 0,
    failed_24h: tally?.failed_24h ?? 0,
    running_cycle: isAlive(lease, now) ? lease.cycle_id : null,
    subreddits_failing: failingSubreddits(lastThree, 3),
    gaps_open: gaps?.n ?? 0,
    paused: readPause(db),
    jobs: readHeartbeat(db),
  };
}
