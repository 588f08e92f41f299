import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { AppError } from '../../src/errors.js';
import { buildTestApp, type TestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';

const START = '2026-01-15T12:30:20.000Z';

interface Scene extends TestApp {
  clock: ManualClock;
}

async function scene(t: ExecutionContext, posts = 20): Promise<Scene> {
  const clock = new ManualClock(START);
  const built = await buildTestApp(t, { clock });
  await fillStore(built.store, clock, {
    posts: Array.from({ length: posts }, (_, n) => aPost({ id: `p${n}` })),
  });
  return { ...built, clock };
}

const ROUTES = [
  '/api/v1/posts/recent',
  '/api/v1/posts/recent?limit=5&subreddit=claude&label=positive',
  '/api/v1/posts/p1',
  '/api/v1/posts/p1/comments',
  '/api/v1/sentiment/stats',
  '/api/v1/sentiment/trends',
  '/api/v1/trending',
  '/api/v1/subreddits',
  '/api/v1/collections',
  '/api/v1/collections/gaps',
];

for (const url of ROUTES) {
  test(`${url}: a tag, and nothing sent again to who has it`, async (t) => {
    const { app, clock, store } = await scene(t);
    const first = await app.inject(url);
    t.is(first.statusCode, 200);
    t.is(first.headers['cache-control'], 'no-cache');
    t.is(first.headers['content-type'], 'application/json; charset=utf-8');
    t.regex(String(first.headers.vary), /\bAccept-Encoding\b/);
    t.is(first.headers.age, undefined);
    t.is(first.headers['x-data-stale'], undefined);
    const etag = String(first.headers.etag);
    t.regex(etag, /^"[\w-]{22}"$/, 'strong');

    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await app.inject({ url, headers: { 'if-none-match': given } });
      t.is(again.statusCode, 304, given);
      t.is(again.body, '');
      t.is(again.headers.etag, etag);
      t.is(again.headers['cache-control'], 'no-cache');
    }
    const other = await app.inject({ url, headers: { 'if-none-match': '"other"' } });
    t.is(other.statusCode, 200);
    t.is(other.body, first.body);
    const head = await app.inject({ method: 'HEAD', url });
    t.is(head.statusCode, 200);
    t.is(head.body, '');
    t.is(head.headers.etag, etag);
    t.is(head.headers['content-length'], first.headers['content-length']);

    await clock.advance(1000);
    await fillStore(store, clock, { cycleId: 'later', posts: [aPost({ id: 'new' })] });
    await clock.advance(60_000);
    const changed = await app.inject({ url, headers: { 'if-none-match': etag } });
    const same = changed.statusCode === 304;
    t.is(same, /posts\/p1|gaps/.test(url), 'only what is still the same is not sent');
  });
}

test('compressed as the client likes it, once; each coding has its own tag', async (t) => {
  const { app } = await scene(t);
  const url = '/api/v1/posts/recent';
  const plain = await app.inject(url);
  const ask = (coding: string, more: Record<string, string> = {}) =>
    app.inject({ url, headers: { 'accept-encoding': coding, ...more } });
  const gzip = await ask('gzip, deflate');
  t.is(gzip.headers['content-encoding'], 'gzip');
  t.is(gunzipSync(gzip.rawPayload).toString(), plain.body);
  const brotli = await ask('gzip, deflate, br');
  t.is(brotli.headers['content-encoding'], 'br');
  t.is(brotliDecompressSync(brotli.rawPayload).toString(), plain.body);
  t.deepEqual(brotli.rawPayload, (await ask('br')).rawPayload);
  t.true(brotli.rawPayload.length < plain.rawPayload.length / 3);
  const tags = [plain, gzip, brotli].map(({ headers }) => String(headers.etag));
  t.is(new Set(tags).size, 3);
  t.is((await ask('br', { 'if-none-match': tags[2] ?? '' })).statusCode, 304);
  t.is((await ask('br', { 'if-none-match': tags[0] ?? '' })).statusCode, 200);
  for (const refused of ['identity', 'gzip;q=0', 'compress', '', 'ü', '*;q=0, ,,;q=9']) {
    const reply = await ask(refused);
    t.is(reply.headers['content-encoding'], undefined, refused);
    t.is(reply.body, plain.body);
  }
  const small = await app.inject({
    url: '/api/v1/collections/gaps',
    headers: { 'accept-encoding': 'br' },
  });
  t.is(small.headers['content-encoding'], undefined, 'too small to gain');
});

