import test from 'ava';
import type { Cycle, Gap, GapRecord } from '../../src/domain/cycle.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost } from '../support/items.js';
import { walk } from '../support/pages.js';
import { beginTestCycle } from '../support/store.js';

interface Subreddits {
  subreddits: string[];
  count: number;
  details: { name: string; state: string; items_24h: number; [field: string]: unknown }[];
}

test('the configured subreddits are listed in their order before anything is stored', async (t) => {
  const { app, config } = await buildTestApp(t);
  const body = (await app.inject('/api/v1/subreddits')).json<Subreddits>();
  t.deepEqual(body.subreddits, config.subreddits);
  t.is(body.count, 14);
  t.deepEqual(body.details[0], {
    name: 'Cursor',
    state: 'unknown',
    last_success_at: null,
    watermark_at: null,
    items_24h: 0,
    coverage_24h: null,
    gaps: 0,
  });
});

test('what is stored fills the details; a subreddit dropped from the list is not shown', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock, env: { SUBREDDITS: 'aws,Claude' } });
  await fillStore(store, clock, {
    posts: [aPost({ subreddit: 'Claude' }), aPost({ id: 'q', subreddit: 'Rust' })],
    comments: [aComment({ subreddit: 'Claude' })],
  });
  const body = (await app.inject('/api/v1/subreddits')).json<Subreddits>();
  t.deepEqual(body.subreddits, ['aws', 'Claude']);
  t.like(body.details[0], { name: 'aws', state: 'unknown', items_24h: 0 });
  t.like(body.details[1], {
    name: 'Claude',
    state: 'active',
    items_24h: 2,
    last_success_at: '2026-01-15T12:00:00.000Z',
    watermark_at: '2026-01-15T11:30:00.000Z',
  });
  const stored = await app.inject('/api/v1/sentiment/stats?subreddit=rust');
  t.is(stored.statusCode, 200, 'but it still answers by name');
  t.is(stored.json<{ subreddit: string }>().subreddit, 'Rust');
});

for (const route of ['posts/recent', 'sentiment/stats', 'sentiment/trends', 'trending']) {
  test(`${route}: an unknown subreddit is 404 and names the closest`, async (t) => {
    const { app } = await buildTestApp(t);
    const reply = await app.inject(`/api/v1/${route}?subreddit=machinelerning`);
    t.is(reply.statusCode, 404);
    t.like(reply.json(), { code: 'unknown_subreddit', status: 404, closest: 'MachineLearning' });
    t.regex(reply.json<{ detail: string }>().detail, /did you mean MachineLearning\?/);
    const far = await app.inject(`/api/v1/${route}?subreddit=zzzzzzzzzzzzzzzzzzzz`);
    t.is(far.statusCode, 404);
    t.regex(far.json<{ detail: string }>().detail, /it takes one of Cursor, Bard/);
  });
}

test('collections are the cycle records, newest first', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  t.deepEqual((await app.inject('/api/v1/collections')).json(), []);
  const first = await fillStore(store, clock, { cycleId: 'one', posts: [aPost()] });
  await clock.advance(60_000);
  const second = await fillStore(store, clock, { cycleId: 'two', status: 'failed' });
  const all = (await app.inject('/api/v1/collections')).json<Cycle[]>();
  t.deepEqual(all, [second, first]);
  const failed = (await app.inject('/api/v1/collections?status=failed')).json<Cycle[]>();
  t.deepEqual(failed, [second]);
  t.deepEqual((await app.inject('/api/v1/collections?limit=1')).json<Cycle[]>(), [second]);
});

test('collections page by page, also while cycles begin', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  for (let n = 0; n < 7; n += 1) {
    await clock.advance(1000);
    await fillStore(store, clock, { cycleId: `c${n}`, status: n % 2 ? 'failed' : 'succeeded' });
  }
  const ids = async (query: string, between?: (page: number) => Promise<void>) =>
    (await walk<Cycle>(app, `/api/v1/collections?${query}`, between)).entries.map(({ id }) => id);
  t.deepEqual(await ids('limit=3'), ['c6', 'c5', 'c4', 'c3', 'c2', 'c1', 'c0']);
  t.deepEqual(await ids('limit=2&status=failed'), ['c5', 'c3', 'c1']);
  const another = async (page: number) => {
    await clock.advance(1000);
    await fillStore(store, clock, { cycleId: `d${page}` });
  };
  t.deepEqual(await ids('limit=2', another), ['c6', 'c5', 'c4', 'c3', 'c2', 'c1', 'c0']);
});

