import { toIso } from '../../src/clock.js';
import type { Watermarks } from '../../src/store/store.js';
import { aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { finished, leaseSuite, start } from './lease-suite.js';
import { define, type Implementation, NOW, type Scene } from './under-test.js';

/** Cycles, the lease they run under, and what the runner needs. */
export function cycleSuite(implementation: Implementation): void {
  leaseSuite(implementation);
  records(implementation);
  watermarks(implementation);
  requests(implementation);
  rateBudget(implementation);
}

const leaseLost = { code: 'lease_lost' };

function records(implementation: Implementation): void {
  define(implementation, 'a cycle comes back as it was written', async (t, scene) => {
    const at = '2026-01-15T12:01:00.000Z';
    const error = { at, subreddit: 'aws', code: 'reddit_timeout', message: 'slow "ß"', attempt: 4 };
    const result = {
      ...{ name: 'aws', state: 'active' as const, posts_new: 1, posts_seen: 2 },
      ...{ comments_new: 3, comments_seen: 4, skipped: { invalid: 2 }, requests: 5 },
      ...{ duration_ms: 6.5, gap: { kind: 'post' as const, from: NOW, to: at, missing: 3 }, error },
    };
    const record = finished('cycle-1', {
      status: 'partial',
      subreddits: [result],
      errors: [error],
    });
    const before = (await scene.reader.ping()).data_version;
    await scene.store.updateCycle({ ...record, status: 'running' }, scene.fence);
    t.like((await scene.reader.cycles({ limit: 1 }))[0], { ...record, status: 'running' });
    await scene.store.finishCycle(record, scene.fence);
    t.deepEqual(await scene.reader.cycles({ limit: 1 }), [record]);
    t.is((await scene.reader.ping()).data_version, before + 2);
  });

  define(implementation, 'cycles come newest first, by status, bounded', async (t, scene) => {
    await scene.store.finishCycle(finished('cycle-1'), scene.fence);
    for (const [index, status] of (['failed', 'partial', 'failed'] as const).entries()) {
      await scene.clock.advance(60_000);
      const id = `next-${index}`;
      const fence = await beginTestCycle(scene.store, scene.clock, { id });
      const started_at = toIso(scene.clock.now());
      await scene.store.finishCycle(finished(id, { status, started_at }), fence);
    }
    const ids = async (query: Parameters<typeof scene.reader.cycles>[0]) =>
      (await scene.reader.cycles(query)).map((cycle) => cycle.id);
    t.deepEqual(await ids({ limit: 9 }), ['next-2', 'next-1', 'next-0', 'cycle-1']);
    t.deepEqual(await ids({ limit: 2 }), ['next-2', 'next-1']);
    t.deepEqual(await ids({ limit: 9, status: 'failed' }), ['next-2', 'next-0']);
    t.deepEqual(await ids({ limit: 9, status: 'running' }), []);
  });

  define(implementation, 'an unknown cycle cannot be written', async (t, scene) => {
    await t.throwsAsync(scene.store.updateCycle(finished('other'), scene.fence), {
      code: 'internal',
    });
    t.is((await scene.reader.healthFacts(NOW)).running_cycle, 'cycle-1');
  });
}

function watermarks(implementation: Implementation): void {
  const post = { id: 'p9', created_utc: '2026-01-15T11:30:00.000Z' };
  const comment = { id: 'c9', created_utc: '2026-01-15T11:45:00.000Z' };
  const batch = (scene: Scene) => ({
    fence: scene.fence,
    subreddit: 'claude',
    posts: [],
    comments: [],
  });

  define(implementation, 'watermarks move with the completing commit only', async (t, scene) => {
    const none = { post: null, comment: null };
    t.deepEqual(await scene.store.watermarks('claude'), none);
    await scene.commit({ posts: [aPost()] });
    t.deepEqual(await scene.store.watermarks('claude'), none);
    const complete = { watermarks: { post, comment }, state: 'active' as const, gaps: [] };
    const before = (await scene.reader.ping()).data_version;
    const { data_version } = await scene.store.commit({ ...batch(scene), complete });
    t.is(data_version, before + 1);
    t.deepEqual(await scene.store.watermarks('CLAUDE'), { post, comment });
    t.deepEqual(await scene.reader.subreddits(NOW), [
      {
        ...{ name: 'claude', state: 'active', last_success_at: NOW, items_24h: 1 },
        ...{ watermark_at: comment.created_utc, coverage_24h: 0, gaps: 0 },
      },
    ]);
  });

  define(implementation, 'a gap is on record once, and open', async (t, scene) => {
    const gap = {
      ...{ kind: 'comment' as const, from: '2026-01-15T01:00:00.000Z', to: NOW, missing: null },
    };
    const complete = {
      watermarks: { post, comment: null },
      state: 'private' as const,
      gaps: [gap],
    };
    await scene.store.commit({ ...batch(scene), complete });
    await scene.store.commit({ ...batch(scene), complete });
    const [claude] = await scene.reader.subreddits(NOW);
    t.like(claude, { state: 'private', gaps: 1, watermark_at: post.created_utc });
    t.is((await scene.reader.healthFacts(NOW)).gaps_open, 1);
    t.deepEqual(await scene.store.watermarks('claude'), { post, comment: null });
  });

  define(
    implementation,
    'the newest item read is kept while it is above a watermark',
    async (t, scene) => {
      const held = { post, comment: null, newest: { post: comment, comment } };
      const commit = (watermarks: Watermarks) =>
        scene.store.commit({
          ...batch(scene),
          complete: { watermarks, state: 'active', gaps: [] },
        });
      await commit(held);
      t.deepEqual(await scene.store.watermarks('CLAUDE'), held);
      t.deepEqual(await scene.store.watermarks('aws'), { post: null, comment: null });
      const one = { post, comment, newest: { post: comment } };
      await commit(one);
      t.deepEqual(await scene.store.watermarks('claude'), one);
      await commit({ post, comment });
      t.deepEqual(await scene.store.watermarks('claude'), { post, comment });
    },
  );

  define(implementation, 'a lost lease completes nothing', async (t, scene) => {
    await scene.store.abandon('test-host:1:0:0', 'gone');
    const complete = { watermarks: { post, comment }, state: 'active' as const, gaps: [] };
    await t.throwsAsync(scene.store.commit({ ...batch(scene), complete }), leaseLost);
    t.deepEqual(await scene.store.watermarks('claude'), { post: null, comment: null });
  });
}

function requests(implementation: Implementation): void {
  const idle = async (scene: Scene) => {
    await scene.store.finishCycle(finished('cycle-1'), scene.fence);
    return { ...scene, version: (await scene.reader.ping()).data_version };
  };

  define(implementation, 'a running cycle answers for a request', async (t, scene) => {
    const running = { accepted: false, cycle_id: 'cycle-1' };
    t.deepEqual(await scene.reader.requestCycle('wish-1'), running);
    t.is(await scene.store.takeRequest(), null);
    await scene.clock.advance(120_000); // the lease is dead: the cycle is not running
    t.deepEqual(await scene.reader.requestCycle('wish-1'), { accepted: true, cycle_id: 'wish-1' });
  });

  define(implementation, 'one request is open at a time, and taken once', async (t, scene) => {
    const { reader, store, clock, version } = await idle(scene);
    t.is(await store.takeRequest(), null);
    t.deepEqual(await reader.requestCycle('wish-1'), { accepted: true, cycle_id: 'wish-1' });
    t.deepEqual(await reader.requestCycle('wish-2'), { accepted: false, cycle_id: 'wish-1' });
    t.deepEqual(await store.takeRequest(), { cycle_id: 'wish-1' });
    t.is(await store.takeRequest(), null);
    t.deepEqual(
      await reader.requestCycle('wish-3'),
      { accepted: false, cycle_id: 'wish-1' },
      'taken, and about to begin',
    );
    t.is((await reader.ping()).data_version, version);
    const fence = await beginTestCycle(store, clock, { id: 'wish-1' });
    await store.finishCycle(finished('wish-1'), fence);
    t.deepEqual(await reader.requestCycle('wish-4'), { accepted: true, cycle_id: 'wish-4' });
  });

  define(implementation, 'a request that nobody takes is dropped in time', async (t, scene) => {
    const { reader, store, clock } = await idle(scene);
    await reader.requestCycle('wish-1');
    await clock.advance(299_999);
    t.like(await reader.requestCycle('wish-2'), { accepted: false });
    await clock.advance(1);
    t.deepEqual(await reader.requestCycle('wish-2'), { accepted: true, cycle_id: 'wish-2' });
    t.deepEqual(await store.takeRequest(), { cycle_id: 'wish-2' });
    await clock.advance(60_000); // taken, but its runner died before the cycle began
    t.like(await reader.requestCycle('wish-3'), { accepted: true });
  });

  define(implementation, 'the last heartbeat is a health fact', async (t, scene) => {
    const { reader, store, version } = await idle(scene);
    t.is((await reader.healthFacts(NOW)).jobs, null);
    const beat = { holder: 'h:1:2:3', pid: 1, memory_mb: 80.5, runs_skipped: 2 };
    await store.heartbeat({ ...beat, memory_mb: 70 });
    await scene.clock.advance(5000);
    await store.heartbeat(beat);
    const facts = await reader.healthFacts(NOW);
    t.deepEqual(facts.jobs, { at: '2026-01-15T12:00:05.000Z', ...beat });
    t.is(facts.data_version, version, 'it changes nothing that is served');
  });
}

function rateBudget(implementation: Implementation): void {
  define(
    implementation,
    'the rate budget is kept as it was told, and is no news',
    async (t, scene) => {
      const { store } = scene;
      t.is(await store.rateBudget(), null);
      const before = (await store.ping()).data_version;
      const now = scene.clock.now();
      const budget = {
        sentAt: [now - 2000, now],
        remaining: 42,
        resetAt: now + 60_000,
        blockedUntil: 0,
      };
      await store.saveRateBudget(budget);
      t.deepEqual(await store.rateBudget(), budget);
      const unknown = { ...budget, sentAt: [], remaining: null };
      await store.saveRateBudget(unknown);
      t.deepEqual(await store.rateBudget(), unknown);
      t.is((await store.ping()).data_version, before);
    },
  );

  define(
    implementation,
    'the rate budget is saved by whoever sends, lease or not',
    async (t, scene) => {
      await scene.clock.advance(120_000);
      await scene.store.beginCycle(start(scene, 'cycle-2'));
      const budget = { sentAt: [1], remaining: null, resetAt: 0, blockedUntil: 0 };
      await scene.store.saveRateBudget(budget);
      t.deepEqual(await scene.store.rateBudget(), budget);
    },
  );
}
