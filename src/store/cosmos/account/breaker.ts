import type { Clock } from '../../../clock.js';
import { AppError } from '../../../errors.js';

/**
 * Spares callers the wait for an account that is away, and the account the calls.
 *
 * - closed: everybody asks. The third failure in a row opens it.
 * - open: calls fail at once, as the last one did. A second after it opened, and then once a second,
 *   one call is let through to see, whether or not an earlier one still waits for its answer.
 * - Any answer closes it. An account that answers again is therefore asked within a second, and all
 *   calls with it as soon as it has answered.
 */
export interface Breaker {
  /** To be called before each attempt. @throws AppError what the last attempt failed with */
  admit(): void;
  answered(): void;
  failed(error: AppError): void;
}

const OPENS_AT = 3;
const TRIAL_EVERY_MS = 1000;

export interface BreakerEvents {
  opened(error: AppError): void;
  closed(awayMs: number): void;
}

export function createBreaker(clock: Clock, events: BreakerEvents): Breaker {
  let failures = 0;
  let open: { error: AppError; since: number; asked: number } | null = null;
  return {
    admit() {
      if (open === null) return;
      const now = clock.monotonic();
      const waitMs = open.asked + TRIAL_EVERY_MS - now;
      if (waitMs > 0) throw notAsked(open.error, waitMs);
      open.asked = now;
    },
    answered() {
      failures = 0;
      if (open === null) return;
      const awayMs = clock.monotonic() - open.since;
      open = null;
      events.closed(awayMs);
    },
    failed(error) {
      failures += 1;
      const now = clock.monotonic();
      if (open !== null) open.error = error;
      else if (failures >= OPENS_AT) {
        open = { error, since: now, asked: now };
        events.opened(error);
      }
    },
  };
}

function notAsked({ code, message, cure, details }: AppError, waitMs: number): AppError {
  const inSeconds = (waitMs / 1000).toFixed(1);
  return new AppError(code, `${message}; not asked again for ${inSeconds} s`, {
    ...(cure === undefined ? {} : { cure }),
    details: { ...details },
  });
}
