/**
 * Time as a dependency. Nothing outside this file reads the system's clock or
 * sets a timer for the purpose of waiting, so tests decide what time it is.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch, UTC. May jump. */
  now(): number;
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds, or at once when `signal` aborts: a sleep
   * that is cut short is not an error, callers look at the signal themselves.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's `setTimeout` fires at once for anything longer (2^31 − 1 ms, about 24.8 days). */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
      signal?.addEventListener('abort', finish, { once: true });
    });
  },
};

/** UTC ISO 8601 with milliseconds, the only form in which times leave the system. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
