import type { Random } from '../simulator/random.js';

/** What has to be remembered of a post so that comments can answer it. */
export interface OpenPost {
  id: string;
  permalink: string;
  createdMs: number;
  /** Comments it is still to get. */
  wanted: number;
  /** The last few comments, which others answer. */
  replies: string[];
}

/** Posts of a subreddit that still get comments; older ones are forgotten. */
const REMEMBERED_POSTS = 1000;
const REMEMBERED_REPLIES = 8;
/** Posts looked at to find one that is still to get a comment. */
const LOOKED_AT = 40;
/** Mean age of a post when somebody answers it. */
const MEAN_AGE_MS = 5 * 3_600_000;
/** Of the comments in the recordings of PRAW's tests (BSD-2), these answer the post itself. */
const TOP_LEVEL = 0.34;

/** The recent posts of one subreddit, oldest first. Of bounded size. */
export class Threads {
  readonly #posts: OpenPost[] = [];

  /** Has to come in the order of time. */
  add(post: OpenPost): void {
    this.#posts.push(post);
    if (this.#posts.length >= 2 * REMEMBERED_POSTS) this.#posts.splice(0, REMEMBERED_POSTS);
  }

  /** A post that is there at that time, preferably one that still wants comments. */
  pick(atMs: number, random: Random): OpenPost | null {
    const newest = this.#before(atMs);
    if (newest < 0) return null;
    const start = Math.max(0, this.#before(atMs - random.exponential(MEAN_AGE_MS)));
    for (let step = 0; step < LOOKED_AT; step += 1) {
      // Older ones first, then newer ones.
      const half = LOOKED_AT / 2;
      const index = step < half ? start - step : start + step - half + 1;
      const post = index <= newest ? this.#posts[index] : undefined;
      if (post !== undefined && post.wanted > 0) return post;
    }
    return this.#posts[start] ?? null;
  }

  /** Index of the newest post before that time; -1 when there is none. */
  #before(ms: number): number {
    let low = 0;
    let high = this.#posts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#posts[middle]?.createdMs ?? ms) < ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Adds a comment to its post; answers the fullname of what it replies to. */
export function reply(post: OpenPost, commentId: string, random: Random): string {
  const { replies } = post;
  const topLevel = replies.length === 0 || random.chance(TOP_LEVEL);
  const parent = topLevel ? `t3_${post.id}` : `t1_${random.pick(replies)}`;
  post.wanted -= 1;
  replies.push(commentId);
  if (replies.length > REMEMBERED_REPLIES) replies.shift();
  return parent;
}
