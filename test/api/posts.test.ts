import test from 'ava';
import type { Post } from '../../src/domain/item.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aPost, aSentiment } from '../support/items.js';
import { walk } from '../support/pages.js';

test('an empty store answers an empty array', async (t) => {
  const { app } = await buildTestApp(t);
  const reply = await app.inject('/api/v1/posts/recent');
  t.is(reply.statusCode, 200);
  t.deepEqual(reply.json(), []);
  t.is(reply.headers.link, undefined);
});

test('a post is answered exactly as it is stored', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  const { excluded, edited_at, ...content } = aPost({
    title: 'Ünïcode "quotes" </script> 🙂\u2028',
  });
  await fillStore(store, clock, { posts: [{ ...content, excluded, edited_at }] });
  const expected = {
    ...content,
    collected_at: '2026-01-15T12:00:00.000Z',
    updated_at: '2026-01-15T12:00:00.000Z',
  };
  const list = (await app.inject('/api/v1/posts/recent')).json<Post[]>();
  t.is(list.length, 1);
  t.like(list[0], content);
  t.deepEqual(Object.keys(list[0] ?? {}).sort(), Object.keys(expected).sort());
  t.deepEqual((await app.inject('/api/v1/posts/p1')).json(), list[0]);
  t.is((await app.inject('/api/v1/posts/p1?subreddit=whatever')).statusCode, 200);
});

test('an id that is not stored is 404, one that cannot be is 400', async (t) => {
  const { app } = await buildTestApp(t);
  const missing = await app.inject('/api/v1/posts/abc');
  t.is(missing.statusCode, 404);
  t.is(missing.json<{ detail: string }>().detail, 'No post with the id "abc" is stored');
  const wrong = await app.inject('/api/v1/posts/T3_X!');
  t.is(wrong.statusCode, 400);
  t.regex(
    wrong.json<{ detail: string }>().detail,
    /id="T3_X!" is not accepted: it takes Reddit's id/,
  );
});

test('the window is by collected_at, whatever the age of the post', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  await fillStore(store, clock, {
    cycleId: 'a',
    posts: [aPost({ id: 'old', created_utc: '2025-11-01T00:00:00.000Z' })],
  });
  await clock.advance(2 * 3_600_000);
  await fillStore(store, clock, { cycleId: 'b', posts: [aPost({ id: 'new' })] });
  const ids = async (hours: number) =>
    (await app.inject(`/api/v1/posts/recent?hours=${hours}`)).json<Post[]>().map(({ id }) => id);
  t.deepEqual(await ids(3), ['new', 'old']);
  t.deepEqual(await ids(1), ['new']);
  await clock.advance(60 * 60_000 + 60_000);
  t.deepEqual(await ids(1), []);
});

test('filters by subreddit, whatever its case, and by label', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  await fillStore(store, clock, {
    posts: [
      aPost({ id: 'a', subreddit: 'claude' }),
      aPost({ id: 'b', subreddit: 'MachineLearning' }),
      aPost({
        id: 'c',
        subreddit: 'MachineLearning',
        sentiment: aSentiment({ label: 'negative', score: -0.5 }),
      }),
    ],
  });
  const ids = async (query: string) =>
    (await app.inject(`/api/v1/posts/recent?${query}`))
      .json<Post[]>()
      .map(({ id }) => id)
      .sort();
  t.deepEqual(await ids('subreddit=machinelearning'), ['b', 'c']);
  t.deepEqual(await ids('subreddit=MACHINELEARNING&label=negative'), ['c']);
  t.deepEqual(await ids('label=positive'), ['a', 'b']);
  t.deepEqual(await ids('subreddit=all'), ['a', 'b', 'c']);
});

test('pages join to the whole list; a next link is there only if there is more', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  const posts = Array.from({ length: 25 }, (_, at) => aPost({ id: `p${at}` }));
  await fillStore(store, clock, { cycleId: 'a', posts: posts.slice(0, 10) });
  await clock.advance(1000);
  await fillStore(store, clock, { cycleId: 'b', posts: posts.slice(10) });
  const whole = await walk<Post>(app, '/api/v1/posts/recent?limit=1000');
  t.is(whole.entries.length, 25);
  for (const limit of [1, 5, 7, 24, 25, 26]) {
    const { entries, pages } = await walk<Post>(
      app,
      `/api/v1/posts/recent?hours=24&limit=${limit}`,
    );
    t.deepEqual(entries, whole.entries, `limit ${limit}`);
    t.is(pages.length, Math.ceil(25 / limit), `limit ${limit}`);
  }
});
