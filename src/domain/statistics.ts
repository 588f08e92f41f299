import type { IsoTime } from './item.js';
import { addCounts, type Counts, meanScore, NO_COUNTS, totalOf } from './rollup.js';

/** What the API says about the items of one window. */
export interface Figures {
  total: number;
  positive: number;
  negative: number;
  neutral: number;
  /** Mean score −1 … 1, four decimals; 0 without items. */
  avg_sentiment: number;
  posts: number;
  comments: number;
  /** Newest `created_utc` in the window. */
  last_item_at: IsoTime | null;
}

export function figuresOf(counts: readonly Counts[]): Figures {
  const sum = counts.reduce(addCounts, NO_COUNTS);
  return {
    total: totalOf(sum),
    positive: sum.positive,
    negative: sum.negative,
    neutral: sum.neutral,
    avg_sentiment: meanScore(sum),
    posts: sum.posts,
    comments: sum.comments,
    last_item_at: sum.last_item_at,
  };
}
