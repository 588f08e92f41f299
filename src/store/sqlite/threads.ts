import type { NewComment } from '../../domain/item.js';
import type {
  ShortThread,
  ShortThreadsQuery,
  StrayPostsQuery,
  ThreadReading,
} from '../upkeep-store.js';
import { toIso } from '../../clock.js';
import { STORED_IN_THREAD } from './counts.js';
import { all, bumpDataVersion, type Db, one, run } from './db.js';
import { readItem } from './items.js';
import { requireLease } from './lease.js';
import { MovedHours } from './moved-hours.js';

/** A comment was stored for the first time. */
export function countInThread(db: Db, comment: NewComment, moved: MovedHours): void {
  // Written before the whole thread was read, it was among those that seemed out of reach.
  run(
    db,
    `UPDATE posts SET unreachable = unreachable - 1
     WHERE id = ? AND unreachable > 0 AND thread_read_at >= ?`,
    comment.post_id,
    comment.created_utc,
  );
  moved.addThread(db, comment.post_id);
}

const OUT_OF_REACH = `CASE WHEN thread_read_at >= @doubtedFrom AND thread_read_at < @doubtedTo
      THEN 0 ELSE unreachable END`;
/** Both kinds of posts by the index of their kind. */
const lacking = (excluded: string) =>
  `SELECT id, created_utc,
      max(comment_count - ${OUT_OF_REACH}, 0) - ${STORED_IN_THREAD} AS missing
    FROM posts WHERE ${excluded} AND subreddit = @subreddit AND created_utc >= @since`;
export const SHORT_THREADS = `SELECT id, created_utc, missing FROM (
    ${lacking('excluded IS NULL')} UNION ALL ${lacking('excluded IS NOT NULL')}
  ) WHERE missing > 0 ORDER BY created_utc DESC, id DESC LIMIT @limit`;

export function shortThreads(db: Db, { doubted, ...query }: ShortThreadsQuery): ShortThread[] {
  const { from: doubtedFrom, to: doubtedTo } = doubted ?? { from: null, to: null };
  return all<ShortThread>(db, SHORT_THREADS, { ...query, doubtedFrom, doubtedTo });
}

/**
 * To be run in an immediate transaction. What Reddit counted is the post's count from now on, or
 * the difference would not be what is out of reach.
 */
export function threadRead(db: Db, reading: ThreadReading, nowMs: number): void {
  requireLease(db, reading.fence);
  const { postId, readAt } = reading;
  const post = readItem(db, 'post', postId);
  if (post === null) return;
  const commentCount = reading.commentCount ?? post.comment_count;
  const sql = `SELECT ${STORED_IN_THREAD} AS stored FROM posts WHERE id = ?`;
  const stored = one<{ stored: number }>(db, sql, postId)?.stored ?? 0;
  run(
    db,
    'UPDATE posts SET unreachable = ?, thread_read_at = ? WHERE id = ?',
    Math.max(commentCount - stored, 0),
    readAt,
    postId,
  );
  const moved = new MovedHours();
  if (post.comment_count === commentCount) {
    moved.addThread(db, postId);
  } else {
    const change = 'UPDATE posts SET comment_count = ?, updated_at = ? WHERE id = ?';
    run(db, change, commentCount, toIso(nowMs), postId);
    moved.add('post', post);
  }
  moved.rebuild(db);
  bumpDataVersion(db);
}

const inWindow = (subreddit: string) =>
  `${subreddit} = @subreddit AND created_utc >= @from AND created_utc < @to`;
const strays = (comments: string) => `SELECT post_id AS id FROM (${comments})
  WHERE NOT EXISTS (SELECT 1 FROM posts WHERE posts.id = post_id)
  GROUP BY post_id ORDER BY max(created_utc) DESC, post_id DESC LIMIT @limit`;
/** The plus keeps SQLite from the index of everything in the subreddit. */
export const STRAYS_CREATED = strays(`
    SELECT post_id, created_utc FROM comments WHERE excluded IS NULL AND ${inWindow('subreddit')}
    UNION ALL
    SELECT post_id, created_utc FROM comments WHERE excluded IS NOT NULL AND ${inWindow('+subreddit')}
  `);
export const STRAYS_STORED = strays(`
    SELECT post_id, created_utc FROM comments
    WHERE subreddit = @subreddit AND collected_at >= @storedSince
  `);

export function strayPosts(db: Db, { subreddit, limit, ...query }: StrayPostsQuery): string[] {
  const common = { subreddit, limit };
  const found =
    'window' in query
      ? all<{ id: string }>(db, STRAYS_CREATED, { ...common, ...query.window })
      : all<{ id: string }>(db, STRAYS_STORED, { ...common, ...query });
  return found.map(({ id }) => id);
}
