import test from 'ava';
import { type ListingBounds, OVERLAP_MS, readListing } from '../../src/collect/listing.js';
import { BAD_OBJECT_PATIENCE_MS, type Marks } from '../../src/collect/marks.js';
import { redditPost } from '../support/fake-reddit.js';
import { type Child, listedSource } from '../support/listed-source.js';

const NOW = Date.parse('2026-01-15T12:00:00.000Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const never = new AbortController().signal;
const target = { subreddit: 'aws', kind: 'post' } as const;
const NONE: Marks = { watermark: null, newest: null };

const seconds = (ms: number) => ms / 1000;

/** The n-th newest post, `stepMs` older than the one before. */
function post(n: number, overrides: Record<string, unknown> = {}, stepMs = MINUTE): Child {
  const created_utc = seconds(NOW - n * stepMs);
  return {
    name: `t3_p${n}`,
    text: JSON.stringify(redditPost(`p${n}`, { created_utc, ...overrides })),
  };
}

const posts = (count: number, bad: Record<number, Record<string, unknown>> = {}, stepMs = MINUTE) =>
  Array.from({ length: count }, (_, n) => post(n, bad[n], stepMs));
const markAt = (n: number, stepMs = MINUTE) => ({
  id: `p${n}`,
  created_utc: new Date(NOW - n * stepMs).toISOString(),
});
/** A watermark that nothing holds back. */
const at = (n: number, stepMs = MINUTE): Marks => ({ watermark: markAt(n, stepMs), newest: null });

function read(children: Child[], marks: Marks = NONE, more: Partial<ListingBounds> = {}) {
  const bounds = { marks, nowMs: NOW, oldestMs: NOW - 90 * 24 * HOUR, ...more };
  const source = listedSource(() => children);
  return readListing(source, target, bounds, never);
}

const BROKEN = { score: 'many' };
const TIMELESS = { score: 'many', created_utc: 'yesterday' };

const holds: [name: string, bad: Record<number, Record<string, unknown>>, watermark: number][] = [
  ['in the middle', { 30: BROKEN }, 31],
  ['that is the first', { 0: BROKEN }, 1],
  ['without a time', { 30: TIMELESS }, 31],
  ['without a time that is the first', { 0: TIMELESS }, 1],
  ['with a time in the future', { 30: { ...BROKEN, created_utc: seconds(NOW + HOUR) } }, 31],
  ['with a time that Reddit cannot mean', { 30: { ...BROKEN, created_utc: 12 } }, 31],
  ['above another one', { 30: BROKEN, 60: TIMELESS }, 61],
  ['at the end of a page', { 99: BROKEN }, 100],
  ['at the start of a page, without a time', { 100: TIMELESS }, 101],
  ['whose created_utc lies in the future, and nothing else', { 30: future() }, 31],
];
function future() {
  return { created_utc: seconds(NOW + 2 * HOUR) };
}
for (const [name, bad, watermark] of holds) {
  test(`the watermark stays below a bad object ${name}`, async (t) => {
    const { marks, items } = await read(posts(180, bad), at(150));
    t.deepEqual(marks.watermark, markAt(watermark));
    t.is(marks.newest?.id, 0 in bad ? 'p1' : 'p0');
    t.true(0 in bad || items.some(({ id }) => id === 'p0'));
  });
}

test('a whole page of bad objects holds, with times and without', async (t) => {
  for (const fault of [BROKEN, TIMELESS]) {
    const bad = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [n + 100, fault]));
    const { marks, gap } = await read(posts(400, bad), at(300));
    t.deepEqual(marks, { watermark: markAt(200), newest: markAt(0) });
    t.is(gap, null);
  }
});

test('a first page of nothing but bad objects without times is as old as what follows', async (t) => {
  const bad = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [n, TIMELESS]));
  const { marks } = await read(posts(300, bad), at(250));
  t.deepEqual(marks.watermark, markAt(100));
});

test('a listing of nothing but bad objects leaves the marks as they were', async (t) => {
  for (const fault of [BROKEN, TIMELESS]) {
    const bad = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [n, fault]));
    t.deepEqual((await read(posts(50, bad), at(60))).marks.watermark, markAt(60));
    t.deepEqual((await read(posts(50, bad))).marks, NONE);
  }
});

test('a first collection whose oldest object is bad gets no watermark, but marks the newest', async (t) => {
  const { marks, items } = await read(posts(20, { 19: BROKEN }));
  t.deepEqual(marks, { watermark: null, newest: markAt(0) });
  t.is(items.length, 19);
});

