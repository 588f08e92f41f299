import type { Clock } from './clock.js';
import { AppError } from './errors.js';

export interface RetryPolicy {
  /** Number of retries after the first attempt; 0 means one attempt. */
  retries: number;
  /** Delay before retry n (from 0) is `baseDelayMs` × 4ⁿ: 1 s, 4 s, 16 s by default. */
  baseDelayMs: number;
  /** No delay is longer; for those who go on for ever. */
  maxDelayMs?: number;
}

export interface RetryOptions extends RetryPolicy {
  clock: Clock;
  /** Cuts a waiting retry short; the last error is then thrown. */
  signal?: AbortSignal;
  isRetryable: (error: unknown) => boolean;
  /** Told before each wait; `attempt` counts from 1. */
  onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
}

/**
 * Runs `operation` until it succeeds, fails for good, or the retries are used
 * up; throws the last error. The clock is injected, which is why this is not a
 * library: the ones we know of set timers of their own. An AppError carries away in
 * `details.attempt` how often it was tried, and in `details.before` what the attempt before
 * had failed with, for whoever cut this one short.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { clock, signal, retries, baseDelayMs, maxDelayMs = Infinity } = options;
  let before: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      if (error instanceof AppError) {
        error.details.attempt = attempt;
        if (before !== undefined) error.details.before = before;
        before = `${error.code}: ${error.message}`;
      }
      if (attempt > retries || signal?.aborted || !options.isRetryable(error)) throw error;
      const delayMs = Math.min(maxDelayMs, baseDelayMs * 4 ** (attempt - 1));
      options.onRetry?.(error, attempt, delayMs);
      await clock.sleep(delayMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/**
 * Settles with `operation`, or rejects with `deadline_exceeded` after `ms`.
 * The operation is told through its signal, and is no longer waited for.
 */
export async function withDeadline<T>(
  ms: number,
  clock: Clock,
  operation: (signal: AbortSignal) => Promise<T>,
  onDeadline: () => Error = () => new AppError('deadline_exceeded', `No result within ${ms} ms`),
): Promise<T> {
  const expired = new AbortController();
  const settled = new AbortController();
  const work = operation(expired.signal).finally(() => settled.abort());
  const timer = clock.sleep(ms, settled.signal).then(() => {
    if (settled.signal.aborted) return work;
    const error = onDeadline();
    expired.abort(error);
    work.catch(() => undefined); // its late failure has no listener any more
    throw error;
  });
  return Promise.race([work, timer]);
}
