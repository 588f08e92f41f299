import type { IsoTime } from '../../../domain/item.js';
import {
  addCounts,
  type Counts,
  coverageOf,
  hourOf,
  NO_COUNTS,
  totalOf,
} from '../../../domain/rollup.js';
import { DAY_MS, isoTime } from '../../../domain/window.js';
import type { TimeWindow } from '../../common.js';
import type { HourCounts, SubredditDetail } from '../../store.js';
import type { HeadDocument } from '../documents/documents.js';
import type { Heads } from './heads.js';

/** The windows of `items_24h` and, as threads are counted by the hour, of `coverage_24h`. */
export function lastDayOf(now: IsoTime): { exact: TimeWindow; whole: TimeWindow } {
  const from = isoTime(Date.parse(now) - DAY_MS);
  return { exact: { from, to: now }, whole: { from: hourOf(from), to: hourOf(now) } };
}

/** What is known of every subreddit that has something, or was collected or imported. */
export function subredditDetails(
  heads: Heads,
  now: IsoTime,
  gaps: ReadonlyMap<string, number>,
  count: (window: TimeWindow, partition: string) => HourCounts[],
): SubredditDetail[] {
  const { exact, whole } = lastDayOf(now);
  return [...heads.values()]
    .filter((head) => head.items > 0 || isKnown(head))
    .sort((a, b) => (a.subreddit < b.subreddit ? -1 : 1))
    .map(({ subreddit, name, state, last_success_at, watermarks }) => ({
      ...{ name, state, last_success_at },
      watermark_at: newest(watermarks.post?.created_utc, watermarks.comment?.created_utc),
      items_24h: totalOf(sumOf(count(exact, subreddit))),
      coverage_24h: coverageOf(sumOf(count(whole, subreddit))),
      gaps: gaps.get(subreddit) ?? 0,
    }));
}

/** Whether it was collected to an end, or imported: items alone do not make a name known. */
export function isKnown({ state, last_success_at, watermarks, imported }: HeadDocument): boolean {
  const { post, comment } = watermarks;
  const collected = state !== 'unknown' || last_success_at !== null;
  return imported === 1 || collected || post !== null || comment !== null;
}

function sumOf(hours: readonly Counts[]): Counts {
  return hours.reduce(addCounts, NO_COUNTS);
}

function newest(a: IsoTime | undefined, b: IsoTime | undefined): IsoTime | null {
  if (a === undefined || b === undefined) return a ?? b ?? null;
  return a > b ? a : b;
}
