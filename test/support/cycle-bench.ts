import type { ExecutionContext } from 'ava';
import { runCycle } from '../../src/collect/cycle.js';
import type { Config } from '../../src/config.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { createRedditSource } from '../../src/reddit/client.js';
import type { Log } from '../../src/log.js';
import type { PostSource } from '../../src/reddit/source.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import type { Store } from '../../src/store/store.js';
import { silentLog } from './log.js';
import { type Simulation, simulation } from './reddit.js';
import { temporaryStore } from './store.js';
import { common, type Ids, missing, storedIds } from './stored-ids.js';
import { VirtualClock } from './virtual-clock.js';

export interface CycleBench {
  clock: VirtualClock;
  reddit: Simulation;
  store: Store;
  config: Config;
  databasePath: string;
  /** Lets time pass, in the world as well. */
  pass(ms: number): Promise<void>;
  /** One cycle as the job makes it, with a source of its own that is closed after it. */
  cycle(options?: CycleOptions): Promise<Cycle>;
  /** What a cycle gets its items from; to be closed. */
  newSource(): PostSource;
  /** What was listed when the last cycle began, still is, and is not stored. */
  missing(): string[];
}

export interface CycleOptions {
  /** Puts itself between the cycle and its source. */
  wrap?: (source: PostSource) => PostSource;
  signal?: AbortSignal;
}

const START = '2026-01-15T12:00:00.000Z';
const never = new AbortController().signal;

/**
 * The real cycle, client and store, and the simulator over real sockets, all in this process
 * and on one virtual clock.
 */
export async function cycleBench(
  t: Pick<ExecutionContext, 'teardown'>,
  options: {
    env?: Record<string, string>;
    log?: Log;
    simulation?: Omit<NonNullable<Parameters<typeof simulation>[1]>, 'clock'>;
    /** Opens the store; the embedded one unless given. `missing` and `databasePath` know that one only. */
    open?: (config: Config, clock: VirtualClock) => Promise<Store>;
    /** See `VirtualClock`. */
    stuckAfterMs?: number;
  } = {},
): Promise<CycleBench> {
  const clock = new VirtualClock(Date.parse(START), options.stuckAfterMs);
  t.teardown(() => clock.close());
  const reddit = await simulation(t, { historyHours: 1, ...options.simulation, clock });
  const { path, config, ...embedded } = await temporaryStore(t, {
    clock,
    env: {
      SUBREDDITS: reddit.subreddits.join(','),
      REDDIT_CLIENT_ID: 'id',
      REDDIT_CLIENT_SECRET: 'secret',
      REDDIT_USER_AGENT: 'test/1',
      REDDIT_BASE_URL: reddit.url,
      ...options.env,
    },
  });
  const store = (await options.open?.(config, clock)) ?? embedded.store;
  const { reddit: redditConfig } = config;
  if (redditConfig === null) throw new Error('without credentials');
  const scorer = createLexiconScorer();
  const { log = silentLog } = options;
  let cycles = 0;
  let before: Ids = { posts: [], comments: [] };

  const newSource = () => createRedditSource(redditConfig, 'secret', { clock, log, budget: store });

  return {
    ...{ clock, reddit, store, config, databasePath: path, newSource },
    pass: (ms) => clock.drive(clock.sleep(ms)),
    async cycle({ wrap = (source: PostSource) => source, signal = never } = {}) {
      cycles += 1;
      before = reddit.listed();
      const source = newSource();
      const deps = {
        ...{ store, config, clock, scorer },
        source: wrap(source),
        log,
        holder: 'test:1:0:0',
        holderIsDead: () => false,
        memory: () => 50 * 1_048_576,
      };
      const run = { id: `cycle-${cycles}`, trigger: 'manual' } as const;
      try {
        const outcome = await clock.drive(runCycle(run, deps, signal));
        if (outcome.status === 'skipped') throw new Error(outcome.reason);
        return outcome.cycle;
      } finally {
        await source.close();
        await clock.settle();
      }
    },
    missing: () => missing(common(before, reddit.listed()), storedIds(path)),
  };
}