test('gaps are listed newest first, by status, page by page', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  const url = '/api/v1/collections/gaps';
  const empty = await app.inject(url);
  t.is(empty.statusCode, 200);
  t.deepEqual(empty.json(), []);
  const gap = (kind: Gap['kind'], hour: number): Gap => ({
    kind,
    from: `2026-01-15T0${hour}:00:00.000Z`,
    to: `2026-01-15T0${hour + 1}:00:00.000Z`,
    missing: null,
  });
  const found: GapRecord[] = [];
  for (const [n, subreddit] of ['aws', 'Claude', 'aws'].entries()) {
    const fence = await beginTestCycle(store, clock, { id: `g${n}` });
    const gaps = [gap('comment', n), gap('post', n)];
    const watermarks = { post: null, comment: null };
    const complete = { watermarks, state: 'active' as const, gaps };
    await store.commit({ fence, subreddit, posts: [], comments: [], complete });
    const found_at = new Date(clock.now()).toISOString();
    const settled_at = null;
    const open = { subreddit, status: 'open' as const, found_at, settled_at };
    const records = gaps.map((one) => ({ ...one, ...open }));
    found.unshift(...records.reverse());
    if (n > 0) await clock.advance(60_000); // the first two were found at the same moment
  }
  const whole = (await app.inject(url)).json<GapRecord[]>();
  t.deepEqual(whole.slice(0, 2), found.slice(0, 2));
  t.deepEqual(
    whole.slice(2).map(({ subreddit, kind }) => `${subreddit} ${kind}`),
    ['Claude post', 'Claude comment', 'aws post', 'aws comment'],
  );
  for (const limit of [1, 3, 5, 6]) {
    const { entries, pages } = await walk<GapRecord>(app, `${url}?limit=${limit}`);
    t.deepEqual(entries, whole, `limit ${limit}`);
    t.is(pages.length, Math.ceil(6 / limit));
  }
  t.deepEqual((await walk(app, `${url}?status=open&limit=2`)).entries, whole);
  t.deepEqual((await app.inject(`${url}?status=lost`)).json(), []);
  const wrong = await app.inject(`${url}?status=repaired`);
  t.is(wrong.statusCode, 400);
  t.regex(wrong.json<{ detail: string }>().detail, /it takes one of open, closed, lost/);
  const { details } = (await app.inject('/api/v1/subreddits')).json<Subreddits>();
  t.like(
    details.find(({ name }) => name === 'aws'),
    { gaps: 4 },
  );
});

test('a record with a gap and an error is served whole', async (t) => {
  const clock = new ManualClock();
  const { app, faulty } = await buildTestApp(t, { clock });
  const at = '2026-01-15T11:00:00.000Z';
  const error = { at, subreddit: 'aws', code: 'reddit_timeout', message: 'slow', attempt: 4 };
  const cycle: Cycle = {
    id: 'c',
    started_at: at,
    finished_at: null,
    status: 'running',
    trigger: 'schedule',
    subreddits: [
      {
        name: 'aws',
        state: 'active',
        posts_new: 1,
        posts_seen: 2,
        comments_new: 3,
        comments_seen: 4,
        skipped: {},
        requests: 5,
        duration_ms: 6.5,
        gap: { kind: 'post', from: at, missing: null, to: at },
        error,
      },
    ],
    errors: [error, { ...error, subreddit: null }],
    memory_start_mb: 60.1,
    memory_end_mb: null,
    duration_ms: null,
    upkeep: null,
  };
  faulty.cycles = async () => [cycle];
  const reply = await app.inject('/api/v1/collections');
  t.is(reply.statusCode, 200);
  t.deepEqual(reply.json(), [cycle]);
});
