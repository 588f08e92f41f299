import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { createRedditSource } from '../../src/reddit/client.js';
import type { PostSource } from '../../src/reddit/source.js';
import { fakeReddit, json, listing, redditComment, redditPost } from '../support/fake-reddit.js';

const log = pino({ level: 'silent' });
const posts = { subreddit: 'aws', kind: 'post', after: null, limit: 100 } as const;
const SECRET = 'correct-horse-battery';
const never = () => new AbortController().signal;

function source(t: ExecutionContext, url: string, timeoutMs = 60_000): PostSource {
  const config = { clientId: 'id', userAgent: 'test/1', baseUrl: url, timeoutMs };
  const made = createRedditSource(config, SECRET, {
    clock: systemClock,
    log,
    retry: { retries: 3, baseDelayMs: 5 },
  });
  t.teardown(() => made.close());
  return made;
}

test('a page: valid objects, the rest named, the anchor', async (t) => {
  const fake = await fakeReddit(t, (_, response) =>
    json(
      response,
      200,
      listing([redditPost('a'), redditPost('b', { title: 7 }), redditPost('c')], 't3_c'),
    ),
  );
  const page = await source(t, fake.url).listing(posts, never());
  t.deepEqual(
    page.posts.map((post) => post.id),
    ['a', 'c'],
  );
  t.deepEqual(page.invalid, [
    { fullname: 't3_b', reason: 'invalid_title', created_utc: 1_768_478_400, above: 1 },
  ]);
  t.is(page.after, 't3_c');
  t.is(fake.requests[1], 'GET /r/aws/new?raw_json=1&limit=100');
});

test('comments are asked for by their own listing, after the anchor, at most 100', async (t) => {
  const fake = await fakeReddit(t, (_, response) =>
    json(response, 200, listing([redditComment('x')])),
  );
  const query = { subreddit: 'aws', kind: 'comment', after: 't1_y', limit: 500 } as const;
  const page = await source(t, fake.url).listing(query, never());
  t.is(page.comments[0]?.body, 'This is terrible');
  t.is(fake.requests[1], 'GET /r/aws/comments?raw_json=1&limit=100&after=t1_y');
});

test('twenty cold calls ask for one token', async (t) => {
  const fake = await fakeReddit(t, (_, response) => json(response, 200, listing([])));
  const reddit = source(t, fake.url);
  const calls = Array.from({ length: 20 }, () => reddit.listing(posts, never()));
  await Promise.all(calls);
  t.is(fake.tokensIssued, 1);
  t.is(reddit.requestsSent(), 21);
});

test('a token that ends in mid-cycle is renewed before it does', async (t) => {
  const fake = await fakeReddit(t, (_, response) => json(response, 200, listing([])), {
    tokenSeconds: 1,
  });
  const reddit = source(t, fake.url);
  await reddit.listing(posts, never());
  await systemClock.sleep(1000);
  await reddit.listing(posts, never());
  t.is(fake.tokensIssued, 2);
});

test('a token that Reddit refuses early is replaced once; a second refusal is final', async (t) => {
  const fake = await fakeReddit(t, (request, response) => {
    const good = request.headers.authorization === 'bearer token-2';
    json(response, good ? 200 : 401, good ? listing([]) : { message: 'Unauthorized', error: 401 });
  });
  t.is((await source(t, fake.url).listing(posts, never())).state, 'active');

  const refusing = await fakeReddit(t, (_, response) => json(response, 401, { error: 401 }));
  const error = await t.throwsAsync(source(t, refusing.url).listing(posts, never()));
  t.is((error as AppError).code, 'reddit_unauthorized');
  t.is(refusing.tokensIssued, 2);
});

test('wrong credentials are said so, without the secret', async (t) => {
  const fake = await fakeReddit(t, (_, response) => json(response, 200, listing([])), {
    onToken: (_, response) => json(response, 401, { message: 'Unauthorized', error: 401 }),
  });
  const error = await t.throwsAsync(source(t, fake.url).listing(posts, never()));
  t.is((error as AppError).code, 'reddit_unauthorized');
  t.false(JSON.stringify({ ...error, message: error.message }).includes(SECRET));
});

const failures: [name: string, answer: (response: ServerResponse) => void, code: string][] = [
  ['403 without a reason', (r) => json(r, 403, { message: 'Forbidden' }), 'reddit_forbidden'],
  ['404 without a reason', (r) => json(r, 404, { message: 'Not Found' }), 'reddit_not_found'],
  [
    'a redirect',
    (r) => r.writeHead(302, { location: '/subreddits/search' }).end(),
    'reddit_not_found',
  ],
  ['429', (r) => json(r, 429, {}), 'reddit_rate_limited'],
  ['503', (r) => json(r, 503, {}), 'reddit_unavailable'],
  ['HTML with 200', (r) => r.end('<html>busy</html>'), 'reddit_bad_answer'],
  ['truncated JSON', (r) => r.end('{"kind":"Listing","da'), 'reddit_bad_answer'],
  ['an error inside 200', (r) => json(r, 200, { error: 500 }), 'reddit_unavailable'],
  ['other JSON with 200', (r) => json(r, 200, { kind: 't5' }), 'reddit_bad_answer'],
  ['a reset connection', (r) => r.socket?.resetAndDestroy(), 'reddit_connection'],
];
for (const [name, answer, code] of failures) {
  test(`${name} is ${code}, after retries when it may pass`, async (t) => {
    const fake = await fakeReddit(t, (_, response) => answer(response));
    const error = await t.throwsAsync<AppError>(source(t, fake.url).listing(posts, never()));
    t.is(error?.code, code as never);
    t.is(fake.requests.length - fake.tokensIssued, error?.transient ? 4 : 1);
  });
}

