import test from 'ava';
import type { Topic } from '../../src/domain/topic.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';

const START = '2026-01-15T12:30:20.000Z';
const minutesAgo = (minutes: number) =>
  new Date(Date.parse('2026-01-15T12:30:00.000Z') - minutes * 60_000).toISOString();
const posts = (prefix: string, title: string, minutes: number[], subreddit = 'claude') =>
  minutes.map((ago, n) =>
    aPost({ id: `${prefix}${n}`, title, subreddit, created_utc: minutesAgo(ago) }),
  );

test('topics of the window that ends at the current minute, in exactly the documented shape', async (t) => {
  const clock = new ManualClock(START);
  const { app, store, faulty } = await buildTestApp(t, { clock });
  await fillStore(store, clock, {
    posts: [
      ...posts('a', 'Claude outage again', [0, 1, 30, 60, 61]), // the first and last are outside
      ...posts('b', 'Prices', [5, 6]),
      ...posts('c', 'Outage of AWS', [10], 'aws'),
      ...posts('d', 'Weather', [70, 80, 90]),
    ],
  });
  const reply = await app.inject('/api/v1/trending?hours=1');
  t.is(reply.statusCode, 200);
  const [topic, ...others] = reply.json<Topic[]>();
  t.deepEqual(others, []);
  t.regex(topic?.id ?? '', /^[0-9a-f]{16}$/);
  t.deepEqual(topic, {
    id: topic?.id ?? '',
    post_ids: ['a1', 'a2', 'a3', 'c0'],
    theme: 'outage',
    keywords: ['outage'],
    engagement_velocity: 96,
    sentiment_distribution: { positive: 4, negative: 0, neutral: 0 },
    peak_time: '2026-01-15T12:00:00.000Z',
    created_at: minutesAgo(60),
    mentions: 4,
    baseline: 1,
    is_new: false,
  });
  t.is(faulty.calls.trending, 1);
  const own = (await app.inject('/api/v1/trending?hours=1&subreddit=CLAUDE')).json<Topic[]>();
  t.deepEqual(
    own.map(({ theme, mentions }) => [theme, mentions]),
    [['outage', 3]],
  );
  t.deepEqual((await app.inject('/api/v1/trending?hours=1&subreddit=aws')).json(), []);
});

test('topics fall out with the window', async (t) => {
  const clock = new ManualClock(START);
  const { app, store } = await buildTestApp(t, { clock });
  await fillStore(store, clock, { posts: posts('a', 'Outage', [1, 2, 3]) });
  const count = async () => (await app.inject('/api/v1/trending?hours=1')).json<Topic[]>().length;
  t.is(await count(), 1);
  clock.jumpTo('2026-01-15T13:27:59.999Z');
  t.is(await count(), 1);
  clock.jumpTo('2026-01-15T13:28:00.000Z');
  t.is(await count(), 0);
});

test('an empty store answers an empty list', async (t) => {
  const { app } = await buildTestApp(t);
  for (const query of ['', '?hours=720&limit=100', '?hours=1&limit=1&subreddit=Claude']) {
    const reply = await app.inject(`/api/v1/trending${query}`);
    t.is(reply.statusCode, 200);
    t.deepEqual(reply.json(), []);
  }
});

test('a limit cuts the same list', async (t) => {
  const clock = new ManualClock(START);
  const { app, store } = await buildTestApp(t, { clock });
  const titles = ['Outage', 'Prices', 'Weather', 'Limits'];
  await fillStore(store, clock, {
    posts: titles.flatMap((title, n) => posts(`t${n}x`, title, [1, 2, 3])),
  });
  const themes = async (query: string) =>
    (await app.inject(`/api/v1/trending${query}`)).json<Topic[]>().map(({ theme }) => theme);
  t.deepEqual(await themes(''), ['limits', 'outage', 'prices', 'weather']);
  t.deepEqual(await themes('?limit=2'), ['limits', 'outage']);
});
