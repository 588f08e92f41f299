import { toIso } from '../clock.js';
import type { IsoTime } from '../domain/item.js';
import { type RollupChange, totalOf } from '../domain/rollup.js';
import { DAY_MS, HOUR_MS } from '../domain/window.js';
import type { Moved, MoveDeps } from './deps.js';

export interface Comparison {
  /** Start of the first hour that lies within retention as a whole: what is older is not compared. */
  compared_since: IsoTime;
  /** Of the source, created since then or exempt from retention. */
  items: number;
  /** Of the source, of the hours since then. */
  rollups: number;
  /** Of all subreddits, that are older and still shown by one of the two. */
  hours_left_out: number;
  /** What differs between the two; empty: everything has arrived. */
  differences: string[];
}

/** Differences that are told one by one. */
const MOST_TOLD = 20;
const ALL_HOURS = { from: '0000-01-01T00:00:00.000Z', to: '9999-01-01T00:00:00.000Z' };

/**
 * Counts and all rollups of what retention keeps. Of what is past it one store shows what it has until
 * `prune` comes, the other nothing, and Azure lets go of it by itself: there the two may differ.
 */
export async function compare({
  from,
  to,
  clock,
  retentionDays,
}: Pick<MoveDeps, 'from' | 'to' | 'clock' | 'retentionDays'>): Promise<Comparison> {
  const since = toIso(Math.ceil((clock.now() - retentionDays * DAY_MS) / HOUR_MS) * HOUR_MS);
  const [items, held] = [await from.heldCount(since), await to.heldCount(since)];
  const [here, there] = [await rollupsOf(from), await rollupsOf(to)];
  const keys = [...new Set([...here.keys(), ...there.keys()])].sort();
  // A key begins with its hour.
  const kept = keys.filter((key) => key >= since);
  return {
    ...{ compared_since: since, items, hours_left_out: keys.length - kept.length },
    rollups: kept.filter((key) => here.has(key)).length,
    differences: [
      ...(items === held ? [] : [`${items} items in the one, ${held} in the other`]),
      ...differencesOf(kept, here, there),
    ],
  };
}

type Texts = ReadonlyMap<string, string>;

function differencesOf(keys: readonly string[], here: Texts, there: Texts): string[] {
  const different = keys.filter((key) => here.get(key) !== there.get(key));
  const told = different
    .slice(0, MOST_TOLD)
    .map(
      (key) =>
        `rollup of ${key}: ${here.get(key) ?? 'none'} in the one, ${there.get(key) ?? 'none'} in the other`,
    );
  if (different.length > MOST_TOLD) told.push(`and ${different.length - MOST_TOLD} rollups more`);
  return told;
}

/** By hour and subreddit, as text that is equal when they are. */
async function rollupsOf(store: Moved): Promise<Texts> {
  const { rollups } = await store.rollups({ since: null, hours: ALL_HOURS, edges: [] });
  return new Map(
    rollups
      .filter((rollup) => totalOf(rollup) > 0)
      .map((rollup) => [`${rollup.hour} ${rollup.subreddit.toLowerCase()}`, textOf(rollup)]),
  );
}

function textOf({ posts, comments, positive, negative, neutral, ...rest }: RollupChange): string {
  const { score_sum, thread_comments, thread_comments_stored, last_item_at } = rest;
  return JSON.stringify({
    ...{ posts, comments, positive, negative, neutral, score_sum },
    ...{ thread_comments, thread_comments_stored, last_item_at },
  });
}
