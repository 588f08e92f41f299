import { type IsoTime, type Label, SCORE_UNIT } from './item.js';

/** Counted items of one subreddit in one hour (of `created_utc`). Excluded items are not in it. */
export interface Rollup {
  subreddit: string;
  /** Start of the hour, UTC. */
  hour: IsoTime;
  posts: number;
  comments: number;
  positive: number;
  negative: number;
  neutral: number;
  /** Sum of the scores in units of 1/SCORE_UNIT: an integer, so order does not matter. */
  score_sum: number;
  /**
   * Comments in the threads of its posts, whenever they were written, as Reddit counts them, less
   * those that a look at the whole thread has shown to be out of reach.
   */
  thread_comments: number;
  /** As many of these as are stored. Known of whole hours only. */
  thread_comments_stored: number;
  /** Newest `created_utc` among them. */
  last_item_at: IsoTime;
}

export type ThreadCounts = Pick<Rollup, 'thread_comments' | 'thread_comments_stored'>;

/** A rollup without its place: what sums of rollups are. */
export type Counts = Omit<Rollup, 'subreddit' | 'hour' | 'last_item_at'> & {
  last_item_at: IsoTime | null;
};

/** A rollup as it is now; without counts when no item is left in it. */
export type RollupChange = Pick<Rollup, 'subreddit' | 'hour'> & Counts;

export const NO_COUNTS: Counts = Object.freeze({
  posts: 0,
  comments: 0,
  positive: 0,
  negative: 0,
  neutral: 0,
  score_sum: 0,
  thread_comments: 0,
  thread_comments_stored: 0,
  last_item_at: null,
});

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    posts: a.posts + b.posts,
    comments: a.comments + b.comments,
    positive: a.positive + b.positive,
    negative: a.negative + b.negative,
    neutral: a.neutral + b.neutral,
    score_sum: a.score_sum + b.score_sum,
    thread_comments: a.thread_comments + b.thread_comments,
    thread_comments_stored: a.thread_comments_stored + b.thread_comments_stored,
    last_item_at: newest(a.last_item_at, b.last_item_at),
  };
}

/** Number of items in it. */
export function totalOf(counts: Counts): number {
  return counts.posts + counts.comments;
}

/** Mean score −1 … 1, four decimals; 0 without items. */
export function meanScore(counts: Counts): number {
  const total = totalOf(counts);
  return total === 0 ? 0 : Math.round(counts.score_sum / total) / SCORE_UNIT;
}

/** Stored share of the comments that Reddit counts in the posts' threads, 0 … 1; null: it counts none. */
export function coverageOf(counts: Counts): number | null {
  const { thread_comments: all, thread_comments_stored: stored } = counts;
  return all === 0 ? null : Math.round((stored / all) * SCORE_UNIT) / SCORE_UNIT;
}

/**
 * What the thread of a counted post adds to the rollup of the post's hour. A thread of which more
 * is stored than Reddit counts makes up for no other.
 */
export function threadCounts(thread: {
  comment_count: number;
  unreachable: number;
  stored: number;
}): ThreadCounts {
  const expected = Math.max(thread.comment_count - thread.unreachable, 0);
  return {
    thread_comments: expected,
    thread_comments_stored: Math.min(thread.stored, expected),
  };
}

/** What one item adds to the rollup of its hour. */
export function countsOf(
  kind: 'post' | 'comment',
  label: Label,
  score: number,
  createdUtc: IsoTime,
): Counts {
  return {
    ...NO_COUNTS,
    [kind === 'post' ? 'posts' : 'comments']: 1,
    [label]: 1,
    score_sum: Math.round(score * SCORE_UNIT),
    last_item_at: createdUtc,
  };
}

/** The hour an instant falls into: `2026-11-22T03:59:59.999Z` → `2026-11-22T03:00:00.000Z`. */
export function hourOf(time: IsoTime): IsoTime {
  return `${time.slice(0, 13)}:00:00.000Z`;
}

function newest(a: IsoTime | null, b: IsoTime | null): IsoTime | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
