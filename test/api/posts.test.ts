import test from 'ava';
import fc from 'fast-check';
import type { Post } from '../../src/domain/item.js';
import { decodeCursor, encodeCursor } from '../../src/routes/cursor.js';
import { buildTestApp, type TestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aPost, aSentiment } from '../support/items.js';

const nextOf = (link: unknown): string | null =>
  typeof link === 'string' ? (/^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? null) : null;

async function walk({ app }: TestApp, url: string): Promise<{ ids: string[]; pages: number[] }> {
  const ids: string[] = [];
  const pages: number[] = [];
  for (let next: string | null = url; next !== null && pages.length < 100; ) {
    const reply = await app.inject(next);
    const posts = reply.json<Post[]>();
    ids.push(...posts.map(({ id }) => id));
    pages.push(posts.length);
    next = nextOf(reply.headers.link);
  }
  return { ids, pages };
}

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
  const { excluded, ...content } = aPost({ title: 'Ünïcode "quotes" </script> 🙂\u2028' });
  await fillStore(store, clock, { posts: [{ ...content, excluded }] });
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
  await clock.advance(60 * 60_000 + 1000);
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
  const testApp = await buildTestApp(t, { clock });
  const posts = Array.from({ length: 25 }, (_, at) => aPost({ id: `p${at}` }));
  await fillStore(testApp.store, clock, { cycleId: 'a', posts: posts.slice(0, 10) });
  await clock.advance(1000);
  await fillStore(testApp.store, clock, { cycleId: 'b', posts: posts.slice(10) });
  const whole = await walk(testApp, '/api/v1/posts/recent?limit=1000');
  t.is(whole.ids.length, 25);
  for (const limit of [1, 5, 7, 24, 25, 26]) {
    const { ids, pages } = await walk(testApp, `/api/v1/posts/recent?hours=24&limit=${limit}`);
    t.deepEqual(ids, whole.ids, `limit ${limit}`);
    t.is(pages.length, Math.ceil(25 / limit), `limit ${limit}`);
  }
});

test('a walk through pages is stable while new posts arrive', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  const posts = Array.from({ length: 9 }, (_, at) => aPost({ id: `old${at}` }));
  await fillStore(store, clock, { cycleId: 'a', posts });
  const seen: string[] = [];
  let next: string | null = '/api/v1/posts/recent?limit=2&subreddit=claude';
  for (let page = 0; next !== null && page < 20; page += 1) {
    const reply = await app.inject(next);
    seen.push(...reply.json<Post[]>().map(({ id }) => id));
    next = nextOf(reply.headers.link);
    if (next !== null) t.regex(next, /subreddit=claude/);
    await clock.advance(1000);
    const id = `new${page}`;
    await fillStore(store, clock, { cycleId: `c${page}`, posts: [aPost({ id })] });
  }
  t.deepEqual([...seen].sort(), posts.map(({ id }) => id).sort());
});

test('a cursor that is not ours is refused, and says so', async (t) => {
  const { app } = await buildTestApp(t);
  const wrong = [
    'x',
    'MTIz',
    encodeCursor({ collected_at: '2026-13-45T99:00:00.000Z', id: 'a' }),
    encodeCursor({ collected_at: '2026-01-15T12:00:00.000Z', id: 'UPPER' }),
    `${encodeCursor({ collected_at: '2026-01-15T12:00:00.000Z', id: 'a' })}=`,
    "'%20OR%201=1",
  ];
  for (const cursor of wrong) {
    const reply = await app.inject(`/api/v1/posts/recent?cursor=${cursor}`);
    t.is(reply.statusCode, 400, cursor);
    t.regex(reply.json<{ detail: string }>().detail, /cursor is not one of ours/, cursor);
  }
});

test('cursors survive their round trip (property)', (t) => {
  const time = fc
    .integer({ min: Date.parse('2005-01-01'), max: Date.parse('2100-01-01') })
    .map((ms) => new Date(ms).toISOString());
  const id = fc.stringMatching(/^[a-z0-9]{1,16}$/);
  fc.assert(
    fc.property(time, id, (collected_at, postId) => {
      const place = { collected_at, id: postId };
      t.deepEqual(decodeCursor(encodeCursor(place)), place);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      t.throws(() => decodeCursor(text), { message: /not one of ours/ });
    }),
  );
});