test('a failure that passes is retried into a page', async (t) => {
  const fake = await fakeReddit(t, (_, response, n) =>
    n < 3 ? json(response, 503, {}) : json(response, 200, listing([redditPost('a')])),
  );
  const page = await source(t, fake.url).listing(posts, never());
  t.is(page.posts.length, 1);
});

test('a thread, what it left out, and things by fullname', async (t) => {
  const reply = redditComment('r', { parent_id: 't1_c', replies: '' });
  const more = { kind: 'more', data: { count: 2, children: ['x', 'y'] } };
  const comment = redditComment('c', { replies: listing([reply, more]) });
  const things = { json: { errors: [], data: { things: [redditComment('x'), more] } } };
  const fake = await fakeReddit(t, ({ url = '' }, response) => {
    if (url.startsWith('/comments/abc')) {
      json(response, 200, [listing([redditPost('abc')]), listing([comment])]);
    } else if (url.startsWith('/api/morechildren')) json(response, 200, things);
    else json(response, 200, listing([redditPost('abc'), redditComment('c')]));
  });
  const reddit = source(t, fake.url);
  const ids = (page: { posts: { id: string }[]; comments: { id: string }[]; more?: string[] }) => [
    page.posts.map(({ id }) => id),
    page.comments.map(({ id }) => id),
    page.more,
  ];
  t.deepEqual(ids(await reddit.thread('abc', never())), [['abc'], ['c', 'r'], ['x', 'y']]);
  t.deepEqual(ids(await reddit.moreComments('abc', ['x'], never())), [[], ['x'], ['x', 'y']]);
  t.deepEqual(ids(await reddit.info(['t3_abc', 't1_c'], never())), [['abc'], ['c'], undefined]);
  t.deepEqual(fake.requests.slice(1), [
    'GET /comments/abc?raw_json=1&limit=500',
    'GET /api/morechildren?raw_json=1&api_type=json&link_id=t3_abc&children=x',
    'GET /api/info?raw_json=1&id=t3_abc%2Ct1_c',
  ]);
});

test('a tree as deep as a body can hold is taken apart without recursion', async (t) => {
  const depth = 5000;
  const [open, close] = JSON.stringify(listing([redditComment('c', { replies: '-' })])).split(
    '"-"',
  );
  const replies = `${open?.repeat(depth)}""${close?.repeat(depth)}`;
  const fake = await fakeReddit(t, (_, response) =>
    response.end(`[${JSON.stringify(listing([redditPost('abc')]))},${replies}]`),
  );
  const page = await source(t, fake.url).thread('abc', never());
  t.is(page.comments.length, depth);
});

test('a page of more objects than any has is a bad answer', async (t) => {
  let children = new Array<null>(1001).fill(null);
  const fake = await fakeReddit(t, (_, response) => json(response, 200, listing(children)));
  const reddit = source(t, fake.url);
  const error = await t.throwsAsync<AppError>(reddit.listing(posts, never()));
  t.is(error?.code, 'reddit_bad_answer');
  children = children.slice(1);
  t.is((await reddit.listing(posts, never())).invalid.length, 1000);
});

for (const [status, reason] of [
  [403, 'private'],
  [404, 'banned'],
  [403, 'gated'],
  [403, 'quarantined'],
] as const) {
  test(`${status} ${reason} is a state of the subreddit`, async (t) => {
    const fake = await fakeReddit(t, (_, response) =>
      json(response, status, { reason, error: status }),
    );
    const page = await source(t, fake.url).listing(posts, never());
    t.is(page.state, reason);
  });
}

const silences: [name: string, onToken: boolean, start: (response: ServerResponse) => void][] = [
  ['a listing that never answers', false, () => undefined],
  ['a body that never ends', false, (r) => void r.writeHead(200).write('{"kind":')],
  ['a token request that never answers', true, () => undefined],
];
for (const [name, onToken, start] of silences) {
  test(`${name} ends at the deadline`, async (t) => {
    const silent = (_: unknown, response: ServerResponse) => start(response);
    const fake = await fakeReddit(t, silent, onToken ? { onToken: silent } : {});
    const error = await t.throwsAsync(source(t, fake.url, 100).listing(posts, never()));
    t.is((error as AppError).code, 'reddit_timeout');
  });
}

test('the caller may cancel at any time', async (t) => {
  const fake = await fakeReddit(t, () => undefined);
  const stop = new AbortController();
  const page = source(t, fake.url, 60_000).listing(posts, stop.signal);
  setTimeout(() => stop.abort(), 50);
  t.is((await t.throwsAsync<AppError>(page))?.code, 'cancelled');
});

test('nothing is sent while Reddit says that nothing is left', async (t) => {
  const spent = { 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '1' };
  const times: number[] = [];
  const fake = await fakeReddit(t, (_, response) => {
    times.push(performance.now());
    json(response, 200, listing([]), spent);
  });
  const reddit = source(t, fake.url);
  await reddit.listing(posts, never());
  await reddit.listing(posts, never());
  t.true((times[1] ?? 0) - (times[0] ?? 0) > 900);
});
