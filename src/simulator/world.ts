import type { Kind } from '../domain/item.js';
import type { Closed } from './weather.js';

/** One of Reddit's objects, as its API gives it with `raw_json=1`. */
export interface RedditObject {
  id: string;
  /** The fullname: `t3_…`, `t1_…` or `t5_…`. */
  name: string;
  [key: string]: unknown;
}

/** What Reddit calls a thing: an object with its kind. */
export interface Thing {
  kind: 't1' | 't3' | 't5';
  data: RedditObject;
}

/** Reddit's content at one moment; the server only wraps it into the protocol. */
export interface World {
  /** In the spelling that objects bear. */
  readonly subreddits: readonly string[];
  /** Lets everything happen up to this instant (ms since the epoch). Going back does nothing. */
  advanceTo(nowMs: number): void;
  /** Why nothing of a subreddit is shown now; `/api/info` leaves its items out. Null: it is open. */
  closed(subreddit: string): Closed | null;
  /** One page, newest first; null for a subreddit that does not exist (case does not matter). */
  listing(query: ListingQuery): Page | null;
  /** A post by bare id with all the comments that stand in its thread; null when there is none. */
  thread(id: string): Thread | null;
  /** In the order asked for; fullnames that do not exist are left out. */
  info(fullnames: readonly string[]): Thing[];
  about(subreddit: string): Thing | null;
  /** How many items paging every listing reaches now. */
  served(): { posts: number; comments: number };
  /** Everything that exists now: what a test compares a collection with. */
  truth(): Truth;
}

export interface ListingQuery {
  subreddit: string;
  kind: Kind;
  /** Fullname to go on after. */
  after: string | null;
  limit: number;
}

export interface Page {
  children: Thing[];
  /** Null at the listing's end. */
  after: string | null;
}

export interface Thread {
  post: Thing;
  replies: ThreadComment[];
}

export interface ThreadComment {
  comment: Thing;
  replies: ThreadComment[];
}

export interface Truth {
  posts: TruthItem[];
  comments: TruthItem[];
}

export interface TruthItem {
  /** As `/api/info` gives it. */
  data: RedditObject;
  /** Whether paging its subreddit's listing reaches it: deleted and very old ones are not listed. */
  listed: boolean;
  /** From when on it was seen. */
  visibleMs: number;
  /** Since when it is deleted or removed; null while it is not. */
  goneMs: number | null;
}

/**
 * Cuts one page out of a listing. An anchor that is not (or no longer) in the listing
 * gives an empty page without `after`, as Reddit does.
 */
export function pageOf<T extends { fullname: string }>(
  newestFirst: Iterable<T>,
  after: string | null,
  limit: number,
): { items: T[]; after: string | null } {
  const items: T[] = [];
  let reached = after === null;
  for (const item of newestFirst) {
    if (reached && items.length === limit) {
      return { items, after: items.at(-1)?.fullname ?? null };
    }
    if (reached) items.push(item);
    else reached = item.fullname === after;
  }
  return { items, after: null };
}
