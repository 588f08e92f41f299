import test, { type ExecutionContext } from 'ava';
import { toIso } from '../../src/clock.js';
import { HOUR_MS, type Window } from '../../src/domain/window.js';
import { AppError } from '../../src/errors.js';
import { type LoadedFigures, KEPT_HOURS } from '../../src/rollups/held.js';
import { createRollupMemory, type RollupMemory } from '../../src/rollups/memory.js';
import type { RollupsAnswer, RollupsQuery, Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aComment } from '../support/items.js';
import { temporaryStore } from '../support/store.js';

const START = '2026-01-15T12:30:20.000Z';
const NOW_MS = Date.parse(START);
const HERE = Date.parse('2026-01-15T12:30:00.000Z');

interface Scene {
  memory: RollupMemory;
  store: Store;
  clock: ManualClock;
  told: [string, LoadedFigures][];
  asked: RollupsQuery[];
  counted: number;
  /** Changes what the store answers. */
  change: (answer: RollupsAnswer) => RollupsAnswer | Promise<RollupsAnswer>;
  total: (window: Window, subreddit?: string) => Promise<number>;
  load: () => Promise<void>;
  add: (id: string, hoursAgo: number, subreddit?: string) => Promise<void>;
}

async function scene(t: ExecutionContext, freshForMs = 0): Promise<Scene> {
  const clock = new ManualClock(NOW_MS);
  const { store } = await temporaryStore(t, { clock });
  const told: Scene['told'] = [];
  const asked: RollupsQuery[] = [];
  const memory = createRollupMemory({
    store: {
      rollups: async (query) => {
        asked.push(query);
        return it.change(await store.rollups(query));
      },
      hourlyCounts: async (query) => {
        it.counted += 1;
        return store.hourlyCounts(query);
      },
    },
    ...{ clock, firstHours: 24, freshForMs },
    onLoaded: (loaded, figures) => told.push([loaded, figures]),
  });
  t.teardown(() => memory.close());
  const it: Scene = {
    ...{ memory, store, clock, told, asked, counted: 0 },
    change: (answer) => answer,
    total: async (window, subreddit) => {
      const [hours = []] = await memory.count([window], subreddit);
      return hours.reduce((sum, { posts, comments }) => sum + posts + comments, 0);
    },
    load: async () => {
      for (let n = 0; n < 20 && !memory.isComplete(); n += 1) {
        await clock.advance(freshForMs);
        await memory.revision();
      }
      t.true(memory.isComplete());
    },
    add: async (id, hoursAgo, subreddit = 'claude') => {
      const created_utc = toIso(HERE - hoursAgo * HOUR_MS);
      await fillStore(store, clock, { comments: [aComment({ id, subreddit, created_utc })] });
    },
  };
  return it;
}

const last = (hours: number): Window => ({ fromMs: HERE - hours * HOUR_MS, toMs: HERE });

test('newest hours first, then all that can be asked for; told with counts', async (t) => {
  const it = await scene(t);
  await it.add('a', 2);
  await it.add('b', 200);
  await it.add('c', 4319);
  await it.add('d', 4322);
  await it.memory.revision();
  t.like(it.told, [['recent', { rollups: 1, items: 1 }]]);
  t.false(it.memory.isComplete());
  t.is(await it.total(last(2160)), 2, 'what is not loaded yet is answered by the store');
  t.is(it.counted, 1);
  await it.load();
  t.like(it.told[1], ['all', { rollups: 3, items: 3 }]);
  t.is(it.told.length, 2);
  t.is(await it.total(last(2160)), 2);
  t.is(await it.total({ fromMs: HERE - 4320 * HOUR_MS, toMs: HERE - 2160 * HOUR_MS }), 1);
  t.is(it.counted, 1);
  t.deepEqual(it.memory.names(), ['claude']);
});

test('a commit is in the next answer, before and after its look, and in every window', async (t) => {
  const it = await scene(t);
  await it.add('a', 2);
  await it.load();
  await it.add('b', 3);
  t.is(await it.total(last(24)), 2, 'the question itself brings the changes');
  const before = await it.memory.revision();
  await it.add('c', 4, 'aws');
  const after = await it.memory.revision();
  t.true(after.data_version > before.data_version);
  t.is(await it.total(last(24), 'AWS'), 1);
  t.is(await it.total(last(24)), 3);
  t.is(await it.total(last(24), 'nowhere'), 0);
});

