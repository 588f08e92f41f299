import type { IsoTime } from '../../../domain/item.js';
import { addCounts, hourOf, NO_COUNTS, totalOf } from '../../../domain/rollup.js';
import { isoTime, partsOf, toTimes, type Window } from '../../../domain/window.js';
import type { TimeWindow } from '../../common.js';
import type { HourCounts } from '../../store.js';
import type { DayTable } from './day-table.js';
import { countPart, type HourItems } from './hour-counts.js';
import type { PartsNow } from './parts.js';

/** What windows are counted from, all of one state. */
export interface Counting {
  table: DayTable;
  /** The hours at the edges of the windows. */
  edges: PartsNow<HourItems>;
  /** Hours before are gone unless they hold something exempt; empty: none are. */
  oldest: IsoTime;
}

/** Whole hours from the rollups, the partial ones at the edges from the lines of their items. */
export function countWindow(
  { table, edges, oldest }: Counting,
  window: TimeWindow,
  partition: string | undefined,
): HourCounts[] {
  return partsOf(inMs(window)).flatMap((part) => {
    if (part.whole) return table.hours(toTimes(part), partition);
    const hour = hourOf(isoTime(part.fromMs));
    let sum = NO_COUNTS;
    for (const [each, items] of edges.get(hour) ?? []) {
      if (partition !== undefined && each !== partition) continue;
      if (hour < oldest && !items.exempt) continue;
      sum = addCounts(sum, countPart(items, hour, part));
    }
    return totalOf(sum) === 0 ? [] : [{ hour, ...sum }];
  });
}

/** The hours whose items have to be known for it. */
export function edgesOf(windows: readonly TimeWindow[]): IsoTime[] {
  return windows
    .flatMap((window) => partsOf(inMs(window)))
    .filter(({ whole }) => !whole)
    .map(({ fromMs }) => hourOf(isoTime(fromMs)));
}

/** The first of the whole hours in them; null: there is none. */
export function firstWholeHour(windows: readonly TimeWindow[]): IsoTime | null {
  const starts = windows
    .flatMap((window) => partsOf(inMs(window)))
    .filter(({ whole }) => whole)
    .map(({ fromMs }) => fromMs);
  return starts.length === 0 ? null : isoTime(Math.min(...starts));
}

export function inMs({ from, to }: TimeWindow): Window {
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}
