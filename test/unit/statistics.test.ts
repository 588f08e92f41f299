import test from 'ava';
import fc from 'fast-check';
import { LABELS } from '../../src/domain/item.js';
import { addCounts, type Counts, countsOf, hourOf, NO_COUNTS } from '../../src/domain/rollup.js';
import { figuresOf } from '../../src/domain/statistics.js';
import { bucketStart, GRANULARITIES, trendBuckets } from '../../src/domain/trends.js';
import {
  DAY_MS,
  HOUR_MS,
  isoTime,
  windowBefore,
  windowEndingAt,
  withinRetention,
} from '../../src/domain/window.js';

const NOW = Date.parse('2026-01-15T12:34:56.789Z'); // a Thursday

interface TestItem {
  kind: 'post' | 'comment';
  label: (typeof LABELS)[number];
  /** In units of 1/10000. */
  units: number;
  atMs: number;
}

const item = (fromMs: number, toMs: number): fc.Arbitrary<TestItem> =>
  fc.record({
    kind: fc.constantFrom('post' as const, 'comment' as const),
    label: fc.constantFrom(...LABELS),
    units: fc.integer({ min: -10_000, max: 10_000 }),
    atMs: fc.integer({ min: fromMs, max: toMs - 1 }),
  });

function hourly(items: TestItem[]): (Counts & { hour: string })[] {
  const byHour = new Map<string, Counts>();
  for (const { kind, label, units, atMs } of items) {
    const hour = hourOf(isoTime(atMs));
    const counts = countsOf(kind, label, units / 10_000, isoTime(atMs));
    byHour.set(hour, addCounts(byHour.get(hour) ?? NO_COUNTS, counts));
  }
  return [...byHour].map(([hour, counts]) => ({ ...counts, hour }));
}

test('a window ends at the current minute and starts its hours earlier', (t) => {
  const window = windowEndingAt(NOW, 24);
  t.is(isoTime(window.toMs), '2026-01-15T12:34:00.000Z');
  t.is(isoTime(window.fromMs), '2026-01-14T12:34:00.000Z');
  const before = windowBefore(window);
  t.is(isoTime(before.toMs), '2026-01-14T12:34:00.000Z');
  t.is(isoTime(before.fromMs), '2026-01-13T12:34:00.000Z');
  const onTheMinute = windowEndingAt(Date.parse('2026-01-15T12:34:00.000Z'), 1);
  t.is(isoTime(onTheMinute.toMs), '2026-01-15T12:34:00.000Z');
});

test('a window is within retention up to its very edge', (t) => {
  const end = windowEndingAt(NOW, 1).toMs;
  const before = (hours: number) => windowBefore(windowEndingAt(NOW, hours));
  t.true(withinRetention(before(45 * 24 - 1), end, 90));
  t.true(withinRetention(before(45 * 24), end, 90));
  t.false(withinRetention(before(45 * 24 + 1), end, 90));
});

test('an empty window has zeros and no last item', (t) => {
  t.deepEqual(figuresOf([]), {
    total: 0,
    positive: 0,
    negative: 0,
    neutral: 0,
    avg_sentiment: 0,
    posts: 0,
    comments: 0,
    last_item_at: null,
  });
});

test('figures of hours equal those of the items (property)', (t) => {
  fc.assert(
    fc.property(fc.array(item(NOW - 5 * DAY_MS, NOW), { maxLength: 60 }), (items) => {
      const figures = figuresOf(hourly(items));
      t.is(figures.total, items.length);
      t.is(figures.posts, items.filter(({ kind }) => kind === 'post').length);
      t.is(figures.comments, items.filter(({ kind }) => kind === 'comment').length);
      for (const label of LABELS) {
        t.is(figures[label], items.filter((one) => one.label === label).length);
      }
      const mean = items.reduce((sum, { units }) => sum + units, 0) / Math.max(1, items.length);
      t.true(Math.abs(figures.avg_sentiment * 10_000 - mean) <= 0.5 + 1e-6);
      const newest = items.length === 0 ? null : isoTime(Math.max(...items.map((i) => i.atMs)));
      t.is(figures.last_item_at, newest);
    }),
  );
});

