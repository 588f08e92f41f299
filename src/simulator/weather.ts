import type { Comment, Post } from './community.js';
import { hash32, randomFrom } from './random.js';

/** What makes a real Reddit harder to collect than an ideal one. Each is a share, 0 … 1. */
export interface Weather {
  /** Of items: listings, threads and info know them only some minutes later, at most 15. */
  late: number;
  /** Of the items of a listing: they stand one to three places too low. */
  disorder: number;
  /** Of pages: they are up to two minutes old, so the newest items and edits are missing. */
  stale: number;
  /** Of pages: they have five to twenty items, and more follow. */
  short: number;
  /** Of pages: the first and the last item on them are deleted as soon as they were served. */
  lostAnchors: number;
  /** Of the days of a subreddit: it is private for two to nine hours. */
  closures: number;
  /** Of the items asked for by name: one answer leaves them out without a word. */
  omissions: number;
  /** Edits, and as many deletions, of an item of any age for each item that is made. */
  lateChanges: number;
}

export const CALM: Weather = {
  late: 0,
  disorder: 0,
  stale: 0,
  short: 0,
  lostAnchors: 0,
  closures: 0,
  omissions: 0,
  lateChanges: 0,
};

/** Why Reddit shows nothing of a subreddit. */
export type Closed = 'private' | 'banned';

const LATEST_MS = 15 * 60_000;
const OLDEST_PAGE_MS = 2 * 60_000;
const MOST_PLACES = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type Item = Post | Comment;

/** The weather over one world: what it decides follows from the seed, names and times alone. */
export function weatherOver(seed: number, weather: Weather) {
  const chanceOf = (share: number, what: string) => {
    if (share === 0) return null;
    const random = randomFrom(hash32(`${seed} ${what}`));
    return random.chance(share) ? random : null;
  };
  return {
    /** How much later than it was made an item is seen. */
    delayMs(fullname: string): number {
      const random = chanceOf(weather.late, `late ${fullname}`);
      return random === null ? 0 : 60_000 + random.integer(LATEST_MS - 60_000);
    },

    /** Lets some items of a listing sink below their older neighbours. */
    *shuffled<T extends Item>(newestFirst: Iterable<T>): Generator<T> {
      const held: { item: T; places: number }[] = [];
      for (const item of newestFirst) {
        const sinks = chanceOf(weather.disorder, `sinks ${item.fullname}`);
        if (sinks !== null) {
          held.push({ item, places: 1 + sinks.integer(MOST_PLACES) });
          continue;
        }
        yield item;
        for (const one of held) one.places -= 1;
        while (held[0] !== undefined && held[0].places <= 0)
          yield (held.shift() as { item: T }).item;
      }
      for (const { item } of held) yield item;
    },

    /** How old the page is that is given now. */
    ageMs(listing: string, nowMs: number): number {
      return chanceOf(weather.stale, `stale ${listing} ${nowMs}`)?.integer(OLDEST_PAGE_MS) ?? 0;
    },

    /** How many items the page has that is given now, at most. */
    sizeOf(listing: string, nowMs: number, limit: number): number {
      const random = chanceOf(weather.short, `short ${listing} ${nowMs}`);
      return random === null ? limit : Math.min(limit, 5 + random.integer(16));
    },

    /** Those of a page just served that are deleted at once. */
    lost<T extends Item>(page: readonly T[]): T[] {
      const ends = new Set([page[0], page.at(-1)].filter((item) => item !== undefined));
      return [...ends].filter(
        ({ fullname }) => chanceOf(weather.lostAnchors, `lost ${fullname}`) !== null,
      );
    },

    closed(subreddit: string, nowMs: number): Closed | null {
      const day = Math.floor(nowMs / DAY_MS);
      const random = chanceOf(weather.closures, `closed ${subreddit.toLowerCase()} ${day}`);
      if (random === null) return null;
      const hours = 2 + random.integer(8);
      const fromMs = day * DAY_MS + random.integer(DAY_MS - hours * HOUR_MS);
      return fromMs <= nowMs && nowMs < fromMs + hours * HOUR_MS ? 'private' : null;
    },

    omits: (fullname: string, nowMs: number) =>
      chanceOf(weather.omissions, `omits ${fullname} ${nowMs}`) !== null,
  };
}
