import type { Random } from '../../../src/simulator/random.js';
import type { Item } from './documents.js';

/** Days that readers look back over. */
export const RETENTION_DAYS = 2;
/** How much longer documents live. */
export const MARGIN_DAYS = 2;
export const SUBREDDITS: readonly string[] = ['a', 'b'];

/** What is outside the account: what Reddit serves, a dump, and the day it is. */
export interface World {
  today: number;
  /** By subreddit: all that was ever served, in the order of the listing, as it is now. */
  served: ReadonlyMap<string, Item[]>;
  dump: ReadonlyMap<string, readonly Item[]>;
}

const FIRST_DAY = 4;
const SERVED_FIRST = 5;
const DUMPED = 3;
const FRESH = { value: 1, gone: false };
/** How many of the edits remove the item. */
const REMOVALS = 0.3;

export function createWorld(random: Random): World {
  const served = new Map<string, Item[]>(SUBREDDITS.map((name) => [name, []]));
  const world: World = { today: FIRST_DAY, served, dump: new Map() };
  for (const subreddit of SUBREDDITS) {
    for (let count = 0; count < SERVED_FIRST; count += 1) {
      serveAnother(world, subreddit, FIRST_DAY - random.integer(RETENTION_DAYS));
    }
  }
  const dump = new Map(SUBREDDITS.map((subreddit) => [subreddit, dumpOf(served, subreddit)]));
  return { ...world, dump };
}

/** Some that nobody serves any more, and one that is served too. */
function dumpOf(served: ReadonlyMap<string, Item[]>, subreddit: string): Item[] {
  const old = Array.from({ length: DUMPED }, (_, at): Item => {
    return { kind: 'item', id: `${subreddit}-old-${at}`, place: 0, day: FIRST_DAY - at, ...FRESH };
  });
  return [...old, ...(served.get(subreddit) ?? []).slice(0, 1)];
}

export function serveAnother(world: World, subreddit: string, day = world.today): void {
  const listing = world.served.get(subreddit);
  if (listing === undefined) throw new Error(`nobody serves ${subreddit}`);
  const place = listing.length + 1;
  listing.push({ kind: 'item', id: `${subreddit}-${place}`, place, day, ...FRESH });
}

/** Somebody edits or removes one of the newest. */
export function editOne(world: World, subreddit: string, random: Random): void {
  const listing = world.served.get(subreddit) ?? [];
  const at = Math.max(0, listing.length - 1 - random.integer(3));
  const item = listing[at];
  if (item === undefined || item.gone) return;
  listing[at] = { ...item, value: item.value + 1, gone: random.chance(REMOVALS) };
}

/** The first day that readers look at. */
export const firstDay = (world: World): number => world.today - RETENTION_DAYS;

/** The first day of which nothing has expired: what `verify-store` would look at. */
export const firstLivingDay = (world: World): number => firstDay(world) - MARGIN_DAYS;

/** What a listing answers now, from a place on, oldest first, without what retention would take. */
export function listed(world: World, subreddit: string, afterPlace: number): Item[] {
  return (world.served.get(subreddit) ?? []).filter(
    ({ place, day }) => place > afterPlace && day >= firstDay(world),
  );
}
