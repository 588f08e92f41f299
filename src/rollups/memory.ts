import type { Clock } from '../clock.js';
import { toTimes, type Window } from '../domain/window.js';
import { AppError, toAppError } from '../errors.js';
import type { HourCounts, ReadStore, Revision } from '../store/store.js';
import { createHeldRollups, type HeldRollupsDeps } from './held.js';

/**
 * Keeps the hourly rollups in memory and up to date, and knows the revision of the data, so
 * that whoever keeps answers knows whether they still hold.
 */
export interface RollupMemory {
  /** Goes on following the store until `close`. */
  start(): void;
  /**
   * The revision, confirmed by the store a moment ago at most. It waits for the store only when
   * nothing is known of it: one that is known to fail costs no time.
   * @throws AppError what the store failed with when it was last looked at.
   */
  revision(): Promise<Revision>;
  /**
   * Counts by hour in each window, all from one revision: of the rollups in memory, or, while
   * those are not loaded, by the store itself. @throws AppError as the store does.
   */
  count(windows: readonly Window[], subreddit: string | undefined): Promise<HourCounts[][]>;
  /** Whether every hour that can be asked for is loaded. */
  isComplete(): boolean;
  /** Subreddits that have items in the loaded hours, as they are stored. */
  names(): string[];
  close(): Promise<void>;
}

export interface RollupMemoryDeps extends HeldRollupsDeps {
  store: Pick<ReadStore, 'rollups' | 'hourlyCounts'>;
  intervalMs?: number;
  /** A confirmation of the revision holds for so long; 0 for tests whose clock stands still. */
  freshForMs?: number;
}

const INTERVAL_MS = 250;
const FRESH_FOR_MS = 500;
/** A newer revision may come in between; then the question is asked again. */
const ATTEMPTS = 3;

export function createRollupMemory(deps: RollupMemoryDeps): RollupMemory {
  const { store, clock, intervalMs = INTERVAL_MS, freshForMs = FRESH_FOR_MS } = deps;
  const held = createHeldRollups(deps);
  const stop = new AbortController();
  const state = new Follower(() => held.step(), clock);
  let loop: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await state.look();
      const loading = state.failure === null && !held.isComplete();
      await clock.sleep(loading ? 0 : intervalMs, stop.signal);
    }
  }

  return {
    start: () => void (loop ??= run()),
    async revision() {
      const hopeless = state.failure !== null && state.looking;
      if (state.ageMs() >= freshForMs && !hopeless) await state.look();
      const revision = held.revision();
      if (state.failure !== null || revision === null) throw state.failure ?? notYet();
      return revision;
    },
    async count(windows, subreddit) {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const counted = await held.count(windows, subreddit);
        if (counted !== null) return counted;
      }
      const answer = await store.hourlyCounts({
        windows: windows.map(toTimes),
        ...(subreddit === undefined ? {} : { subreddit }),
      });
      return answer.windows;
    },
    isComplete: () => held.isComplete(),
    names: () => held.names(),
    async close() {
      stop.abort();
      await loop;
    },
  };
}

/** One look at a time, shared by all who want one, and what the last one came to. */
class Follower {
  readonly #step: () => Promise<void>;
  readonly #clock: Clock;
  #looking: Promise<void> | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  failure: AppError | null = null;

  constructor(step: () => Promise<void>, clock: Clock) {
    this.#step = step;
    this.#clock = clock;
  }

  get looking(): boolean {
    return this.#looking !== null;
  }

  /** Since the last look ended. */
  ageMs(): number {
    return this.#clock.monotonic() - this.#lookedAtMs;
  }

  look(): Promise<void> {
    this.#looking ??= this.#once().finally(() => {
      this.#lookedAtMs = this.#clock.monotonic();
      this.#looking = null;
    });
    return this.#looking;
  }

  async #once(): Promise<void> {
    try {
      await this.#step();
      this.failure = null;
    } catch (error) {
      this.failure = toAppError(error); // the health monitor logs it, once
    }
  }
}

/** A look that found another opening, and has not loaded anything of it. */
const notYet = () => new AppError('store_busy', 'The database has just been opened anew');
