import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { addSample, forecast, type MemorySeries } from '../../monitor/rules/leak.js';
import {
  firstForecast,
  leak,
  level,
  LIMIT_MB,
  noise,
  plus,
  ramp,
  reachesLimit,
  saturation,
  sawtooth,
  type Shape,
  stairs,
  step,
  wave,
} from '../support/memory-shapes.js';

const DAY = 1440;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function product<A, B, C>(as: A[], bs: B[], cs: C[]): [A, B, C][] {
  return as.flatMap((a) => bs.flatMap((b) => cs.map((c): [A, B, C] => [a, b, c])));
}

/** Every so many of them: all would take minutes. Odd, so that each value of each list occurs. */
const some = <T>(all: T[], every: number): T[] => all.filter((_, index) => index % every === 0);

test('a leak is told at least half an hour before the limit', (t) => {
  const teeth: [number, number][] = [
    [0, 1],
    [20, 2],
    [40, 5],
    [60, 10],
    [40, 20],
    [60, 30],
  ];
  const worlds = product([0.5, 1, 2, 3], [90, 150, 200, 250], teeth);
  for (const [index, [rate, base, [mb, period]]] of worlds.entries()) {
    for (const around of [0, 10, 20]) {
      const shape = plus(level(base), leak(rate), sawtooth(mb, period), noise(around, index));
      const limitAt = reachesLimit(shape, 2000) ?? Number.NaN;
      // 45 minutes have to be seen first, with wide teeth more.
      if (limitAt < (mb > 20 ? 105 : 75)) continue;
      const told = firstForecast(shape, limitAt);
      const what = `${rate} MB/min from ${base}, teeth of ${mb} in ${period} min, ±${around}`;
      t.true(
        told !== null && limitAt - told.minute >= 30,
        `${what}: ${told?.minute} of ${limitAt}`,
      );
      // Wide teeth leave few lows to tell a slope by.
      if (mb > 20) continue;
      t.true(Math.abs((told?.slopeMbPerMinute ?? 0) / rate - 1) < 0.4, `${what}: slope`);
    }
  }
});

test('a leak that begins after hours is told as well, and one on top of a daily wave', (t) => {
  const late = plus(level(200), leak(1, 600), noise(10, 1));
  const told = firstForecast(late, DAY);
  t.true(told !== null && 900 - told.minute >= 30, JSON.stringify(told));
  const waving = plus(level(100), wave(60, DAY), leak(0.25), noise(10, 2));
  const limitAt = reachesLimit(waving, 3000) ?? Number.NaN;
  const second = firstForecast(waving, limitAt);
  t.true(second !== null && limitAt - second.minute >= 30, JSON.stringify([second, limitAt]));
});

/**
 * A first climb that is straight for an hour and would be over the limit within the next one is a
 * leak by all that can be seen of it (DECISIONS.md).
 */
const looksLikeALeak = (mb: number, minutes: number, top: number): boolean =>
  minutes >= 60 && ((LIMIT_MB - top) / mb) * minutes <= 65;

const tops = (shape: Shape): number =>
  Math.max(...Array.from({ length: DAY }, (_, minute) => shape(minute + 0.75)));

function staysQuiet(
  t: { is: (a: unknown, b: null, m: string) => void },
  shape: Shape,
  what: string,
  from = 0,
) {
  if (tops(shape) > LIMIT_MB - 10) return; // then it is the limit's business
  t.is(firstForecast(shape, DAY, { from }), null, what);
}

test('a day of sawtooths is quiet, whatever their period and height', (t) => {
  const periods = [0.1, 0.5, 1, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180];
  const all = product(
    periods,
    [20, 50, 100, 200, 300, 390],
    product([90, 200, 300], [0, 0.5], [0, 10]),
  );
  for (const [index, [period, mb, [base, phase, around]]] of some(all, 5).entries()) {
    const shape = plus(level(base), sawtooth(mb, period, phase), noise(around, index));
    const from = looksLikeALeak(mb, period, base + mb) ? period * 1.2 : 0;
    staysQuiet(
      t,
      shape,
      `${mb} MB in ${period} min from ${base}, phase ${phase}, ±${around}`,
      from,
    );
  }
});