test('a bad object in the overlap leaves the watermark where it is, never further back', async (t) => {
  for (const fault of [BROKEN, TIMELESS]) {
    const { marks } = await read(posts(100, { 55: fault }), at(50));
    t.deepEqual(marks, { watermark: markAt(50), newest: markAt(0) });
  }
});

test('the patience ends after a day', async (t) => {
  const stepMs = BAD_OBJECT_PATIENCE_MS / 50;
  for (const fault of [BROKEN, TIMELESS]) {
    const young = await read(posts(100, { 49: fault }, stepMs), at(90, stepMs));
    t.deepEqual(young.marks.watermark, markAt(50, stepMs));
    // Without a time it is as old as the one above it.
    const old = await read(posts(100, { 51: fault }, stepMs), at(90, stepMs));
    t.deepEqual(old.marks.watermark, markAt(0, stepMs));
  }
});

test('what is skipped for another reason does not hold', async (t) => {
  const children = posts(100, { 20: { subreddit: 'other' } });
  children.splice(30, 0, post(10));
  children.splice(60, 0, post(0, { id: 'old', name: 't3_old', created_utc: 1_200_000_000 }));
  const { marks, skipped } = await read(children, at(90));
  t.deepEqual(skipped, { other_subreddit: 1, duplicate: 1, past_retention: 1 });
  t.deepEqual(marks.watermark, markAt(0));
});

test('an item further down that claims to be newer than the bad object is no watermark', async (t) => {
  const children = posts(100, { 30: BROKEN });
  children.splice(50, 0, post(5, { id: 'late', name: 't3_late' }));
  t.deepEqual((await read(children, at(90))).marks.watermark, markAt(31));
});

test('a listing that closes while it is read leaves the marks as they were', async (t) => {
  const children = listedSource(() => posts(300));
  const closing = {
    ...children,
    async listing(...query: Parameters<typeof children.listing>) {
      const page = await children.listing(...query);
      return query[0].after === null ? page : { ...page, state: 'private' as const, posts: [] };
    },
  };
  const bounds = { marks: at(250), nowMs: NOW, oldestMs: 0 };
  const closed = await readListing(closing, target, bounds, never);
  t.is(closed.items.length, 100);
  t.deepEqual(closed.marks, at(250));
});

test('what seems to come from the future is collected when that time has come', async (t) => {
  const children = posts(100, { 0: future(), 30: future() });
  const first = await read(children, at(90));
  t.is(first.skipped.created_in_future, 2);
  const later = await read(children, first.marks, { nowMs: NOW + 2 * HOUR });
  t.deepEqual(later.items.filter(({ id }) => id === 'p0' || id === 'p30').length, 2);
  t.deepEqual(later.skipped, {});
});

const gaps: [name: string, items: number, held: number, newest: number, gap: boolean][] = [
  ['reaches what was read last, not the held watermark', 900, 1500, 400, false],
  ['ends just behind what was read last', 900, 1500, 899, false],
  ['ends before what was read last', 900, 1500, 1200, true],
  ['is short', 300, 1500, 1200, false],
];
for (const [name, items, held, newest, gap] of gaps) {
  test(`a listing with a held watermark that ${name} is ${gap ? 'a gap' : 'no gap'}`, async (t) => {
    const found = await read(posts(items, { 10: BROKEN }), {
      watermark: markAt(held),
      newest: markAt(newest),
    });
    const expected = { from: markAt(newest).created_utc, to: markAt(items - 1).created_utc };
    const missing = newest - items + 1; // one a minute
    t.deepEqual(found.gap, gap ? { kind: 'post', ...expected, missing } : null);
    t.deepEqual(found.marks, { watermark: markAt(11), newest: markAt(0) });
  });
}

test('a gap is seen though most of the listing is bad, and none where the bad reach far enough', async (t) => {
  const bad = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [n + 400, BROKEN]));
  t.not((await read(posts(900, bad), at(1200))).gap, null);
  t.is((await read(posts(900, bad), at(850))).gap, null);
});

test('a gap with a bad object in the listing is reported once', async (t) => {
  const children = posts(900, { 899: BROKEN });
  const first = await read(children, at(1500));
  t.not(first.gap, null);
  t.deepEqual(first.marks, { watermark: markAt(1500), newest: markAt(0) });
  t.is((await read(children, first.marks)).gap, null);
});

test('a held watermark is read back to with the usual overlap', async (t) => {
  const { items } = await read(posts(900), { watermark: markAt(420), newest: markAt(20) });
  const oldest = Math.min(...items.map((item) => item.created_utc * 1000));
  t.true(oldest <= Date.parse(markAt(420).created_utc) - OVERLAP_MS);
});
