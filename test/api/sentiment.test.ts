import test from 'ava';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost, aSentiment } from '../support/items.js';

interface Figures {
  total: number;
  positive: number;
  negative: number;
  neutral: number;
  avg_sentiment: number;
  posts: number;
  comments: number;
  last_item_at: string | null;
}

interface Stats {
  subreddit: string;
  time_window_hours: number;
  statistics: Figures & { previous: Figures | null };
  timestamp: string;
}

interface Trends {
  subreddit: string;
  granularity: string;
  trend_data: { start: string; total: number; avg_sentiment: number; coverage: number | null }[];
  timestamp: string;
}

const START = '2026-01-15T12:30:20.000Z';
const minutesAgo = (minutes: number) =>
  new Date(Date.parse('2026-01-15T12:30:00.000Z') - minutes * 60_000).toISOString();

const post = (id: string, minutes: number, score = 0.5, subreddit = 'claude'): NewPost =>
  aPost({
    id,
    subreddit,
    created_utc: minutesAgo(minutes),
    sentiment: aSentiment({ score, label: score > 0 ? 'positive' : 'negative' }),
  });
const comment = (id: string, minutes: number, subreddit = 'claude'): NewComment =>
  aComment({ id, subreddit, created_utc: minutesAgo(minutes) });

test('statistics of a window and of the one before, in exactly the documented shape', async (t) => {
  const clock = new ManualClock(START);
  const { app, store, faulty } = await buildTestApp(t, { clock });
  await fillStore(store, clock, {
    posts: [
      post('now', 0), // created at the window's end, which is not part of it
      post('a', 1, 0.5),
      post('b', 30, -0.25),
      post('edge', 120, 0.25), // the window's first instant
      post('c', 121, 0.75), // the window before
      post('other', 10, 0.5, 'aws'),
    ],
    comments: [comment('x', 90), comment('y', 239), comment('z', 241)],
  });
  const reply = await app.inject('/api/v1/sentiment/stats?subreddit=CLAUDE&hours=2');
  t.is(reply.statusCode, 200);
  t.deepEqual(reply.json<Stats>(), {
    subreddit: 'claude',
    time_window_hours: 2,
    statistics: {
      total: 4,
      positive: 2,
      negative: 1,
      neutral: 1,
      avg_sentiment: 0.125,
      posts: 3,
      comments: 1,
      last_item_at: minutesAgo(1),
      previous: {
        total: 2,
        positive: 1,
        negative: 0,
        neutral: 1,
        avg_sentiment: 0.375,
        posts: 1,
        comments: 1,
        last_item_at: minutesAgo(121),
      },
    },
    timestamp: '2026-01-15T12:30:00.000Z',
  });
  // One look at the revision, one call for the edges of both windows.
  t.is(faulty.calls.rollups, 2, 'both windows from one snapshot');
  t.is(faulty.calls.hourlyCounts, undefined);
  const all = (await app.inject('/api/v1/sentiment/stats?hours=2')).json<Stats>();
  t.is(all.subreddit, 'all');
  t.is(all.statistics.total, 5);
});

test('the window before is null when retention no longer covers it', async (t) => {
  const { app } = await buildTestApp(t);
  const previous = async (hours: number) =>
    (await app.inject(`/api/v1/sentiment/stats?hours=${hours}`)).json<Stats>().statistics.previous;
  t.not(await previous(1080), null);
  t.is(await previous(1081), null);
  t.is(await previous(2160), null);
});

test('an empty window answers zeros with 200', async (t) => {
  const { app } = await buildTestApp(t);
  const { statistics } = (await app.inject('/api/v1/sentiment/stats')).json<Stats>();
  t.like(statistics, { total: 0, avg_sentiment: 0, last_item_at: null });
  t.like(statistics.previous, { total: 0, last_item_at: null });
});

test('trends have a bucket for every hour, day and week, empty ones too', async (t) => {
  const clock = new ManualClock(START); // a Thursday
  const { app, store } = await buildTestApp(t, { clock });
  await fillStore(store, clock, {
    posts: [post('a', 5), post('b', 65, -0.5), post('c', 60 * 24)], // two comments each
    comments: [{ ...comment('x', 60 * 24 * 40), post_id: 'b' }],
  });
  const trends = async (query: string) =>
    (await app.inject(`/api/v1/sentiment/trends?${query}`)).json<Trends>();

  const hour = await trends('hours=3');
  t.is(hour.granularity, 'hour');
  t.is(hour.timestamp, '2026-01-15T12:30:00.000Z');
  t.deepEqual(
    hour.trend_data.map(({ start, total, avg_sentiment, coverage }) => [
      start,
      total,
      avg_sentiment,
      coverage,
    ]),
    [
      ['2026-01-15T09:00:00.000Z', 0, 0, null],
      ['2026-01-15T10:00:00.000Z', 0, 0, null],
      ['2026-01-15T11:00:00.000Z', 1, -0.5, 0.5],
      ['2026-01-15T12:00:00.000Z', 1, 0.5, null],
    ],
  );
  const day = await trends('hours=48&granularity=day');
  t.deepEqual(
    day.trend_data.map(({ start, total }) => [start.slice(0, 10), total]),
    [
      ['2026-01-13', 0],
      ['2026-01-14', 1],
      ['2026-01-15', 2],
    ],
  );
  const week = await trends('hours=168&granularity=week&subreddit=Claude');
  t.is(week.subreddit, 'claude');
  t.deepEqual(
    week.trend_data.map(({ start, total }) => [start.slice(0, 10), total]),
    [
      ['2026-01-05', 0],
      ['2026-01-12', 3],
    ],
  );
  t.is((await trends('hours=2160')).trend_data.length, 2161);
});

test('the sum of a trend equals the statistics of the same window', async (t) => {
  const clock = new ManualClock(START);
  const { app, store } = await buildTestApp(t, { clock });
  const posts = Array.from({ length: 60 }, (_, at) => post(`p${at}`, at * 37 + 1));
  await fillStore(store, clock, { posts });
  for (const hours of [1, 7, 24, 30]) {
    const { statistics } = (
      await app.inject(`/api/v1/sentiment/stats?hours=${hours}`)
    ).json<Stats>();
    t.is(
      statistics.total,
      posts.filter(({ created_utc }) => created_utc >= minutesAgo(hours * 60)).length,
    );
    for (const granularity of ['hour', 'day', 'week']) {
      const url = `/api/v1/sentiment/trends?hours=${hours}&granularity=${granularity}`;
      const { trend_data } = (await app.inject(url)).json<Trends>();
      t.is(
        trend_data.reduce((sum, { total }) => sum + total, 0),
        statistics.total,
        url,
      );
    }
  }
});
