import type { Clock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { emptyPage, pageOfListing } from '../../src/reddit/answer.js';
import type { PostSource } from '../../src/reddit/source.js';
import { emptyThread, pageOfMore, pageOfThread } from '../../src/reddit/thread.js';
import { DEEPEST, listingOf, moreOf, threadOf } from '../../src/simulator/envelopes.js';
import { MAX_COMMENTS } from '../../src/simulator/server.js';
import type { Thread, World } from '../../src/simulator/world.js';

export interface WorldSourceOptions {
  clock: Clock;
  /** How long each request takes; time passes only as the clock lets it. */
  latencyMs?: number;
  /** Comments that a thread shows at once. */
  threadLimit?: number;
  /** Whether Reddit can be reached now. */
  reachable?: () => boolean;
}

const MOST_PER_REQUEST = 100;
/** A request that fails is sent four times by the client. */
const ATTEMPTS = 4;

/**
 * A source straight over a world: no HTTP and no JSON text between, but the same judgement of
 * each object, the same counting of requests and the same refusals as the real client's.
 */
export function worldSource(world: World, options: WorldSourceOptions): PostSource {
  const { clock, latencyMs = 0, threadLimit = MAX_COMMENTS, reachable = () => true } = options;
  let sent = 0;

  async function request(place: string, signal: AbortSignal): Promise<void> {
    if (sent === 0) sent = 1; // for the token
    if (latencyMs > 0) await clock.sleep(latencyMs, signal);
    if (signal.aborted) throw new AppError('cancelled', `${place}: cancelled`);
    const up = reachable();
    sent += up ? 1 : ATTEMPTS;
    if (!up) throw new AppError('reddit_connection', `${place}: ECONNREFUSED`);
    world.advanceTo(clock.now());
  }

  /** The thread; or why nothing of it is shown. @throws AppError `reddit_not_found` */
  function threadNamed(id: string, place: string) {
    const thread = world.thread(id);
    if (thread === null) throw notFound(place);
    return { thread, closed: closedTo(thread) };
  }
  const closedTo = (thread: Thread) => world.closed(String(thread.post.data.subreddit));

  return {
    async listing({ subreddit, kind, after, limit }, signal) {
      const place = `GET /r/${subreddit}/${kind === 'post' ? 'new' : 'comments'}`;
      await request(place, signal);
      const closed = world.closed(subreddit);
      if (closed !== null) return emptyPage(closed);
      const query = { subreddit, kind, after, limit: Math.min(limit, MOST_PER_REQUEST) };
      const page = world.listing(query);
      if (page === null) throw notFound(place);
      return pageOfListing(listingOf(page.children, page.children.length, page.after), place);
    },
    async info(fullnames, signal) {
      refuseTooMany(fullnames);
      const place = 'GET /api/info';
      await request(place, signal);
      const found = world.info(fullnames);
      return pageOfListing(listingOf(found, found.length), place);
    },
    async thread(postId, signal) {
      const place = `GET /comments/${postId}`;
      await request(place, signal);
      const { thread, closed } = threadNamed(postId, place);
      if (closed !== null) return emptyThread(closed);
      return pageOfThread(threadOf(thread, { limit: threadLimit, depth: DEEPEST }), place);
    },
    async moreComments(postId, ids, signal) {
      refuseTooMany(ids);
      const place = 'GET /api/morechildren';
      await request(place, signal);
      const thread = world.thread(postId);
      const closed = thread === null ? null : closedTo(thread);
      if (closed !== null) return emptyThread(closed);
      return pageOfMore(moreOf(thread, ids, { limit: MOST_PER_REQUEST, depth: DEEPEST }), place);
    },
    requestsSent: () => sent,
    close: async () => undefined,
  };
}

function notFound(place: string): AppError {
  return new AppError('reddit_not_found', `${place}: Reddit answered 404, not_found`);
}

function refuseTooMany(names: readonly string[]): void {
  if (names.length <= MOST_PER_REQUEST) return;
  throw new AppError('internal', `${names.length} names in one request exceed ${MOST_PER_REQUEST}`);
}