test('buckets start at the hour, the day and the Monday, in UTC', (t) => {
  const start = (granularity: (typeof GRANULARITIES)[number], time: string) =>
    isoTime(bucketStart(Date.parse(time), granularity));
  t.is(start('hour', '2026-01-15T12:34:56.789Z'), '2026-01-15T12:00:00.000Z');
  t.is(start('day', '2026-01-15T23:59:59.999Z'), '2026-01-15T00:00:00.000Z');
  t.is(start('week', '2026-01-15T12:00:00.000Z'), '2026-01-12T00:00:00.000Z');
  t.is(start('week', '2026-01-12T00:00:00.000Z'), '2026-01-12T00:00:00.000Z');
  t.is(start('week', '2026-01-11T23:59:59.999Z'), '2026-01-05T00:00:00.000Z');
  t.is(start('week', '2026-01-01T00:00:00.000Z'), '2025-12-29T00:00:00.000Z');
});

test('90 days by the hour are 2161 buckets, the first and last partial', (t) => {
  const buckets = trendBuckets([], windowEndingAt(NOW, 2160), 'hour');
  t.is(buckets.length, 2161);
  t.is(buckets[0]?.start, '2025-10-17T12:00:00.000Z');
  t.is(buckets.at(-1)?.start, '2026-01-15T12:00:00.000Z');
  t.true(buckets.every(({ total, coverage }) => total === 0 && coverage === null));
});

test('a window that ends on a bucket border has no empty bucket after it', (t) => {
  const window = windowEndingAt(Date.parse('2026-01-15T00:00:00.000Z'), 48);
  t.deepEqual(
    trendBuckets([], window, 'day').map(({ start }) => start),
    ['2026-01-13T00:00:00.000Z', '2026-01-14T00:00:00.000Z'],
  );
  t.is(trendBuckets([], window, 'hour').length, 48);
});

test('buckets equal a brute-force count, touch, and cover the window (property)', (t) => {
  const anyCase = fc
    .record({
      nowMs: fc.integer({ min: Date.parse('2020-02-27T00:00:00Z'), max: NOW }),
      hours: fc.integer({ min: 1, max: 500 }),
      granularity: fc.constantFrom(...GRANULARITIES),
    })
    .chain(({ nowMs, hours, granularity }) => {
      const window = windowEndingAt(nowMs, hours);
      const items = fc.array(item(window.fromMs, window.toMs), { maxLength: 40 });
      return items.map((list) => ({ window, granularity, items: list }));
    });
  fc.assert(
    fc.property(anyCase, ({ window, granularity, items }) => {
      const buckets = trendBuckets(hourly(items), window, granularity);
      const length = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS }[granularity];
      const starts = buckets.map(({ start }) => Date.parse(start));
      t.true(starts[0]! <= window.fromMs && starts[0]! + length > window.fromMs);
      t.true(starts.at(-1)! < window.toMs && starts.at(-1)! + length >= window.toMs);
      buckets.forEach((bucket, at) => {
        const from = starts[at]!;
        if (at > 0) t.is(from - starts[at - 1]!, length);
        if (granularity === 'week') t.is(new Date(from).getUTCDay(), 1);
        const inside = items.filter(({ atMs }) => atMs >= from && atMs < from + length);
        t.is(bucket.total, inside.length);
        t.is(bucket.positive, inside.filter(({ label }) => label === 'positive').length);
        t.is(bucket.negative, inside.filter(({ label }) => label === 'negative').length);
        t.is(bucket.neutral, inside.filter(({ label }) => label === 'neutral').length);
      });
      t.is(
        buckets.reduce((sum, { total }) => sum + total, 0),
        items.length,
      );
    }),
  );
});