test('an answer that was overtaken is asked for again, never mixed', async (t) => {
  const it = await scene(t);
  await it.add('a', 0.25); // in an edge
  await it.load();
  let overtaken = 0;
  it.change = async (answer) => {
    if (overtaken < 2) {
      overtaken += 1;
      const number = overtaken;
      it.change = (given) => given;
      await it.add(`b${number}`, 5); // in a whole hour
      await it.memory.revision(); // takes the newer one first
      it.change = overtake;
    }
    return answer;
  };
  const overtake = it.change;
  t.is(await it.total(last(24)), 3);
  t.is(it.counted, 0);
});

test('overtaken again and again, the store answers from one snapshot', async (t) => {
  const it = await scene(t);
  await it.load();
  let n = 0;
  const overtake = async (answer: RollupsAnswer) => {
    it.change = (given) => given;
    n += 1;
    await it.add(`b${n}`, 5);
    await it.memory.revision();
    it.change = overtake;
    return answer;
  };
  it.change = overtake;
  t.is(await it.total(last(24)), 3);
  t.is(it.counted, 1);
});

test('a database that was opened anew is loaded anew, also when its version is lower', async (t) => {
  const it = await scene(t);
  await it.add('a', 2);
  await it.load();
  const before = await it.memory.revision();
  it.change = (answer) => ({
    ...{ opening: 'a backup', data_version: 1, edges: answer.edges },
    // As the store does for another opening: no changes, only what was asked for by hour.
    rollups: it.asked.at(-1)?.hours === undefined ? [] : answer.rollups.slice(1),
  });
  const after = await it.memory.revision();
  t.deepEqual(after, { opening: 'a backup', data_version: 1 });
  t.not(after.opening, before.opening);
  t.false(it.memory.isComplete());
  await it.load();
  t.deepEqual(it.memory.names(), []);
  t.deepEqual(
    it.told.map(([loaded]) => loaded),
    ['recent', 'all', 'recent', 'all'],
  );
});

test('a failing store: no revision, no waiting while a look is under way, and back by itself', async (t) => {
  const it = await scene(t, 500);
  await it.load();
  it.change = () => {
    throw new AppError('store_unreachable', 'gone');
  };
  t.truthy(await it.memory.revision(), 'confirmed a moment ago');
  await it.clock.advance(500);
  const gone = { code: 'store_unreachable' };
  await t.throwsAsync(it.memory.revision(), gone);
  await t.throwsAsync(it.total(last(24)), { code: 'store_unreachable' });
  await it.clock.advance(500);
  let release = () => undefined as unknown;
  it.change = async (answer) => {
    await new Promise<void>((resolve) => (release = resolve));
    return answer;
  };
  const looking = it.memory.revision();
  for (let n = 0; n < 20; n += 1) await new Promise((next) => setImmediate(next));
  await t.throwsAsync(it.memory.revision(), gone, 'known to fail: at once');
  release();
  t.truthy(await looking);
  t.truthy(await it.memory.revision());
});

test('hours pass: old ones are dropped; a clock set back loads them again', async (t) => {
  const it = await scene(t);
  await it.add('a', KEPT_HOURS - 2);
  await it.load();
  const far = last(KEPT_HOURS - 1);
  t.is(await it.total(far), 1);
  it.clock.jumpTo(NOW_MS + 48 * HOUR_MS);
  await it.memory.revision();
  t.deepEqual(it.memory.names(), []);
  t.is(await it.total(far), 1, 'who asks further back is answered by the store');
  t.is(it.counted, 1);
  it.clock.jumpTo(NOW_MS);
  await it.load();
  t.is(await it.total(far), 1);
  t.is(it.counted, 1);
});

test('followed in the background until it is closed', async (t) => {
  const it = await scene(t, 500);
  it.memory.start();
  for (let n = 0; n < 40 && !it.memory.isComplete(); n += 1) await it.clock.advance(1);
  t.true(it.memory.isComplete());
  const looks = it.asked.length;
  await it.clock.advance(10_000);
  t.is(it.asked.length - looks, 40, 'four times a second');
  const closing = it.memory.close();
  await closing;
  await it.clock.advance(10_000);
  t.is(it.asked.length - looks, 40);
  t.is(it.clock.sleeping, 0);
});
