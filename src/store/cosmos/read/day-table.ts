import type { IsoTime } from '../../../domain/item.js';
import { NO_COUNTS, type Rollup, type RollupChange } from '../../../domain/rollup.js';
import { DAY_MS, HOUR_MS, isoTime } from '../../../domain/window.js';
import type { TimeWindow } from '../../common.js';
import type { HourCounts } from '../../store.js';
import { unpackCounts } from '../documents/counts.js';
import { type DayDocument, dayOf, type PackedCounts } from '../documents/documents.js';

/** The hourly rollups of all subreddits in memory, and at which version each was seen to move. */
export interface DayTable {
  /** Unless a newer one is there. `version`: null when it did not move but is only being loaded. */
  put(document: DayDocument, version: number | null): void;
  /** Every rollup in a window of whole hours. */
  rollups(window: TimeWindow): RollupChange[];
  /** As they are now; those that are gone without counts. */
  movedSince(version: number): RollupChange[];
  /** Sums over subreddits, or of one, ascending. */
  hours(window: TimeWindow, partition: string | undefined): HourCounts[];
  /** Hours before are gone from now on, unless their day is exempt; seen to go at `version`. */
  expire(before: IsoTime, version: number): void;
  /** Whether more is gone than what is before that time: it expired under a clock that was ahead. */
  lacks(before: IsoTime): boolean;
  clear(): void;
}

interface Day {
  subreddit: string;
  seq: number;
  exempt: boolean;
  /** By hour, `00` to `23`. */
  hours: Map<string, PackedCounts>;
  moved: Map<string, number>;
}

/** Days that have expired are remembered for so long, so that who follows is told of it. */
const REMEMBERED_MS = 3 * DAY_MS;

export function createDayTable(): DayTable {
  const partitions = new Map<string, Map<string, Day>>();
  let oldest: IsoTime = '';
  let newestMove = 0;

  const note = (day: Day, hour: string, version: number) => {
    day.moved.set(hour, version);
    newestMove = Math.max(newestMove, version);
  };
  const hasExpired = (day: string, hour: string) => startOf(day, hour) < oldest;

  return {
    put(document, version) {
      const { subreddit, name, seq, day } = document;
      const days = partitions.get(subreddit) ?? new Map<string, Day>();
      partitions.set(subreddit, days);
      const before = days.get(day);
      if (before !== undefined && before.seq >= seq) return;
      const exempt = document.ttl === -1;
      const hours = new Map(
        Object.entries(document.hours).filter(([hour]) => exempt || !hasExpired(day, hour)),
      );
      const moved = before?.moved ?? new Map<string, number>();
      const now: Day = { subreddit: name, seq, exempt, hours, moved };
      days.set(day, now);
      if (version === null) return;
      for (const hour of new Set([...hours.keys(), ...(before?.hours.keys() ?? [])])) {
        if (!isSame(before?.hours.get(hour), hours.get(hour))) note(now, hour, version);
      }
    },
    rollups: (window) =>
      [...placesIn(partitions, window)].map(({ subreddit, hour, counts }) => ({
        ...{ subreddit, hour, ...unpackCounts(counts) },
      })),
    movedSince: (version) =>
      newestMove <= version
        ? []
        : [...partitions.values()].flatMap((days) =>
            [...days].flatMap(([name, day]) => movesOf(name, day, version)),
          ),
    hours(window, partition) {
      const sums = new Map<IsoTime, PackedCounts>();
      for (const { hour, counts } of placesIn(partitions, window, partition)) {
        const sum = sums.get(hour);
        sums.set(hour, sum === undefined ? counts : added(sum, counts));
      }
      return [...sums]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([hour, counts]) => ({ hour, ...unpackCounts(counts) }));
    },
    expire(before, version) {
      if (before <= oldest) return;
      oldest = before;
      const forgotten = dayOf(isoTime(Math.max(0, Date.parse(before) - REMEMBERED_MS)));
      for (const days of partitions.values()) {
        for (const [name, day] of days) {
          if (day.exempt || name > dayOf(before)) continue;
          for (const hour of day.hours.keys()) {
            if (hasExpired(name, hour) && day.hours.delete(hour)) note(day, hour, version);
          }
          if (name < forgotten) days.delete(name);
        }
      }
    },
    // A clock that is set by moments may pass the start of an hour again, for which nothing is reloaded.
    lacks: (before) => oldest !== '' && Date.parse(oldest) - timeOf(before) > HOUR_MS,
    clear() {
      partitions.clear();
      oldest = '';
      newestMove = 0;
    },
  };
}

const timeOf = (time: IsoTime): number => (time === '' ? 0 : Date.parse(time));

const startOf = (day: string, hour: string): IsoTime => `${day}T${hour}:00:00.000Z`;

function isSame(a: PackedCounts | undefined, b: PackedCounts | undefined): boolean {
  return a !== undefined && b !== undefined && a.every((number, at) => number === b[at]);
}

/** The last field is a time, the others are numbers of something. */
function added(a: PackedCounts, b: PackedCounts): PackedCounts {
  const last = a.length - 1;
  const sum = a.map((value, at) => {
    const other = b[at] as number;
    return at === last ? Math.max(value, other) : value + other;
  });
  return sum as PackedCounts;
}

function* placesIn(
  partitions: ReadonlyMap<string, ReadonlyMap<string, Day>>,
  { from, to }: TimeWindow,
  only?: string,
): Iterable<Pick<Rollup, 'subreddit' | 'hour'> & { counts: PackedCounts }> {
  for (const [partition, days] of partitions) {
    if (only !== undefined && partition !== only) continue;
    for (const [name, { subreddit, hours }] of days) {
      if (name < dayOf(from) || name > dayOf(to)) continue;
      for (const [at, counts] of hours) {
        const hour = startOf(name, at);
        if (hour >= from && hour < to) yield { subreddit, hour, counts };
      }
    }
  }
}

function movesOf(name: string, day: Day, version: number): RollupChange[] {
  return [...day.moved]
    .filter(([, moved]) => moved > version)
    .map(([at]) => {
      const counts = day.hours.get(at);
      const { subreddit } = day;
      return {
        ...{ subreddit, hour: startOf(name, at) },
        ...(counts === undefined ? NO_COUNTS : unpackCounts(counts)),
      };
    });
}
