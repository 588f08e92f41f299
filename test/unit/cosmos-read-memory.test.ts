import test from 'ava';
import { DAY_MS, isoTime } from '../../src/domain/window.js';
import type { Container } from '../../src/store/cosmos/account.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import { itemDocument } from '../../src/store/cosmos/documents/items.js';
import type { Holding } from '../../src/store/cosmos/read/holding.js';
import { createMemory } from '../../src/store/cosmos/read/memory.js';
import { createNewestPosts } from '../../src/store/cosmos/read/newest-posts.js';
import { ManualClock } from '../support/clock.js';
import { readBed, watchedAccount } from '../support/cosmos-reads.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;

test('memory does not grow as it follows', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const store = bed.store();
  const fence = await beginTestCycle(store, clock);
  const account = bed.connect();
  const memory = createMemory({
    ...{ items: account.items, versions: cosmosVersions({ account }), clock, pollEveryMs: 0 },
    maxBytes: { hours: 10_000, titles: 10_000 },
  });
  const commit = (upvotes: number) =>
    store.commit({
      ...{ fence, subreddit: 'claude', comments: [aComment({ upvotes })] },
      posts: [aPost({ upvotes })],
    });
  const sizes = async () => {
    await memory.follower.current();
    await memory.days.loadFrom(at('00:00'));
    await memory.newest.ensure();
    await memory.hours.use([at('11:00'), at('10:00')], () => undefined);
    await memory.titles.use([at('06:00')], () => undefined);
    return [memory.hours.bytes(), memory.titles.bytes(), memory.newest.now()?.posts.length];
  };
  await commit(1);
  const first = await sizes();
  for (let n = 1; n <= 60; n += 1) {
    await commit(100 * n);
    t.deepEqual(await sizes(), first);
  }
  const moved = memory.days.table.movedSince(0);
  t.is(moved.length, 0, 'votes move no rollup');
});

test('what was used last stays, within its room', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const account = bed.connect();
  let loads = 0;
  const watched = watchedAccount(account, ({ shape }) => {
    if (shape === 'load') loads += 1;
  });
  const memory = createMemory({
    ...{ items: watched.items, versions: cosmosVersions({ account }), clock, pollEveryMs: 0 },
    maxBytes: { hours: 3000, titles: 3000 },
  });
  await memory.follower.current();
  const hour = (n: number) => isoTime(Date.parse(at('00:00')) + n * 3_600_000);
  for (let n = 0; n < 50; n += 1) {
    await memory.hours.use([hour(0), hour(n)], () => undefined);
    t.true(memory.hours.bytes() <= 3000);
  }
  t.is(loads, 50, 'one for each new hour');
  await memory.hours.use([hour(0), hour(49), hour(48)], () => undefined);
  t.is(loads, 50);
  await memory.hours.use([hour(1)], () => undefined);
  t.is(loads, 51, 'that one had to go');
  const many = Array.from({ length: 40 }, (_, n) => hour(n));
  await t.throwsAsync(async () => memory.hours.use(many, () => undefined), { code: 'store_busy' });
  t.true(memory.hours.bytes() <= 3000);
});

test('those who want the same wait for one load', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const calls: string[] = [];
  const account = watchedAccount(bed.connect(), ({ shape }) => void calls.push(shape));
  const reader = bed.reader({ account, pollEveryMs: 900 });
  const windows = [{ from: at('08:00'), to: at('11:30') }];
  await reader.ping();
  calls.length = 0;
  await Promise.all(Array.from({ length: 20 }, () => reader.hourlyCounts({ windows })));
  t.deepEqual(calls.sort(), ['heads', 'load', 'load', 'version']);
});

test('what this process wrote is seen at once; what another did, after a poll', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const store = bed.store();
  const fence = await beginTestCycle(store, clock);
  const reader = bed.reader({ pollEveryMs: 900 });
  const posts = async () => (await reader.recentPosts({ since: '', limit: 9 })).length;
  t.is(await posts(), 0);
  await store.commit({ fence, subreddit: 'claude', posts: [aPost()], comments: [] });
  t.is(await posts(), 0, 'looked at a moment ago');
  reader.moved();
  t.is(await posts(), 1);
  await store.commit({ fence, subreddit: 'claude', posts: [aPost({ id: 'p2' })], comments: [] });
  await clock.advance(899);
  t.is(await posts(), 1);
  await clock.advance(1);
  t.is(await posts(), 2);
});

