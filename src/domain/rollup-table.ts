import type { IsoTime } from './item.js';
import { addCounts, type Counts, NO_COUNTS, type RollupChange, totalOf } from './rollup.js';
import { HOUR_MS, isoTime, type Window } from './window.js';

/** Hourly rollups in memory, to be summed over any whole hours. */
export interface RollupTable {
  /** Puts each rollup in the place of what was known of its subreddit and hour. */
  apply(changes: Iterable<RollupChange>): void;
  /** Counts by hour in a window of whole hours, ascending; hours without items are left out. */
  hours(window: Window, subreddit: string | undefined): (Counts & { hour: IsoTime })[];
  /** Drops what lies before an hour. */
  forgetBefore(ms: number): void;
  /** Subreddits that have items, as they are stored. */
  names(): string[];
  size(): { rollups: number; items: number };
}

type Series = Map<number, Counts>;

export function createRollupTable(): RollupTable {
  /** By lower-case name; names are ASCII. */
  const bySubreddit = new Map<string, { name: string; series: Series }>();
  /** All subreddits together, summed when first asked for; an hour that moved is summed anew. */
  const together: Series = new Map();

  const seriesOf = (subreddit: string): Series => {
    const key = subreddit.toLowerCase();
    const known = bySubreddit.get(key)?.series;
    if (known !== undefined) return known;
    const series: Series = new Map();
    bySubreddit.set(key, { name: subreddit, series });
    return series;
  };
  const sumOf = (hour: number): Counts => {
    let sum = together.get(hour);
    if (sum === undefined) {
      sum = NO_COUNTS;
      for (const { series } of bySubreddit.values()) {
        const counts = series.get(hour);
        if (counts !== undefined) sum = addCounts(sum, counts);
      }
      together.set(hour, sum);
    }
    return sum;
  };

  return {
    apply(changes) {
      for (const { subreddit, hour, ...counts } of changes) {
        const ms = Date.parse(hour);
        const series = seriesOf(subreddit);
        if (totalOf(counts) === 0) series.delete(ms);
        else series.set(ms, counts);
        together.delete(ms);
      }
    },
    hours({ fromMs, toMs }, subreddit) {
      const series =
        subreddit === undefined ? null : bySubreddit.get(subreddit.toLowerCase())?.series;
      const found: (Counts & { hour: IsoTime })[] = [];
      for (let ms = fromMs; ms < toMs; ms += HOUR_MS) {
        const counts = series === null ? sumOf(ms) : series?.get(ms);
        if (counts !== undefined && totalOf(counts) > 0) {
          found.push({ hour: isoTime(ms), ...counts });
        }
      }
      return found;
    },
    forgetBefore(ms) {
      for (const series of [together, ...[...bySubreddit.values()].map((known) => known.series)]) {
        for (const hour of series.keys()) if (hour < ms) series.delete(hour);
      }
    },
    names: () => [...bySubreddit.values()].filter(hasItems).map(({ name }) => name),
    size() {
      let rollups = 0;
      let items = 0;
      for (const { series } of bySubreddit.values()) {
        rollups += series.size;
        for (const counts of series.values()) items += totalOf(counts);
      }
      return { rollups, items };
    },
  };
}

const hasItems = ({ series }: { series: Series }) => series.size > 0;
