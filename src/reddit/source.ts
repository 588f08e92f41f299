import type { SubredditState } from '../domain/cycle.js';
import type { Kind } from '../domain/item.js';
import type { RedditComment, RedditPost } from './schemas.js';

/**
 * Where posts and comments come from, in Reddit's words.
 *
 * Every call takes an AbortSignal (the cycle's deadline or a shutdown) and throws
 * AppError `reddit_*` as errors.ts lists them, or `cancelled`. A subreddit that Reddit
 * closes to us is no error: it is the page's `state`.
 */
export interface PostSource {
  /** One page of `/r/{subreddit}/new` or `/r/{subreddit}/comments`, newest first. */
  listing(query: ListingQuery, signal: AbortSignal): Promise<ListingPage>;
  /** Up to 100 posts and comments by fullname; Reddit leaves out, silently, what it does not have. */
  info(fullnames: readonly string[], signal: AbortSignal): Promise<ListingPage>;
  /** A post with the part of its comments that Reddit shows at once. */
  thread(postId: string, signal: AbortSignal): Promise<ThreadPage>;
  /** Up to 100 comments that a thread left out, by bare id. */
  moreComments(postId: string, ids: readonly string[], signal: AbortSignal): Promise<ThreadPage>;
  /** Requests sent since the source was made, token requests and retries included. */
  requestsSent(): number;
  close(): Promise<void>;
}

/** Names in one request, or things on one page: more Reddit does not answer. */
export const MOST_PER_REQUEST = 100;

/** What a collection cycle needs. */
export type CollectSource = Omit<PostSource, 'close'>;

/** What collecting the newest items needs. */
export type ListingSource = Pick<PostSource, 'listing' | 'requestsSent'>;

export interface ListingQuery {
  subreddit: string;
  kind: Kind;
  /** Fullname to go on after; null for the newest page. */
  after: string | null;
  /** At most 100. */
  limit: number;
}

export interface ListingPage {
  state: SubredditState;
  posts: RedditPost[];
  comments: RedditComment[];
  /** Objects that did not fit the schema: skipped, named, the rest is kept. */
  invalid: InvalidObject[];
  /** Fullname of the next page's anchor; null at the listing's end. */
  after: string | null;
}

/** A thread, or a part of one, without its tree: each comment names its parent. */
export interface ThreadPage extends Omit<ListingPage, 'after'> {
  /** Bare ids of comments that Reddit left out here; `moreComments` asks for them. */
  more: string[];
}

export interface InvalidObject {
  fullname: string;
  reason: string;
  /** Epoch seconds; null unless the object states a time that Reddit could mean. */
  created_utc: number | null;
  /** How many of the page's `posts` and `comments` together stood above it. */
  above: number;
}
