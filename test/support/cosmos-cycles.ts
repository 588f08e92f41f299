import { isDeepStrictEqual } from 'node:util';
import { systemClock, toIso } from '../../src/clock.js';
import { runCycle } from '../../src/collect/cycle.js';
import type { CosmosAccount } from '../../src/cosmos-account/run.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { generatedWorld } from '../../src/simulator/generated.js';
import type { World } from '../../src/simulator/world.js';
import type { HeldItem } from '../../src/store/move-store.js';
import type { Store } from '../../src/store/store.js';
import { testConfig } from './config.js';
import { type Patience, storeOn, type Teardown } from './cosmos-system.js';
import { silentLog } from './log.js';
import { worldSource } from './world-source.js';

export const SUBREDDITS = ['claude', 'aws'];
/** Several times what a cycle takes here, so that a busy machine does not cut one short before its fault. */
export const DEADLINE_MS = 30_000;
/** Of eight threads each: several times as many as the world has. */
const MOST_CYCLES = 12;

/** Reddit as it was then, for ever: what a cycle finds does not depend on how long others took. */
export function standingWorld(startMs: number): World {
  return generatedWorld({
    seed: 7,
    startMs,
    subreddits: SUBREDDITS,
    postsPerHour: 12,
    commentsPerHour: 80,
    historyHours: 3,
  });
}

const scorer = createLexiconScorer();
const never = new AbortController().signal;

/** One cycle as the job makes it: over a store that it opens and closes. */
export async function collectFrom(
  t: Teardown,
  account: CosmosAccount,
  world: World,
  { id, patience }: { id: string; patience?: Patience },
): Promise<Cycle> {
  const config = testConfig({
    SUBREDDITS: SUBREDDITS.join(','),
    COLLECTION_DEADLINE_MINUTES: String(DEADLINE_MS / 60_000),
  });
  const store = storeOn(t, account, patience);
  // The world stands still: it is older than any time that it is told.
  const source = worldSource(world, { clock: { ...systemClock, now: () => 0 } });
  const deps = {
    ...{ store, source, config, clock: systemClock, scorer, log: silentLog },
    ...{ holder: `test:1:0:0:${id}`, holderIsDead: () => true },
    memory: () => 50 * 1_048_576,
  };
  try {
    const outcome = await runCycle({ id, trigger: 'manual' }, deps, never);
    if (outcome.status === 'skipped') throw new Error(outcome.reason);
    return outcome.cycle;
  } finally {
    await source.close();
    await store.close();
  }
}

/**
 * Cycles until one changes nothing any more, and what is stored then. Each reads a few threads, and those of
 * posts that the one before came to know: after a certain number of cycles it depends on the world's hour how far they are.
 */
export async function collectToEnd(
  t: Teardown,
  account: CosmosAccount,
  world: World,
  id: string,
): Promise<string[]> {
  const store = storeOn(t, account);
  let before = await itemsOf(store);
  for (let n = 1; n <= MOST_CYCLES; n += 1) {
    const { status, upkeep } = await collectFrom(t, account, world, { id: `${id}-${n}` });
    if (status !== 'succeeded') throw new Error(`${id}-${n} ${status}`);
    const after = await itemsOf(store);
    if (upkeep?.repair.left === 0 && isDeepStrictEqual(before, after)) {
      await store.close();
      return after;
    }
    before = after;
  }
  throw new Error(`${MOST_CYCLES} cycles did not come to an end`);
}

export async function idsOf(store: Store): Promise<Set<string>> {
  const items = (await itemsOf(store)).map((text) => JSON.parse(text) as HeldItem);
  return new Set(items.map(({ item }) => item.id));
}

/**
 * Every item with all that is kept of it but when that was, as text, by subreddit and id. Whether a thread had to
 * be read depends on what was known when; what is out of reach in it does not.
 */
export async function itemsOf(store: Store): Promise<string[]> {
  const found: string[] = [];
  for (const { name: subreddit } of await store.heldSubreddits()) {
    const hours = await store.heldHours({ subreddit, after: null, limit: 1000 });
    for (const hour of hours) {
      const items = await store.heldItems({ subreddit, hour });
      found.push(...items.map(textOf));
    }
  }
  return found.sort();
}

function textOf({
  collected_at: _,
  updated_at: __,
  thread_read_at: ___,
  ...item
}: HeldItem): string {
  return JSON.stringify(item);
}

/** What is wrong with the store as a whole: empty when nothing is. */
export async function faultsOfStore(store: Store): Promise<string[]> {
  const { differences } = await store.verify({ repair: false });
  const [first] = differences;
  if (first === undefined) return [];
  return [`${differences.length} differences, the first ${JSON.stringify(first)}`];
}

/** Records that are still open, or were closed in the future. */
export async function oddRecords(store: Store): Promise<string[]> {
  const cycles = await store.cycles({ limit: 50 });
  const now = toIso(systemClock.now());
  return cycles
    .filter(({ status, finished_at: at }) => status === 'running' || at === null || at > now)
    .map(({ id, status, finished_at }) => `${id} is ${status}, finished ${finished_at}`);
}
