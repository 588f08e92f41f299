import type { IsoTime } from './item.js';
import { addCounts, type Counts, coverageOf, meanScore, NO_COUNTS, totalOf } from './rollup.js';
import { DAY_MS, HOUR_MS, isoTime, type Window } from './window.js';

export const GRANULARITIES = ['hour', 'day', 'week'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export interface TrendBucket {
  /** Start of the bucket's hour, day or week in UTC; the first and last may be cut by the window. */
  start: IsoTime;
  total: number;
  positive: number;
  negative: number;
  neutral: number;
  avg_sentiment: number;
  /** Stored share of the comments that Reddit counts in the threads of its posts; null: it counts none. */
  coverage: number | null;
}

const WEEK_MS = 7 * DAY_MS;
/** The epoch was a Thursday; weeks start on Monday (ISO 8601), four days later. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Start of the hour, day or ISO week (Monday) an instant falls into, UTC. */
export function bucketStart(ms: number, granularity: Granularity): number {
  const { length, offset } = SIZES[granularity];
  return Math.floor((ms - offset) / length) * length + offset;
}

/** Fixed lengths are right because UTC has no daylight saving. */
const SIZES: Record<Granularity, { length: number; offset: number }> = {
  hour: { length: HOUR_MS, offset: 0 },
  day: { length: DAY_MS, offset: 0 },
  week: { length: WEEK_MS, offset: FIRST_MONDAY_MS },
};

/**
 * Every bucket that the window touches, ascending, empty ones with zeros.
 * `hours` are counts by hour, in any order, already cut to the window.
 */
export function trendBuckets(
  hours: readonly (Counts & { hour: IsoTime })[],
  window: Window,
  granularity: Granularity,
): TrendBucket[] {
  const sums = new Map<number, Counts>();
  for (
    let start = bucketStart(window.fromMs, granularity);
    start < window.toMs;
    start += SIZES[granularity].length
  ) {
    sums.set(start, NO_COUNTS);
  }
  for (const counts of hours) {
    const start = bucketStart(Date.parse(counts.hour), granularity);
    sums.set(start, addCounts(sums.get(start) ?? NO_COUNTS, counts));
  }
  return [...sums].map(([start, sum]) => bucketOf(start, sum));
}

function bucketOf(start: number, sum: Counts): TrendBucket {
  return {
    start: isoTime(start),
    total: totalOf(sum),
    positive: sum.positive,
    negative: sum.negative,
    neutral: sum.neutral,
    avg_sentiment: meanScore(sum),
    coverage: coverageOf(sum),
  };
}
