import type { Clock } from '../clock.js';

/** Never wait longer than this for what one header says: Reddit's window is ten minutes. */
const MAX_PAUSE_MS = 11 * 60_000;

/** Follows what Reddit says about how many requests are left, and until when to wait. */
export interface RateBudget {
  /** Waits until a request may be sent, or the signal aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** Learns from an answer's `X-Ratelimit-*` and `Retry-After`. */
  learn(headers: Record<string, string>): void;
}

export function followRateLimit(clock: Clock): RateBudget {
  let remaining = Number.POSITIVE_INFINITY;
  let resetAt = 0;

  return {
    async ready(signal) {
      if (remaining >= 1) {
        remaining -= 1;
        return;
      }
      await clock.sleep(resetAt - clock.monotonic(), signal);
      remaining = Number.POSITIVE_INFINITY;
    },
    learn(headers) {
      const now = clock.monotonic();
      const left = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
      const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
      const retryAfter = Number(headers['retry-after'] ?? Number.NaN);
      if (Number.isFinite(left) && Number.isFinite(reset)) {
        remaining = left;
        resetAt = now + Math.min(reset * 1000, MAX_PAUSE_MS);
      }
      if (Number.isFinite(retryAfter)) {
        remaining = 0;
        resetAt = Math.max(resetAt, now + Math.min(retryAfter * 1000, MAX_PAUSE_MS));
      }
    },
  };
}
