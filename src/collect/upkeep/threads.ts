import { toIso } from '../../clock.js';
import type { Upkeep } from '../../domain/cycle.js';
import { DAY_MS } from '../../domain/window.js';
import { AppError } from '../../errors.js';
import type { RedditComment } from '../../reddit/schemas.js';
import { MOST_PER_REQUEST, type ThreadPage } from '../../reddit/source.js';
import type { ShortThread } from '../../store/upkeep-store.js';
import { assessComment, assessPost } from '../assess.js';
import type { UpkeepDeps } from './deps.js';

/** Parts of one thread beyond its first page: ten thousand comments, as Reddit's longest have. */
const MOST_PARTS = 100;

/**
 * Reads a thread to its end and stores it; what Reddit counts in it beyond that is then known to be
 * out of reach. A thread that Reddit cannot show as one is noted as read, so that it does not
 * come up in every cycle.
 *
 * @throws AppError as PostSource.thread and the store do
 */
export async function readThread(
  subreddit: string,
  { id }: Pick<ShortThread, 'id'>,
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Upkeep['repair'],
): Promise<void> {
  const { store, source, clock, fence, scorer } = deps;
  const readAt = toIso(clock.now());
  const noted = { fence, subreddit, postId: id, readAt };
  let thread: Thread;
  try {
    thread = await wholeThread(id, source, signal);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    deps.log.warn({ subreddit, post: id, err: error }, 'a thread cannot be read');
    await store.threadRead({ ...noted, commentCount: null });
    return;
  }
  into.threads += 1;
  const post = thread.page.posts.find((one) => one.id === id);
  const comments = thread.comments.filter((one) => belongs(one, subreddit, id, deps));
  const stored = await deps.commit(
    subreddit,
    {
      posts: post === undefined ? [] : [assessPost(post, subreddit, scorer)],
      comments: comments.map((one) => assessComment(one, subreddit, scorer)),
    },
    false,
  );
  into.comments_new += stored.comments_new;
  await store.threadRead({ ...noted, commentCount: post?.num_comments ?? null });
}

interface Thread {
  page: ThreadPage;
  comments: RedditComment[];
}

async function wholeThread(
  id: string,
  source: UpkeepDeps['source'],
  signal: AbortSignal,
): Promise<Thread> {
  const page = await source.thread(id, signal);
  const comments = new Map(page.comments.map((one) => [one.id, one]));
  const asked = new Set<string>();
  const open = [...page.more];
  for (let part = 0; part < MOST_PARTS && open.length > 0; part += 1) {
    const ids = [...new Set(open.splice(0, MOST_PER_REQUEST))].filter((one) => !asked.has(one));
    for (const one of ids) asked.add(one);
    if (ids.length === 0) continue;
    const more = await source.moreComments(id, ids, signal);
    for (const one of more.comments) comments.set(one.id, one);
    open.push(...more.more);
  }
  return { page, comments: [...comments.values()] };
}

/**
 * Answers that asking again will not better: JSON that is no thread, or none of that name. A page of HTML,
 * or half of one, is Reddit's weather: what it hides is not out of reach.
 */
function isUnreadable(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  if (error.code === 'reddit_not_found') return true;
  return error.code === 'reddit_bad_answer' && error.details.row === 'unexpected_shape';
}

function belongs(
  comment: RedditComment,
  subreddit: string,
  postId: string,
  { clock, retentionDays }: UpkeepDeps,
): boolean {
  return (
    comment.link_id === `t3_${postId}` &&
    comment.subreddit.toLowerCase() === subreddit.toLowerCase() &&
    comment.created_utc * 1000 >= clock.now() - retentionDays * DAY_MS
  );
}
