import type { Clock } from '../../../clock.js';
import { AppError } from '../../../errors.js';
import type { Log } from '../../../log.js';
import type { Attempts, Cost, Speak } from './attempts.js';
import { createBreaker } from './breaker.js';
import type { Charges } from './charges.js';
import type { Verdict } from './classify.js';

export interface CallsOptions {
  attempts: Attempts;
  clock: Clock;
  log: Log;
  charges: Charges;
  /** The longest that one attempt takes. */
  attemptMs: number;
  /** The longest that a call takes, pauses that the account asks for included. */
  patienceMs: number;
  /** Told when a call failed because the account was behind what is known of it at every attempt. */
  onBehind: (beganMs: number) => void;
}

export interface Calls {
  /**
   * Makes attempts until one succeeds, patience ends or no repetition helps.
   *
   * @param shape names the call in logs and figures: a literal of the program
   * @param repeatable whether it does no harm to ask twice, when it is not known what came of it
   * @throws AppError as ../account.ts says, `cancelled` once closed, `internal` for our own faults
   */
  call<T>(shape: string, repeatable: boolean, speak: Speak<T>): Promise<T>;
  /** Ends what is under way, with `cancelled`, and refuses what comes after. */
  close(): void;
}

/** Pauses where the account names none: 20 ms, doubled each time, up to a second. */
const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1000;

export function createCalls(options: CallsOptions): Calls {
  const { attempts, clock, log, charges, attemptMs, patienceMs, onBehind } = options;
  const closed = new AbortController();
  const noteSlow = slowLog(clock, log);
  const breaker = createBreaker(clock, {
    opened: ({ code, message }) => {
      log.warn({ code }, `store: ${message}; from now on it is asked once a second`);
    },
    closed: (awayMs) => {
      log.info({ away_ms: Math.round(awayMs) }, 'store: the Cosmos account answers again');
    },
  });

  async function repeat<T>(repeatable: boolean, speak: Speak<T>, sum: Cost): Promise<T> {
    const until = clock.monotonic() + patienceMs;
    let behind = true;
    // The pauses bound the number of attempts: beyond the sixth each is a second or more.
    for (let tried = 1; ; tried += 1) {
      if (closed.signal.aborted) throw new AppError('cancelled', 'The store has been closed');
      breaker.admit();
      const ms = Math.min(attemptMs, until - clock.monotonic());
      const outcome = await attempts.make(ms, speak);
      sum.requests += outcome.cost.requests;
      sum.units += outcome.cost.units;
      if ('value' in outcome) {
        breaker.answered();
        return outcome.value;
      }
      if (closed.signal.aborted) continue;
      const { verdict } = outcome;
      behind &&= verdict.behind;
      const pauseMs = pauseBefore(tried, verdict, repeatable);
      const leftMs = until - clock.monotonic() - (pauseMs ?? 0);
      // An attempt that would be cut short proves nothing: what is known already is thrown.
      const last = pauseMs === null || leftMs < attemptMs / 2;
      if (verdict.alive) breaker.answered();
      // A connection that was kept too long says nothing of the account; the next one does.
      else if (verdict.error.transient && last) breaker.failed(verdict.error);
      if (last && behind) onBehind(until - patienceMs);
      if (last) throw verdict.error;
      await clock.sleep(pauseMs, closed.signal);
    }
  }

  return {
    async call(shape, repeatable, speak) {
      const began = clock.monotonic();
      const sum: Cost = { requests: 0, units: 0 };
      try {
        return await repeat(repeatable, speak, sum);
      } finally {
        if (sum.requests > 0) charges.add(shape, sum);
        noteSlow(shape, clock.monotonic() - began, sum);
      }
    },
    close() {
      closed.abort();
      attempts.end();
    },
  };
}

/** Null: it is not tried again. A lost connection is tried once more: the pool had kept it too long. */
function pauseBefore(tried: number, verdict: Verdict, repeatable: boolean): number | null {
  if (verdict.again === 'soon') {
    const own = Math.min(FIRST_PAUSE_MS * 2 ** (tried - 1), LAST_PAUSE_MS);
    return Math.max(own, verdict.retryAfterMs ?? 0);
  }
  return verdict.again === 'at once' && repeatable && tried === 1 ? 0 : null;
}

const SLOW_MS = 1000;
/** A shape that is slow throughout is told of so often. */
const SLOW_EVERY_MS = 10_000;

function slowLog(clock: Clock, log: Log): (shape: string, ms: number, cost: Cost) => void {
  const told = new Map<string, number>();
  return (shape, ms, { requests, units }) => {
    const now = clock.monotonic();
    if (ms <= SLOW_MS || now < (told.get(shape) ?? -Infinity) + SLOW_EVERY_MS) return;
    told.set(shape, now);
    const fields = { call: shape, ms: Math.round(ms), requests, request_units: units };
    log.warn(fields, 'store: a call took longer than a second');
  };
}
