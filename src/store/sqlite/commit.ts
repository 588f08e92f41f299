import { toIso } from '../../clock.js';
import { type IsoTime, type NewComment, type NewPost, voteMoveMatters } from '../../domain/item.js';
import { AppError } from '../../errors.js';
import { type CommitResult, type ItemBatch, MAX_BATCH } from '../store.js';
import { bumpDataVersion, type Db, one, readMeta, run } from './db.js';
import { requireLease } from './lease.js';
import { MovedHours } from './moved-hours.js';
import { type CommentRow, type PostRow, toRow } from './rows.js';
import { completeSubreddit } from './subreddits.js';

/** A broken batch is a bug of the caller: AppError `internal`, nothing written. */
export function checkBatch(batch: Pick<ItemBatch, 'subreddit' | 'posts' | 'comments'>): void {
  const items = [...batch.posts, ...batch.comments];
  if (items.length > MAX_BATCH) {
    throw new AppError('internal', `A commit of ${items.length} items exceeds ${MAX_BATCH}`);
  }
  const stranger = items.find((item) => !sameName(item.subreddit, batch.subreddit));
  if (stranger !== undefined) {
    throw new AppError(
      'internal',
      `A commit of ${batch.subreddit} holds an item of ${stranger.subreddit}`,
    );
  }
}

/** To be run in an immediate transaction. `nowMs` is the wall clock's. */
export function commitBatch(db: Db, batch: ItemBatch, nowMs: number): CommitResult {
  requireLease(db, batch.fence);
  const stamp = nextStamp(db, nowMs);
  const moved = new MovedHours();
  const posts = storeAll(batch.posts, (post) => storePost(db, post, stamp, moved));
  const comments = storeAll(batch.comments, (comment) => storeComment(db, comment, stamp, moved));
  moved.rebuild(db);

  const written = posts.new + comments.new + posts.updated + comments.updated;
  if (written > 0) run(db, 'UPDATE meta SET last_collected_at = ?', stamp);
  if (batch.complete) completeSubreddit(db, batch.subreddit, batch.complete, toIso(nowMs));
  const visible = written > 0 || batch.complete !== undefined;
  return {
    posts_new: posts.new,
    comments_new: comments.new,
    updated: posts.updated + comments.updated,
    blanked: 0,
    data_version: visible ? bumpDataVersion(db) : readMeta(db).data_version,
  };
}

/** One `collected_at` per commit, above every earlier one even when the clock was set back. */
export function nextStamp(db: Db, nowMs: number): IsoTime {
  return toIso(Math.max(nowMs, Date.parse(readMeta(db).last_collected_at) + 1));
}

type Outcome = 'new' | 'updated' | 'unchanged';

/** An id that stands twice in a batch counts once; its last version wins. */
function storeAll<Item extends { id: string }>(
  items: readonly Item[],
  store: (item: Item) => Outcome,
): Record<Outcome, number> {
  const tally = { new: 0, updated: 0, unchanged: 0 };
  const latest = new Map(items.map((item) => [item.id, item]));
  for (const item of latest.values()) tally[store(item)] += 1;
  return tally;
}

const ASSESSED = [
  ...([
    'label',
    'score',
    'confidence',
    'method',
    'scorer_version',
    'excluded',
    'edited_at',
  ] as const),
];
export const POST_COLUMNS = [
  ...['id', 'subreddit', 'author', 'title', 'content', 'url', 'permalink', 'created_utc'],
  ...['upvotes', 'comment_count', ...ASSESSED],
];
export const COMMENT_COLUMNS = [
  ...['id', 'post_id', 'parent_id', 'subreddit', 'author', 'content', 'permalink'],
  ...['created_utc', 'upvotes', ...ASSESSED],
];

/** `@stamp` is both times; the other values bear their columns' names. */
export const insert = (table: string, columns: string[]) =>
  `INSERT INTO ${table} (${columns.join(', ')}, collected_at, updated_at)
   VALUES (${columns.map((name) => `@${name}`).join(', ')}, @stamp, @stamp)`;
const update = (table: string, columns: string[]) =>
  `UPDATE ${table} SET ${columns.map((name) => `${name} = @${name}`).join(', ')},
   updated_at = @stamp WHERE id = @id`;

const INSERT_POST = insert('posts', POST_COLUMNS);
const UPDATE_POST = update('posts', POST_COLUMNS);
const INSERT_COMMENT = insert('comments', COMMENT_COLUMNS);
const UPDATE_COMMENT = update('comments', COMMENT_COLUMNS);

/** What a change of an item is, votes apart. */
const POST_CHANGES = ['author', 'title', 'content', 'url', 'permalink', 'created_utc'] as const;
const COMMENT_CHANGES = [
  ...(['author', 'content', 'permalink', 'created_utc'] as const),
  ...(['post_id', 'parent_id'] as const),
];

function storePost(db: Db, post: NewPost, stamp: IsoTime, moved: MovedHours): Outcome {
  const row = toRow(post);
  const before = one<PostRow>(db, 'SELECT * FROM posts WHERE id = ?', post.id);
  if (before === undefined) {
    run(db, INSERT_POST, { ...row, stamp });
    moved.add('post', post);
    return 'new';
  }
  const changed =
    POST_CHANGES.some((name) => row[name] !== before[name]) ||
    ASSESSED.some((name) => row[name] !== before[name]) ||
    !sameName(row.subreddit, before.subreddit) ||
    voteMoveMatters(before.upvotes, row.upvotes) ||
    voteMoveMatters(before.comment_count, row.comment_count);
  if (!changed) return 'unchanged';
  run(db, UPDATE_POST, { ...row, stamp });
  moved.add('post', before);
  moved.add('post', post);
  return 'updated';
}

function storeComment(db: Db, comment: NewComment, stamp: IsoTime, moved: MovedHours): Outcome {
  const row = toRow(comment);
  const before = one<CommentRow>(db, 'SELECT * FROM comments WHERE id = ?', comment.id);
  if (before === undefined) {
    run(db, INSERT_COMMENT, { ...row, stamp });
    moved.add('comment', comment);
    return 'new';
  }
  const changed =
    COMMENT_CHANGES.some((name) => row[name] !== before[name]) ||
    ASSESSED.some((name) => row[name] !== before[name]) ||
    !sameName(row.subreddit, before.subreddit) ||
    voteMoveMatters(before.upvotes, row.upvotes);
  if (!changed) return 'unchanged';
  run(db, UPDATE_COMMENT, { ...row, stamp });
  moved.add('comment', before);
  moved.add('comment', comment);
  return 'updated';
}

/** Subreddit names are ASCII and case-insensitive. */
function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}
