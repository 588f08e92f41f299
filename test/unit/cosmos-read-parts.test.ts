import test from 'ava';
import type {
  DayDocument,
  PackedCounts,
  TitlesDocument,
} from '../../src/store/cosmos/documents/documents.js';
import { createDesk } from '../../src/store/cosmos/read/desk.js';
import { createDayTable } from '../../src/store/cosmos/read/day-table.js';
import { createGate } from '../../src/store/cosmos/read/gate.js';
import { type Holding, joined } from '../../src/store/cosmos/read/holding.js';
import { createLooks } from '../../src/store/cosmos/read/looks.js';
import { createParts } from '../../src/store/cosmos/read/parts.js';
import { ManualClock } from '../support/clock.js';

const counts = (posts: number): PackedCounts => [posts, 0, posts, 0, 0, 0, 0, 0, 1000];
const day = (seq: number, hours: Record<string, PackedCounts>, name = 'aws'): DayDocument => ({
  ...{ id: 'day:2026-01-15', kind: 'day', subreddit: name, name, ttl: 1, day: '2026-01-15' },
  ...{ seq, hours },
});

const titles: TitlesDocument = {
  ...{ id: 'titles:x', kind: 'titles', subreddit: 'aws', name: 'aws', ttl: 1, seq: 1 },
  ...{ from: '', posts: [] },
};

test('the table of days tells what moved since a version, and what is gone', (t) => {
  const table = createDayTable();
  table.put(day(1, { '08': counts(1), '09': counts(2), '10': counts(3) }), null);
  t.deepEqual(table.movedSince(0), [], 'what is loaded has not moved');
  table.put(day(2, { '08': counts(1), '09': counts(5), '11': counts(4) }), 7);
  const since = (version: number) =>
    table.movedSince(version).map(({ hour, posts }) => [hour.slice(11, 13), posts]);
  t.deepEqual(since(6).sort(), [
    ['09', 5],
    ['10', 0],
    ['11', 4],
  ]);
  t.deepEqual(since(7), []);
  table.put(day(1, { '08': counts(9) }), 8);
  t.deepEqual(since(7), [], 'an older document moves nothing');
  table.put(day(1, { '09': counts(1) }, 'claude'), null);
  const window = { from: '2026-01-15T09:00:00.000Z', to: '2026-01-15T11:00:00.000Z' };
  t.deepEqual(
    table.hours(window, undefined).map(({ posts }) => posts),
    [6],
  );
  t.deepEqual(
    table.hours(window, 'claude').map(({ posts }) => posts),
    [1],
  );
  table.expire('2026-01-15T09:00:00.000Z', 9);
  t.deepEqual(since(8), [['08', 0]]);
});

test('ranges that touch are asked for as one', (t) => {
  const range = (from: string, to: string, kind: 'hour' | 'day' = 'hour') => ({ kind, from, to });
  t.deepEqual(joined([range('3', '4'), range('1', '2'), range('2', '3'), range('1', '9', 'day')]), [
    range('1', '9', 'day'),
    range('1', '4'),
  ]);
  t.deepEqual(joined([range('~', '~', 'day')]), [], 'an empty one is not');
});

test('a gate lets so many through, so many wait, and no more', async (t) => {
  const gate = createGate({ atOnce: 2, waiting: 1 });
  const ends: (() => void)[] = [];
  const task = () => gate(() => new Promise<void>((resolve) => void ends.push(resolve)));
  const first = [task(), task(), task()];
  await t.throwsAsync(task(), { code: 'store_busy' });
  t.is(ends.length, 2);
  ends[0]?.();
  await first[0];
  await new Promise((resolve) => setImmediate(resolve));
  t.is(ends.length, 3, 'the place is handed over');
  for (const end of ends) end();
  await Promise.all(first);
});

test('what is too much is noticed before all of it is in memory', async (t) => {
  const registry = new Set<Holding>();
  let loaded = 0;
  const parts = createParts<{ seq: number }>({
    ...{ kind: 'titles', registry, atOnce: 2, maxBytes: 100_000, clock: new ManualClock() },
    ...{ idOf: (key) => key, endOf: (key) => `${key}~`, keep: () => ({ seq: 1 }) },
    bytesOf: () => 40_000,
    loader: {
      load: async (_, holdings) => {
        await new Promise((resolve) => setImmediate(resolve));
        loaded += holdings.length;
        for (const each of holdings) each.put({ ...titles, from: each.from }, null);
      },
    },
  });
  const keys = Array.from({ length: 60 }, (_, n) => `k${10 + n}`);
  await t.throwsAsync(
    parts.use(keys, () => undefined),
    { code: 'store_busy' },
  );
  t.true(loaded < 12, `${loaded} of 60 were loaded`);
  t.true(parts.bytes() <= 100_000);
  await t.notThrowsAsync(parts.use(keys.slice(0, 3), () => undefined));

  loaded = 0;
  await t.throwsAsync(
    parts.use(keys, () => undefined),
    { code: 'store_busy' },
  );
  t.is(loaded, 0, 'who asks again costs nothing');
  await t.notThrowsAsync(parts.use(keys.slice(20, 23), () => undefined));
  t.is(loaded, 3);
});

