import type { Clock } from '../clock.js';
import {
  delayMs,
  FRESH_BUDGET,
  learn,
  type RateBudget,
  REQUESTS_PER_MINUTE,
  shifted,
  spend,
} from '../domain/rate-budget.js';
import { AppError } from '../errors.js';
import type { Log } from '../log.js';
import { rateHints } from './headers.js';

/** Where the budget outlives the job; times are the wall clock's. */
export interface BudgetMemory {
  rateBudget(): Promise<RateBudget | null>;
  saveRateBudget(budget: RateBudget): Promise<void>;
}

export interface BudgetOptions {
  clock: Clock;
  log: Log;
  /** Null: the budget lives and ends with this source. */
  memory: BudgetMemory | null;
  perMinute?: number;
}

/** Who may send when. Every request takes its turn first and tells its answer's headers. */
export interface RateLimiter {
  /**
   * Resolves when a request may be sent; that does not take the turn yet.
   * @throws AppError `cancelled` when the signal aborts, or of the memory.
   */
  free(signal: AbortSignal): Promise<void>;
  /** Takes the turn, if it is still free, and remembers it before anything is sent. */
  take(): Promise<boolean>;
  /** To be called once for each turn taken; null when no answer came. */
  answered(headers: Record<string, string> | null): Promise<void>;
}

/** Waiting longer than this is worth a line in the log. */
const WORTH_TELLING_MS = 2000;
/** Longer than our own pace can ask for: Reddit does, and whoever looks on should know. */
const WORTH_WARNING_MS = 65_000;
/** A memory that failed is left alone for so long: each try may wait for somebody's lock. */
const MEMORY_REST_MS = 60_000;

/**
 * The rate budget of SPEC §5.4. Inside it counts on the clock that never jumps; what is
 * remembered for the next job is told by the wall clock, and bounded when it is read.
 */
export function createRateLimiter(options: BudgetOptions): RateLimiter {
  const { clock, log, memory, perMinute = REQUESTS_PER_MINUTE } = options;
  const toWall = () => clock.now() - clock.monotonic();
  let budget = FRESH_BUDGET;
  let loading: Promise<void> | null = null;
  let inFlight = 0;
  let restUntil = 0;

  const wait = () => delayMs(budget, perMinute, clock.monotonic());

  async function load(): Promise<void> {
    const stored = (await memory?.rateBudget()) ?? null;
    if (stored !== null) budget = shifted(stored, -toWall(), clock.monotonic());
  }

  /** A budget that cannot be stored still holds here. */
  async function save(): Promise<void> {
    if (memory === null || clock.monotonic() < restUntil) return;
    try {
      await memory.saveRateBudget(shifted(budget, toWall(), clock.now()));
    } catch (error) {
      restUntil = clock.monotonic() + MEMORY_REST_MS;
      log.warn({ err: error }, 'the rate budget was not stored: the next job may not know of it');
    }
  }

  return {
    async free(signal) {
      loading ??= load().catch((error: unknown) => {
        loading = null;
        throw error;
      });
      await loading;
      for (let ms = wait(); ms > 0 && !signal.aborted; ms = wait()) {
        const level = ms > WORTH_WARNING_MS ? 'warn' : 'info';
        if (ms > WORTH_TELLING_MS) {
          log[level]({ wait_ms: Math.ceil(ms) }, 'waiting for the rate budget');
        }
        await clock.sleep(ms, signal);
      }
      if (!signal.aborted) return;
      const seconds = Math.ceil(wait() / 1000);
      const left = seconds > 0 ? `; the rate budget asks for ${seconds} s more` : '';
      throw new AppError('cancelled', `Cancelled while waiting for Reddit${left}`);
    },
    async take() {
      if (wait() > 0) return false;
      budget = spend(budget, clock.monotonic());
      inFlight += 1;
      await save();
      return true;
    },
    async answered(headers) {
      inFlight -= 1;
      if (headers === null) return;
      budget = learn(budget, rateHints(headers, clock.now()), inFlight, clock.monotonic());
      if (wait() > 0) await save();
    },
  };
}