test('readers stop where retention does, whoever has not come to it yet', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const store = bed.store();
  const fence = await beginTestCycle(store, clock);
  const reader = bed.reader({ retentionMs: DAY_MS });
  const times = ['2026-01-14T11:59:59.999Z', '2026-01-14T12:00:00.000Z'];
  const posts = times.map((created_utc, n) => aPost({ id: `p${n}`, created_utc }));
  const comments = times.map((created_utc, n) => aComment({ id: `c${n}`, created_utc }));
  await store.commit({ fence, subreddit: 'claude', posts, comments });
  const old = aPost({ id: 'kept', subreddit: 'aws', created_utc: '2025-01-01T00:00:00.000Z' });
  await store.importItems({ subreddit: 'aws', keepHistory: true, posts: [old], comments: [] });

  const windows = [{ from: '2000-01-01T00:00:00.000Z', to: '2026-01-15T11:59:00.000Z' }];
  const hours = async () =>
    (await reader.hourlyCounts({ windows })).windows[0]?.map(({ hour }) => hour.slice(0, 13));
  t.deepEqual(await hours(), ['2025-01-01T00', '2026-01-14T12']);
  const seen = await Promise.all(['p0', 'p1', 'kept'].map((id) => reader.post(id)));
  t.deepEqual(
    seen.map((post) => post?.id),
    [undefined, 'p1', 'kept'],
  );
  const recent = async () =>
    (await reader.recentPosts({ since: '', limit: 9 })).map(({ id }) => id);
  t.deepEqual(await recent(), ['p1', 'kept']);
  const thread = await reader.comments({ postId: 'p1', limit: 9 });
  t.deepEqual(
    thread?.comments.map(({ id }) => id),
    ['c1'],
  );
  const edge = { from: times[0] ?? '', to: '2026-01-14T12:00:00.001Z' };
  const known = await reader.rollups({ since: null, hours: windows[0], edges: [edge] } as never);
  t.deepEqual(
    known.edges[0]?.map(({ hour, posts }) => [hour, posts]),
    [['2026-01-14T12:00:00.000Z', 1]],
  );

  await clock.advance(3_600_000);
  const gone = await reader.rollups({ since: known, edges: [edge] });
  t.deepEqual(
    gone.rollups.map(({ hour, posts }) => [hour, posts]),
    [['2026-01-14T12:00:00.000Z', 0]],
    'time alone takes it, and who follows is told',
  );
  t.deepEqual(gone.edges, [[]]);
  t.deepEqual(await hours(), ['2025-01-01T00']);
  t.deepEqual(await recent(), ['kept']);
});

test('what a clock that was ahead has hidden is back when it is right again', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const store = bed.store();
  const fence = await beginTestCycle(store, clock);
  const posts = [aPost({ created_utc: at('10:10') })];
  await store.commit({ fence, subreddit: 'claude', posts, comments: [] });
  const reader = bed.reader({ retentionMs: 2 * DAY_MS });
  const hours = { from: at('00:00'), to: at('12:00') };
  const ask = () => reader.rollups({ since: null, hours, edges: [] });
  const first = await ask();
  t.is(first.rollups.length, 1);
  clock.jumpTo(clock.now() + 9 * DAY_MS);
  t.is((await ask()).rollups.length, 0);
  clock.jumpTo(clock.now() - 9 * DAY_MS);
  const again = await ask();
  t.deepEqual(again.rollups, first.rollups);
  t.not(again.opening, first.opening, 'who follows is told to begin anew');
  t.is((await ask()).opening, again.opening, 'once');
});

test('what moves while rollups are loaded for the first time, and is seen when they are there, is not lost', async (t) => {
  let seq = 5;
  const day = () => ({
    ...{ id: 'day:2026-01-15', kind: 'day', subreddit: 'aws', name: 'aws', ttl: -1, seq },
    ...{ day: '2026-01-15', hours: { '08': [seq, 0, seq, 0, 0, 0, 0, 0, 0] } },
  });
  const head = () => ({ id: '_head', kind: 'head', subreddit: 'aws', seq, _ts: 1000 + seq });
  const held: Record<string, () => void> = {};
  /** As of when it was asked, whenever it is answered. */
  const answered = async <T>(shape: string, documents: unknown[]) => {
    if (shape !== 'heads') await new Promise<void>((resolve) => void (held[shape] = resolve));
    return documents as T[];
  };
  const items = {
    read: async () => head(),
    query: async (shape: string) => answered(shape, [shape === 'heads' ? head() : day()]),
  } as unknown as Container;
  const memory = createMemory({
    ...{ items, versions: { read: async () => ({ opening: 'o', n: seq }) } },
    ...{ clock: new ManualClock(), pollEveryMs: 0, maxBytes: { hours: 1e6, titles: 1e6 } },
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await memory.follower.current();
  const loading = memory.days.loadFrom(at('00:00'));
  await settled();
  seq = 6;
  const looking = memory.follower.current();
  await settled();
  held.load?.();
  await loading;
  held.follow?.();
  await looking;
  const { heads } = memory.follower.seen() ?? {};
  t.is(heads?.get('aws')?.seq, 6);
  const [hour] = memory.days.table.hours({ from: at('00:00'), to: at('12:00') }, undefined);
  t.is(hour?.posts, 6);
});

test('a post is as it was followed last, whatever any clock says', async (t) => {
  const registry = new Set<Holding>();
  const item = aPost({ title: 'As it was' });
  const times = { collected_at: at('08:00'), updated_at: at('08:00'), ttl: -1 };
  const document = { ...itemDocument(item, times), _ts: 1000, _etag: '' };
  const posts = createNewestPosts({
    ...{ registry, gate: (task) => task() },
    items: { query: async () => [document] } as unknown as Container,
    follower: {
      seen: () => null,
      confirm: async () => ({}) as never,
      underWay: async () => undefined,
    },
  });
  await posts.ensure();
  const [holding] = registry;
  const title = () => posts.now()?.posts[0]?.title;
  const put = (change: object) => holding?.put({ ...document, ...change } as never, 7);
  put({ title: '[deleted]', updated_at: at('09:00'), _ts: 990 });
  t.is(title(), '[deleted]');
  put({ title: 'Under a clock that was ahead', updated_at: at('11:00'), _ts: 2000 });
  put({ title: '[deleted]', updated_at: at('10:00'), _ts: 1500 });
  t.is(title(), '[deleted]');
  holding?.put({ ...document, _ts: 3000 } as never, null);
  t.is(title(), '[deleted]', 'what was loaded may be older');
});