test('a look serves those who called before it began, and for a while those after', async (t) => {
  const clock = new ManualClock();
  const ends: ((failed?: Error) => void)[] = [];
  const thorough: boolean[] = [];
  const looks = createLooks({
    ...{ clock, freshForMs: 100 },
    look: (isThorough) => {
      thorough.push(isThorough);
      return new Promise((resolve, reject) => {
        ends.push((failed) => (failed === undefined ? resolve() : reject(failed)));
      });
    },
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const both = [looks.recent(), looks.recent()];
  t.is(ends.length, 1, 'one for both');
  ends[0]?.();
  await Promise.all(both);
  await looks.recent();
  t.is(ends.length, 1, 'a moment ago');

  const anew = looks.anew();
  looks.expire();
  const after = looks.recent();
  ends[1]?.();
  await anew;
  await settled();
  t.is(ends.length, 3, 'what began before this process wrote does not serve');
  ends[2]?.(new Error('gone'));
  await t.throwsAsync(after, { message: 'gone' });
  const again = looks.recent();
  ends[3]?.();
  await again;
  t.deepEqual(thorough.slice(0, 2), [false, true]);
});

test('a look that takes long serves whoever called during it, as of its beginning', async (t) => {
  const clock = new ManualClock();
  let [begun, end] = [0, () => undefined as unknown];
  const looks = createLooks({
    ...{ clock, freshForMs: 900 },
    look: () => {
      begun += 1;
      return new Promise((resolve) => void (end = () => resolve()));
    },
  });
  const first = looks.recent();
  await clock.advance(800);
  const during = looks.recent();
  await clock.advance(1000);
  const late = looks.recent();
  end();
  await Promise.all([first, during]);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(begun, 2, 'who called 1.8 s after its beginning wants another one');
  end();
  await late;
});

test('a desk takes one question after the other, keeps what came of it, and refuses too many', async (t) => {
  const desk = createDesk<string>();
  const ends: (() => void)[] = [];
  let begun = 0;
  const ask = (question: string, failure?: Error) =>
    desk.ask(question, (turn) =>
      turn(() => {
        begun += 1;
        return new Promise<string>((resolve, reject) => {
          ends.push(() => (failure === undefined ? resolve(`of ${question}`) : reject(failure)));
        });
      }),
    );
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const asked = [...'abcdefghi'].map((question) => ask(question));
  t.is(begun, 1);
  await t.throwsAsync(ask('k'), { code: 'store_busy' });
  const loading = desk.ask('l', async () => 'before its turn');
  t.is(
    await loading,
    'before its turn',
    'who waits for the account holds up nobody, nor is held up',
  );
  const again = ask('c');
  for (let n = 0; n < 9; n += 1) {
    t.is(begun, n + 1);
    ends[n]?.();
    await settled();
  }
  t.deepEqual(
    await Promise.all(asked),
    [...'abcdefghi'].map((question) => `of ${question}`),
  );
  t.is(await again, 'of c');
  t.is(await ask('a'), 'of a');
  t.is(begun, 9, 'nothing twice');

  const failing = ask('z', new Error('no more'));
  await settled();
  ends[9]?.();
  await t.throwsAsync(failing, { message: 'no more' });
  const repeated = ask('z');
  await settled();
  ends[10]?.();
  t.is(await repeated, 'of z', 'a failure is not kept');
});

test('what nobody asks for is followed no longer', async (t) => {
  const clock = new ManualClock();
  const registry = new Set<Holding>();
  const parts = createParts<{ seq: number }>({
    ...{ kind: 'titles', registry, clock, atOnce: 2, maxBytes: 1_000_000 },
    ...{ idOf: (key) => key, endOf: (key) => `${key}~`, keep: () => ({ seq: 1 }) },
    bytesOf: () => 4000,
    loader: {
      load: async (_, holdings) => {
        for (const each of holdings) registry.add(each);
      },
    },
  });
  const followed = () => [...registry].map(({ from }) => from);
  await parts.use(['a', 'b'], () => undefined);
  await clock.advance(150 * 60_000);
  await parts.use(['b', 'c'], () => undefined);
  t.deepEqual(followed(), ['a', 'b', 'c']);
  await clock.advance(45 * 60_000);
  await parts.use(['c'], async () => {
    await clock.advance(4 * 3_600_000);
    await parts.use(['d'], () => undefined);
    t.deepEqual(followed(), ['c', 'd'], 'what is in use stays');
  });
  await parts.use(['d'], () => undefined);
  t.deepEqual(followed(), ['d']);
});
