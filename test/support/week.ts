import { runCycle } from '../../src/collect/cycle.js';
import { compactStore } from '../../src/keep/compact.js';
import type { Cycle } from '../../src/domain/cycle.js';
import type { Sentiment } from '../../src/domain/item.js';
import { hash32, randomFrom } from '../../src/simulator/random.js';
import { generatedWorld } from '../../src/simulator/generated.js';
import type { World } from '../../src/simulator/world.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import type { Scorer } from '../../src/scorer/scorer.js';
import type { Store } from '../../src/store/store.js';
import { silentLog } from './log.js';
import { temporaryStore } from './store.js';
import { VirtualClock } from './virtual-clock.js';
import { worldSource } from './world-source.js';

export const HOUR_MS = 3_600_000;
const CYCLE_MS = HOUR_MS / 2;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const LATENCY_MS = 700;
const THREAD_LIMIT = 30;
const START = Date.parse('2026-01-15T12:00:00.000Z');
const never = new AbortController().signal;
const SUBREDDITS = ['busy', 'Calm'];

/** A week of cycles over a world in bad weather, with what is left of it. */
export interface Week {
  seed: number;
  world: World;
  store: Store;
  path: string;
  endMs: number;
  cycles: Cycle[];
  /** When each subreddit was last read to the end, ms, by its name in lower case. */
  lastRead: Map<string, number>;
  /** Whether Reddit could not be reached then. */
  away: (ms: number) => boolean;
  /** Whether the database was rewritten at the end, as it is daily. */
  compacted: boolean;
}

interface Outage {
  fromMs: number;
  toMs: number;
}

/** The mark in an item's text, by which its bytes are found wherever they are. */
export function markOf(fullname: string): string {
  return `mark${hash32(`one ${fullname}`).toString(36)}x${hash32(`two ${fullname}`).toString(36)}`;
}

/**
 * Half-hourly cycles over a week in which things arrive late and out of order, pages are stale,
 * items are edited and deleted at any age, subreddits close and come back, and nothing is
 * collected for 3, 3 and 30 hours: in even seeds Reddit is away, in odd ones our machine.
 */
export async function simulateWeek(
  t: { teardown: (release: () => unknown) => void },
  seed: number,
): Promise<Week> {
  const clock = new VirtualClock(START);
  t.teardown(() => clock.close());
  const world = worldOf(seed);
  const env = { SUBREDDITS: SUBREDDITS.join(',') };
  const { store, config, path } = await temporaryStore(t, { clock, env });
  const keeping = { store, clock, log: silentLog };
  const scorer = remembering(createLexiconScorer());
  const outages = outagesOf(seed);
  const away = (ms: number) => outages.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
  const machineAway = seed % 2 === 1;
  const cycles: Cycle[] = [];
  const lastRead = new Map<string, number>();
  const source = () =>
    worldSource(world, {
      ...{ clock, latencyMs: LATENCY_MS, threadLimit: THREAD_LIMIT },
      reachable: () => machineAway || !away(clock.now()),
    });

  for (let slot = START; slot < START + WEEK_MS; slot += CYCLE_MS) {
    await clock.drive(clock.sleep(slot - clock.now()));
    if (machineAway && away(slot)) continue;
    if ((slot - START) % DAY_MS === 0) await compactStore(keeping, never);
    const deps = {
      ...{ store, config, clock, scorer, source: source(), log: silentLog },
      ...{ holder: 'test:1:0:0', holderIsDead: () => false, memory: () => 50 * 1_048_576 },
    };
    const run = { id: `cycle-${cycles.length}`, trigger: 'manual' } as const;
    const outcome = await clock.drive(runCycle(run, deps, never));
    if (outcome.status === 'skipped') throw new Error(outcome.reason);
    cycles.push(outcome.cycle);
    for (const { name, state, error } of outcome.cycle.subreddits) {
      if (error === null && state === 'active') lastRead.set(name.toLowerCase(), slot);
    }
  }
  world.advanceTo(clock.now());
  const { done: compacted } = await compactStore(keeping, never);
  return {
    ...{ seed, world, store, path, endMs: clock.now(), cycles, lastRead, compacted },
    away: (ms) => !machineAway && away(ms),
  };
}

/** Each text is scored some twenty times in a week. */
function remembering(scorer: Scorer): Scorer {
  const scores = new Map<string, Sentiment>();
  return {
    version: scorer.version,
    score(text) {
      const known = scores.get(text);
      if (known !== undefined) return known;
      const score = scorer.score(text);
      scores.set(text, score);
      return score;
    },
  };
}

/** Every fourth week has so many posts that their listing, too, does not reach over the long outage. */
function worldOf(seed: number): World {
  const postsPerHour = seed % 4 === 3 ? 40 : 4;
  return generatedWorld({
    ...{ seed, startMs: START, subreddits: SUBREDDITS, weights: [9, 1], historyHours: 6 },
    ...{ postsPerHour, commentsPerHour: 40, forgetAfterHours: Infinity, markOf },
    weather: {
      ...{ late: 0.15, disorder: 0.05, stale: 0.1, short: 0.3, lostAnchors: 0.1 },
      ...{ closures: 0.15, omissions: 0.01, lateChanges: 0.02 },
    },
  });
}

/** Two short ones and a long one, apart from each other and not at once. */
function outagesOf(seed: number): Outage[] {
  const random = randomFrom(hash32(`outages ${seed}`));
  const within = (fromHours: number, toHours: number, hours: number): Outage => {
    const fromMs = START + (fromHours + random.integer(toHours - fromHours - hours)) * HOUR_MS;
    return { fromMs, toMs: fromMs + hours * HOUR_MS };
  };
  const long = within(10, 120, 30);
  const hoursTo = (long.fromMs - START) / HOUR_MS;
  return [long, within(1, Math.max(5, hoursTo), 3), within(hoursTo + 31, 167, 3)];
}
