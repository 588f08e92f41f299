import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { contentOf } from '../../src/generate/content.js';
import { generate, type GenerateDeps, refuseFilled } from '../../src/generate/generate.js';
import type { Plan } from '../../src/generate/options.js';
import { inventedTexts } from '../../src/generate/texts.js';
import { walkingClock } from '../../src/generate/walking-clock.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { openStore } from '../../src/store/open.js';
import { MAX_BATCH, type Store } from '../../src/store/store.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle, temporaryStore } from '../support/store.js';

const clock = new ManualClock();
const INTERVAL_MS = 2 * 3_600_000;
const PLAN: Plan = { days: 2, posts: 200, comments: 1000, seed: 1, untilMs: clock.now() };
const scorer = createLexiconScorer();
const SUBREDDITS = ['claude', 'Cursor', 'aws'];

async function bench(t: ExecutionContext) {
  const walking = walkingClock(clock);
  const { store, path, config } = await temporaryStore(t, { clock: walking });
  const run = (
    more: Partial<GenerateDeps> = {},
    plan = PLAN,
    signal = new AbortController().signal,
  ) =>
    generate(
      plan,
      {
        ...{ store, clock: walking, systemClock: clock, scorer, texts: inventedTexts },
        ...{ subreddits: SUBREDDITS, intervalMs: INTERVAL_MS, leaseMs: 120_000 },
        ...{ holder: 'test-host:1:0:0:generate', holderIsDead: () => false },
        ...more,
      },
      signal,
    );
  return { store, path, config, run };
}

/** All that readers see, `without` these columns. */
function content(path: string, without: string[] = []): Record<string, unknown[]> {
  const db = new Database(path, { readonly: true });
  const tables = ['posts', 'comments', 'rollups_hourly', 'cycles', 'subreddits', 'gaps'];
  const rows = tables.map((table) => {
    const all = db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all() as Record<
      string,
      unknown
    >[];
    for (const row of all) for (const name of [...without, 'epoch']) delete row[name];
    return [table, all] as const;
  });
  db.close();
  return Object.fromEntries(rows);
}

test('a store is filled as if it had been collected into', async (t) => {
  const { store, run } = await bench(t);
  t.like(await run(), {
    ...{ posts_new: 200, comments_new: 1000, known: 0, cycles: 24, interrupted: false },
  });
  const { items, differences } = await store.verify({ repair: false });
  t.deepEqual([items, differences], [1200, []]);
  const now = clock.now();
  const facts = await store.healthFacts(new Date(now).toISOString());
  t.like(facts, { running_cycle: null, failed_24h: 0, finished_24h: 13, subreddits_failing: [] });
  t.true(now - Date.parse(facts.last_collection_at ?? '') < 60_000);
  const details = await store.subreddits(new Date(now).toISOString());
  t.deepEqual(details.map(({ name }) => name).sort(), [...SUBREDDITS].sort());
  for (const { state, last_success_at, watermark_at, items_24h } of details) {
    t.is(state, 'active');
    t.true(now - Date.parse(last_success_at ?? '') < 60_000);
    t.true(now - Date.parse(watermark_at ?? '') < 24 * 3_600_000);
    t.true(items_24h > 0);
  }
  const [latest] = await store.cycles({ limit: 1 });
  t.like(latest, { status: 'succeeded', trigger: 'schedule' });
});

test('items are collected within minutes of the end of their slot, as the clock walks', async (t) => {
  const { path, run } = await bench(t);
  await run();
  const { posts = [], comments = [] } = content(path);
  for (const item of [...posts, ...comments] as { created_utc: string; collected_at: string }[]) {
    const lagMs = Date.parse(item.collected_at) - Date.parse(item.created_utc);
    t.true(lagMs > 0 && lagMs <= INTERVAL_MS + 120_000, `${lagMs}`);
  }
});

test('the API answers from it', async (t) => {
  const walking = walkingClock(clock);
  const { app, store, config } = await buildTestApp(t, { clock: walking });
  const { subreddits } = config;
  const holder = 'test-host:1:0:0:generate';
  await generate(
    PLAN,
    {
      ...{ store, clock: walking, systemClock: clock, scorer, texts: inventedTexts, subreddits },
      ...{ intervalMs: INTERVAL_MS, leaseMs: 120_000, holder, holderIsDead: () => false },
    },
    new AbortController().signal,
  );
  walking.set(clock.now());
  const get = async (path: string) => (await app.inject(`/api/v1${path}`)).json<never>();
  const recent: { id: string; collected_at: string }[] = await get(
    '/posts/recent?hours=48&limit=500',
  );
  t.is(recent.length, 200);
  const { statistics }: { statistics: { total: number; previous: { total: number } } } = await get(
    '/sentiment/stats?hours=24',
  );
  t.true(statistics.total > 200 && statistics.previous.total > 200);
  const { trend_data }: { trend_data: { total: number }[] } = await get(
    '/sentiment/trends?hours=48&granularity=day',
  );
  t.true(trend_data.filter(({ total }) => total > 0).length >= 2);
  const cycles: unknown[] = await get('/collections?limit=200');
  t.is(cycles.length, 24);
});

test('twice the same is the same, times of collection included', async (t) => {
  const [one, other] = [await bench(t), await bench(t)];
  await one.run();
  await other.run();
  t.deepEqual(content(one.path), content(other.path));
});

