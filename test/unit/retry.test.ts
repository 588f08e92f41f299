import test from 'ava';
import { AppError, isTransient } from '../../src/errors.js';
import { retry, withDeadline } from '../../src/retry.js';
import { ManualClock } from '../support/clock.js';

test('retries at 1, 4 and 16 s, then throws the last error', async (t) => {
  const clock = new ManualClock();
  const attempts: number[] = [];
  const result = retry(
    async () => {
      attempts.push(clock.monotonic());
      throw new AppError('store_unreachable', 'gone');
    },
    { clock, retries: 3, baseDelayMs: 1000, isRetryable: isTransient },
  );
  const outcome = t.throwsAsync(result, { message: 'gone' });
  await clock.advance(30_000);
  await outcome;
  t.deepEqual(attempts, [0, 1000, 5000, 21_000]);
});

test('an error that waiting cannot cure is thrown at once', async (t) => {
  const clock = new ManualClock();
  let attempts = 0;
  await t.throwsAsync(
    retry(
      async () => {
        attempts += 1;
        throw new AppError('store_unusable', 'corrupt');
      },
      { clock, retries: 3, baseDelayMs: 1000, isRetryable: isTransient },
    ),
  );
  t.is(attempts, 1);
});

test('an abort cuts the wait short', async (t) => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const outcome = t.throwsAsync(
    retry(async () => Promise.reject(new AppError('store_busy', 'busy')), {
      clock,
      retries: 3,
      baseDelayMs: 1000,
      isRetryable: isTransient,
      signal: abort.signal,
    }),
    { message: 'busy' },
  );
  await clock.advance(10);
  abort.abort();
  await outcome;
  t.is(clock.sleeping, 0);
});

test('a deadline rejects, tells the operation, and leaves no timer', async (t) => {
  const clock = new ManualClock();
  let told: AbortSignal | undefined;
  const outcome = t.throwsAsync(
    withDeadline(500, clock, (signal) => {
      told = signal;
      return new Promise(() => undefined);
    }),
    { message: 'No result within 500 ms' },
  );
  await clock.advance(499);
  t.false(told?.aborted);
  await clock.advance(1);
  await outcome;
  t.true(told?.aborted);
  t.is(clock.sleeping, 0);
});

test('an operation that ends in time leaves no timer', async (t) => {
  const clock = new ManualClock();
  t.is(await withDeadline(500, clock, async () => 7), 7);
  t.is(clock.sleeping, 0);
});