test('asked a hundred times, the store is asked once; after a commit once more', async (t) => {
  const { app, faulty, store, clock } = await scene(t);
  const url = '/api/v1/collections';
  const replies = await Promise.all(Array.from({ length: 50 }, () => app.inject(url)));
  for (let n = 0; n < 50; n += 1) replies.push(await app.inject(url));
  t.is(new Set(replies.map(({ body }) => body)).size, 1);
  t.is(faulty.calls.cycles, 1);
  await fillStore(store, clock, { cycleId: 'later' });
  t.is((await app.inject(url)).json<unknown[]>().length, 2);
  t.is(faulty.calls.cycles, 2);
  await clock.advance(3_600_000);
  await app.inject(url);
  t.is(faulty.calls.cycles, 2, 'no window: time does not matter');
});

test('parameters that mean the same are one question; the minute moves windows', async (t) => {
  const { app, faulty, clock } = await scene(t);
  const bodies = new Set<string>();
  for (const query of ['', '?hours=24', '?subreddit=all', '?subreddit=ALL&hours=24']) {
    bodies.add((await app.inject(`/api/v1/sentiment/stats${query}`)).body);
  }
  t.is(bodies.size, 1);
  const before = faulty.calls.rollups ?? 0;
  await app.inject('/api/v1/sentiment/stats?subreddit=Claude');
  await app.inject('/api/v1/sentiment/stats?subreddit=CLAUDE');
  t.is((faulty.calls.rollups ?? 0) - before, 3, 'two looks, one question');
  await clock.advance(39_999);
  t.is(
    (await app.inject('/api/v1/sentiment/stats')).json<{ timestamp: string }>().timestamp,
    '2026-01-15T12:30:00.000Z',
  );
  await clock.advance(1);
  t.is(
    (await app.inject('/api/v1/sentiment/stats')).json<{ timestamp: string }>().timestamp,
    '2026-01-15T12:31:00.000Z',
  );
});

const FAULTS = ['store_unreachable', 'store_timeout', 'store_busy', 'store_unusable'] as const;
for (const code of FAULTS) {
  test(`${code}: known answers go on with their age, unknown ones are 503, then all is fresh`, async (t) => {
    const { app, faulty, clock, store } = await scene(t);
    const known = new Map<string, string>();
    for (const url of ROUTES) known.set(url, (await app.inject(url)).body);
    faulty.fault = () => new AppError(code, 'gone');
    await clock.advance(125_000);
    for (const [url, body] of known) {
      const reply = await app.inject(url);
      t.is(reply.statusCode, 200, url);
      t.is(reply.body, body, url);
      t.is(reply.headers.age, '125', url);
      t.is(reply.headers['x-data-stale'], 'true', url);
      // A browser that kept it would show its headers with a later 304.
      t.is(reply.headers['cache-control'], 'no-store', url);
      const { etag } = reply.headers;
      const again = await app.inject({ url, headers: { 'if-none-match': String(etag) } });
      t.deepEqual([again.statusCode, again.headers['x-data-stale']], [200, 'true']);
    }
    const unknown = await app.inject('/api/v1/sentiment/stats?hours=77');
    t.is(unknown.statusCode, 503);
    t.is(unknown.headers['content-type'], 'application/problem+json');
    t.regex(String(unknown.headers['retry-after']), /^\d+$/);
    t.is(unknown.headers['cache-control'], 'no-store');

    faulty.fault = 'none';
    await fillStore(store, clock, { cycleId: 'later', posts: [aPost({ id: 'new' })] });
    for (const url of ROUTES) {
      const reply = await app.inject(url);
      t.deepEqual([reply.statusCode, reply.headers['x-data-stale']], [200, undefined], url);
    }
    t.is((await app.inject('/api/v1/collections')).json<unknown[]>().length, 2);
  });
}