test('a day after a warm-up is quiet, whatever its shape', (t) => {
  const heights = [50, 100, 200, 300, 380];
  const warmUps: [string, (mb: number) => Shape][] = [
    ...[5, 10, 20, 30, 45].map((m): [string, (mb: number) => Shape] => [
      `ramp ${m}`,
      (mb) => ramp(mb, m),
    ]),
    ...[5, 10, 15, 20, 30, 45, 60, 75, 90].map((m): [string, (mb: number) => Shape] => [
      `saturation ${m}`,
      (mb) => saturation(mb, m),
    ]),
    ...[1, 2, 5, 10].flatMap((m) =>
      [3, 5, 7].map((n): [string, (mb: number) => Shape] => [
        `${n} stairs from ${m}`,
        (mb) => stairs(mb, n, m),
      ]),
    ),
    ...[5, 60, 600].map((m): [string, (mb: number) => Shape] => [
      `step at ${m}`,
      (mb) => step(mb, m),
    ]),
  ];
  for (const [index, [[name, make], mb, around]] of some(
    product(warmUps, heights, [0, 5, 10]),
    2,
  ).entries()) {
    staysQuiet(
      t,
      plus(level(95), make(mb), noise(around, index)),
      `${name} of ${mb} MB, ±${around}`,
    );
  }
});

test('days that wave are quiet, and what is flat', (t) => {
  const phases = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];
  for (const [index, [mb, phase, around]] of some(
    product([20, 100, 200, 300, 385], phases, [0, 10, 20]),
    2,
  ).entries()) {
    staysQuiet(
      t,
      plus(level(90), wave(mb, DAY, phase), noise(around, index)),
      `wave of ${mb}, ${phase}, ±${around}`,
    );
  }
  for (const [index, [base, around]] of product([90, 300, 450], [0, 5, 20, 40], [0]).entries()) {
    staysQuiet(t, plus(level(base), noise(around, index)), `flat ${base} ±${around}`);
  }
});

test(`any mixture of warm-up, teeth, wave and noise is quiet (seed ${SEED})`, (t) => {
  const mixture = fc.record({
    base: fc.integer({ min: 80, max: 150 }),
    warm: fc.integer({ min: 0, max: 120 }),
    tau: fc.integer({ min: 5, max: 60 }),
    tooth: fc.integer({ min: 0, max: 60 }),
    period: fc.double({ min: 0.1, max: 30, noNaN: true }),
    waving: fc.integer({ min: 0, max: 60 }),
    phase: fc.double({ min: 0, max: 1, noNaN: true }),
    around: fc.integer({ min: 0, max: 15 }),
  });
  const property = fc.property(mixture, (m) => {
    const shape = plus(
      level(m.base),
      saturation(m.warm, m.tau),
      sawtooth(m.tooth, m.period),
      wave(m.waving, DAY, m.phase),
      noise(m.around, m.base),
    );
    return firstForecast(shape, DAY) === null;
  });
  fc.assert(property, { seed: SEED, numRuns: 60 });
  t.pass();
});

test('a recording of the api under load is quiet, as it is and as if it had been slower', (t) => {
  const path = 'test/support/recorded-memory.json';
  const { mb } = JSON.parse(readFileSync(path, 'utf8')) as { mb: number[] };
  for (const everyMs of [1000, 5000, 15_000, 60_000]) {
    let series: MemorySeries | null = null;
    for (const [index, one] of mb.entries()) {
      series = addSample(series, '1', index * everyMs, one);
      if (index % 20 === 0)
        t.is(forecast(series, LIMIT_MB), null, `${everyMs} ms, sample ${index}`);
    }
  }
});

test('samples: nothing is changed in place, what is no size is left out, all is bounded', (t) => {
  let series: MemorySeries | null = null;
  for (let look = 0; look < 20_000; look += 1) {
    const before: MemorySeries | null = series === null ? null : Object.freeze(series);
    if (before !== null) Object.freeze(before.minutes);
    series = addSample(before, '1', look * 15_000, 100 + (look % 7));
  }
  t.is(series?.minutes.length, 240);
  t.is(series?.tens.length, 150);
  for (const bad of [0, Number.NaN, -5, Infinity]) {
    t.deepEqual(addSample(series, '1', 20_001 * 15_000, bad), series);
  }
  t.deepEqual(addSample(series, '2', 5, 80).minutes, [{ at: 0, mb: 80, highMb: 80 }]);
  t.is(JSON.stringify(JSON.parse(JSON.stringify(series))), JSON.stringify(series));
});

test('a gap in the samples is no growth and hides none', (t) => {
  const gap =
    (from: number, to: number, shape: Shape): Shape =>
    (m) =>
      m > from && m < to ? 0 : shape(m);
  // Two levels with a night between: not a slope.
  t.is(firstForecast(gap(60, 200, plus(level(100), step(250, 130), noise(10, 1))), DAY), null);
  const leaking = plus(level(150), leak(1), noise(10, 2));
  const told = firstForecast(gap(200, 215, leaking), 350);
  t.true(told !== null && 340 - told.minute >= 30, JSON.stringify(told));
});
