import test from 'ava';
import fc from 'fast-check';
import {
  delayMs,
  FRESH_BUDGET,
  learn,
  MAX_PAUSE_MS,
  type RateBudget,
  type RateHints,
  shifted,
  spend,
} from '../../src/domain/rate-budget.js';
import { AppError } from '../../src/errors.js';
import { type BudgetMemory, createRateLimiter } from '../../src/reddit/budget.js';
import { rateHints } from '../../src/reddit/headers.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog, silentLog } from '../support/log.js';

const NOTHING: RateHints = { remaining: null, resetMs: null, retryAfterMs: null };
const never = new AbortController().signal;
const NOW = Date.parse('2026-01-15T12:00:00.000Z');

const headers: [given: Record<string, string>, expected: Partial<RateHints>][] = [
  [{}, {}],
  [
    { 'x-ratelimit-remaining': '597.0', 'x-ratelimit-reset': '323', 'x-ratelimit-used': '3' },
    { remaining: 597, resetMs: 323_000 },
  ],
  [{ 'x-ratelimit-remaining': '0.5' }, { remaining: 0.5 }],
  [{ 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': 'NaN' }, {}],
  [{ 'x-ratelimit-remaining': '1e400', 'x-ratelimit-reset': 'Infinity' }, {}],
  [{ 'retry-after': '4' }, { retryAfterMs: 4000 }],
  [{ 'retry-after': '0' }, { retryAfterMs: 0 }],
  [{ 'retry-after': '-4' }, {}],
  [{ 'retry-after': '' }, {}],
  [{ 'retry-after': 'soon' }, {}],
  [{ 'retry-after': '9999999999999' }, {}],
  [{ 'retry-after': 'Thu, 15 Jan 2026 12:00:30 GMT' }, { retryAfterMs: 30_000 }],
  [{ 'retry-after': 'Thu, 15 Jan 2026 11:00:00 GMT' }, { retryAfterMs: 0 }],
  [{ 'retry-after': 'Thu, 99 Jan 2026 11:00:00 GMT' }, {}],
];
for (const [given, expected] of headers) {
  test(`headers ${JSON.stringify(given)}`, (t) => {
    t.deepEqual(rateHints(given, NOW), { ...NOTHING, ...expected });
  });
}

test('what is left is spent down to zero, then waited for until the reset', (t) => {
  let budget = learn(FRESH_BUDGET, { ...NOTHING, remaining: 2.7, resetMs: 30_000 }, 0, 1000);
  for (const expected of [0, 0]) {
    t.is(delayMs(budget, 100, 2000), expected);
    budget = spend(budget, 2000);
  }
  t.is(delayMs(budget, 100, 2000), 30_000);
  t.is(delayMs(budget, 100, 32_000), 0);
  t.is(spend(budget, 32_000).remaining, null); // a new window: its size is not known yet
});

test('answers that cross do not give back what is in flight', (t) => {
  t.is(learn(FRESH_BUDGET, { ...NOTHING, remaining: 5, resetMs: 1000 }, 3, 0).remaining, 2);
});

test('Retry-After is never shortened by a later one, and never believed for ever', (t) => {
  const long = learn(FRESH_BUDGET, { ...NOTHING, retryAfterMs: 60_000 }, 0, 0);
  t.is(delayMs(learn(long, { ...NOTHING, retryAfterMs: 1000 }, 0, 0), 100, 0), 60_000);
  const absurd = learn(FRESH_BUDGET, { ...NOTHING, retryAfterMs: 1e15 }, 0, 0);
  t.is(delayMs(absurd, 100, 0), MAX_PAUSE_MS);
});

test('remembered times of a clock that was ahead do not block for longer than a header may', (t) => {
  const ahead: RateBudget = { sentAt: [9e12], remaining: 0, resetAt: 9e12, blockedUntil: 9e12 };
  const now = shifted(ahead, 0, NOW);
  t.deepEqual(now.sentAt, [NOW]);
  t.is(delayMs(now, 100, NOW), MAX_PAUSE_MS);
});

test('property: never more than the cap in any minute, never one that Reddit has refused', (t) => {
  const step = fc.record({
    passMs: fc.integer({ min: 0, max: 20_000 }),
    hints: fc.record({
      remaining: fc.option(fc.integer({ min: 0, max: 20 })),
      resetMs: fc.option(fc.integer({ min: 0, max: 100_000 })),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 30_000 }), { freq: 5 }),
    }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300 }),
      fc.integer({ min: 1, max: 12 }),
      (steps, cap) => {
        let budget = FRESH_BUDGET;
        let now = 0;
        const sent: number[] = [];
        let refusedUntil = 0;
        for (const { passMs, hints } of steps) {
          now += passMs;
          const wait = delayMs(budget, cap, now);
          if (wait > 0) continue;
          if (now < refusedUntil) return false;
          budget = learn(spend(budget, now), hints, 0, now);
          sent.push(now);
          if (hints.retryAfterMs !== null)
            refusedUntil = Math.max(refusedUntil, now + hints.retryAfterMs);
          if (sent.filter((at) => at > now - 60_000).length > cap) return false;
          if (budget.sentAt.length > cap) return false;
        }
        return true;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

test('property: whatever the headers say, waiting ends within eleven minutes', (t) => {
  const value = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String));
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      const given = { 'x-ratelimit-remaining': a, 'x-ratelimit-reset': b, 'retry-after': c };
      const budget = learn(FRESH_BUDGET, rateHints(given, NOW), 0, 0);
      const wait = delayMs(budget, 100, 0);
      return wait >= 0 && wait <= MAX_PAUSE_MS + 1000;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

function memory(): BudgetMemory & { stored: RateBudget | null; saves: number; fail: boolean } {
  return {
    stored: null,
    saves: 0,
    fail: false,
    async rateBudget() {
      return this.stored;
    },
    async saveRateBudget(budget) {
      this.saves += 1;
      if (this.fail) throw new AppError('store_unreachable', 'gone');
      this.stored = budget;
    },
  };
}

test('the limiter: turns beyond the cap wait for their minute, in any number of callers', async (t) => {
  const clock = new ManualClock(NOW);
  const limiter = createRateLimiter({ clock, log: silentLog, memory: null, perMinute: 10 });
  const sent: number[] = [];
  const calls = Array.from({ length: 35 }, async () => {
    do await limiter.free(new AbortController().signal);
    while (!(await limiter.take()));
    sent.push(clock.monotonic());
    await limiter.answered({});
  });
  await clock.advance(200_000);
  await Promise.all(calls);
  t.is(sent.length, 35);
  for (const at of sent)
    t.true(sent.filter((other) => other > at - 60_000 && other <= at).length <= 10);
  t.true((sent.at(-1) ?? 0) <= 3 * 61_000);
});

test('a pause that Reddit asks for is a warning, and a wait cut short says what was left', async (t) => {
  const clock = new ManualClock(NOW);
  const { log, lines } = recordingLog();
  const limiter = createRateLimiter({ clock, log, memory: null });
  const stop = new AbortController();
  const told = () => lines.splice(0).map(({ level, msg }) => [level, msg]);
  const paused = async (seconds: string) => {
    await limiter.take();
    await limiter.answered({ 'retry-after': seconds });
    const waiting = limiter.free(stop.signal);
    await clock.advance(30_000);
    return waiting;
  };
  await limiter.free(stop.signal);
  await paused('30');
  t.deepEqual(told(), [['info', 'waiting for the rate budget']]);
  void clock.sleep(30_000).then(() => stop.abort());
  const error = await t.throwsAsync(paused('600'), { instanceOf: AppError, code: 'cancelled' });
  t.regex(error?.message ?? '', /; the rate budget asks for 570 s more$/);
  t.deepEqual(told(), [['warn', 'waiting for the rate budget']]);
});

test('the budget outlives its limiter, whatever the monotonic clocks say', async (t) => {
  const kept = memory();
  const first = new ManualClock(NOW);
  await first.advance(5_000_000);
  const limiter = createRateLimiter({ clock: first, log: silentLog, memory: kept, perMinute: 10 });
  for (let n = 0; n < 10; n += 1) {
    await limiter.free(never);
    t.true(await limiter.take());
    await limiter.answered(
      n === 9 ? { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '90' } : {},
    );
  }
  const second = new ManualClock(first.now() + 10_000);
  const next = createRateLimiter({ clock: second, log: silentLog, memory: kept, perMinute: 10 });
  let freeAt = -1;
  const waiting = next.free(never).then(() => {
    freeAt = second.monotonic();
  });
  await second.advance(60_000);
  await waiting;
  t.is(freeAt, 51_000);
});

test('a turn is remembered before anything is sent; a memory that fails costs nothing but itself', async (t) => {
  const clock = new ManualClock(NOW);
  const kept = memory();
  const limiter = createRateLimiter({ clock, log: silentLog, memory: kept });
  await limiter.free(never);
  await limiter.take();
  t.is(kept.stored?.sentAt.length, 1);
  kept.fail = true;
  for (let n = 0; n < 5; n += 1) t.true(await limiter.take());
  t.is(kept.saves, 2); // and not again for a minute
  kept.fail = false;
  await clock.advance(61_000);
  await limiter.take();
  t.is(kept.saves, 3);
});

test('waiting ends with the signal', async (t) => {
  const clock = new ManualClock(NOW);
  const limiter = createRateLimiter({ clock, log: silentLog, memory: null });
  await limiter.take();
  await limiter.answered({ 'retry-after': '600' });
  const stop = new AbortController();
  const waiting = t.throwsAsync<AppError>(limiter.free(stop.signal));
  stop.abort();
  t.is((await waiting)?.code, 'cancelled');
  t.is(clock.sleeping, 0);
});