/** The store, with `before` called ahead of every commit. */
function watched(store: Store, before: (count: number) => void): Store {
  let count = 0;
  return {
    ...store,
    commit: (batch) => {
      const items = batch.posts.length + batch.comments.length;
      if (items > MAX_BATCH) throw new Error(`${items} items in a batch`);
      before((count += 1));
      return store.commit(batch);
    },
  };
}

for (const how of ['cancelled', 'failed'] as const) {
  test(`${how} in the middle, it is consistent, and completed by the same again`, async (t) => {
    const [whole, cut] = [await bench(t), await bench(t)];
    await whole.run();
    const stop = new AbortController();
    const store = watched(cut.store, (count) => {
      if (count < 31) return;
      if (how === 'failed') throw new Error('the disk is full');
      stop.abort();
    });
    const first = cut.run({ store }, PLAN, stop.signal);
    if (how === 'failed') await t.throwsAsync(first, { message: 'the disk is full' });
    else t.true((await first).interrupted);
    t.deepEqual((await cut.store.verify({ repair: false })).differences, []);
    const [last] = await cut.store.cycles({ limit: 1 });
    t.is(last?.status, how === 'failed' ? 'running' : 'partial');

    const rest = await cut.run();
    t.true(rest.known > 100 && rest.posts_new > 0);
    t.is(rest.known + rest.posts_new + rest.comments_new, 1200);
    const times = ['collected_at', 'updated_at', 'last_success_at', 'found_at'];
    t.deepEqual(content(cut.path, times), content(whole.path, times));
    t.deepEqual((await cut.store.verify({ repair: false })).differences, []);
  });
}

test('a large slot is stored in parts, in batches that a store takes', async (t) => {
  const { store, run } = await bench(t);
  const plan = { ...PLAN, days: 1, posts: 100, comments: 20_500 };
  const day = 24 * 3_600_000;
  const report = await run({ store: watched(store, () => undefined), intervalMs: day }, plan);
  t.like(report, { posts_new: 100, comments_new: 20_500, cycles: 2 });
  t.deepEqual((await store.verify({ repair: false })).differences, []);
  const watermarks = await store.watermarks('claude');
  t.true(clock.now() - Date.parse(watermarks.comment?.created_utc ?? '') < 3_600_000);
});

test('a watermark that is there already does not move back', async (t) => {
  const { store, run } = await bench(t);
  const mark = { id: 'zz', created_utc: new Date(clock.now() - 1000).toISOString() };
  const fence = await beginTestCycle(store, clock, { holder: 'test-host:1:0:0:generate' });
  await store.commit({
    ...{ fence, subreddit: 'claude', posts: [], comments: [] },
    complete: { watermarks: { post: mark, comment: null }, state: 'active', gaps: [] },
  });
  await run();
  const after = await store.watermarks('claude');
  t.deepEqual(after.post, mark);
  t.not(after.comment, null);
});

test('while somebody else collects it stores nothing, and says who', async (t) => {
  const { store, run } = await bench(t);
  await beginTestCycle(store, clock, { holder: 'other-host:1:0:0' });
  await t.throwsAsync(run(), { message: /other-host:1:0:0 is collecting/ });
  t.is((await store.verify({ repair: false })).items, 0);
});

test('nobody else gets its lease, which runs by the clock of all others', async (t) => {
  const { store, config, run } = await bench(t);
  const other = await openStore(config, { clock, log: silentLog });
  t.teardown(() => other.close());
  const refusals: unknown[] = [];
  const disturbed: Store = {
    ...store,
    commit: async (batch) => {
      const attempt = beginTestCycle(other, clock, { id: 'theirs', holder: 'other-host:2:0:0' });
      refusals.push(await attempt.catch((error: Error) => error.message));
      return store.commit(batch);
    },
  };
  await run({ store: disturbed }, { ...PLAN, days: 1, posts: 20, comments: 100 });
  t.true(refusals.length > 20);
  t.deepEqual(new Set(refusals), new Set(['refused: test-host:1:0:0:generate has the lease']));
});

test('a store with items is refused, an empty one with a past is not', async (t) => {
  for (const items of [{ posts: [aPost()] }, { comments: [aComment()] }, {}]) {
    const { store } = await bench(t);
    const fence = await beginTestCycle(store, clock);
    await store.commit({ fence, subreddit: 'claude', posts: [], comments: [], ...items });
    if ('posts' in items || 'comments' in items) {
      await t.throwsAsync(refuseFilled(store), { message: /holds items already/ });
    } else await t.notThrowsAsync(refuseFilled(store));
  }
});

test('nothing is remembered of items but what comments need', (t) => {
  const fill = contentOf({ ...PLAN, posts: 20_000, comments: 80_000 }, ['claude'], inventedTexts);
  const stretch = (hour: number) => ({ fromMs: hour * 3_600_000, toMs: (hour + 1) * 3_600_000 });
  const oldest = new Map<string, number>();
  for (let hour = 0; hour < 40; hour += 1) {
    const [share] = fill({ ...stretch(hour), posts: 500, comments: 200 });
    for (const post of share?.posts ?? []) oldest.set(post.name, hour);
    for (const { link_id } of share?.comments ?? []) {
      t.true(hour - (oldest.get(link_id) ?? hour) <= 4, 'of 2000 posts at most');
    }
  }
});
