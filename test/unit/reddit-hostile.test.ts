import type { ServerResponse } from 'node:http';
import test from 'ava';
import fc from 'fast-check';
import { AppError } from '../../src/errors.js';
import { createRedditSource } from '../../src/reddit/client.js';
import { hurriedClock } from '../support/clock.js';
import { fakeReddit, listing, redditComment, redditPost } from '../support/fake-reddit.js';
import { silentLog } from '../support/log.js';

interface Behaviour {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** How the answer goes on after its headers. */
  end: 'ends' | 'resets' | 'stops' | 'says less than it promised';
}

const page = JSON.stringify(listing([redditPost('a'), redditComment('b')], 't3_a'));
const bodies = fc
  .oneof(
    fc.constant(page),
    fc.integer({ min: 0, max: page.length }).map((end) => page.slice(0, end)),
    fc.json({ maxDepth: 4 }),
    fc.constantFrom(
      '',
      'null',
      '[]',
      '<html>',
      '{"error":"x"}',
      '{"error":429}',
      '{"kind":"Listing"}',
    ),
    fc.constantFrom(
      '{"json":null}',
      '{"json":{"errors":[null,[],[[]]]}}',
      '{"json":{"errors":{}}}',
    ),
    fc.constantFrom(
      '{"access_token":"x","expires_in":1e999}',
      '{"access_token":"a\\nb","expires_in":1}',
    ),
    fc.constantFrom('{"access_token":"x","expires_in":-1}', '{"access_token":7,"expires_in":"1"}'),
    fc.constant(
      '{"__proto__":{"kind":"Listing"},"kind":"Listing","data":{"children":[],"after":null}}',
    ),
    fc.string({ unit: 'binary' }),
  )
  .map((text) => Buffer.from(text));
const bytes = fc.oneof({ weight: 4, arbitrary: bodies }, fc.uint8Array({ maxLength: 200 }));

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant(200) },
    fc.constantFrom(204, 301, 304, 400, 401, 403, 404, 418, 429, 500, 503, 520, 599, 999),
  ),
  headers: fc.oneof(
    fc.constant({}),
    fc.constantFrom<Record<string, string>>(
      { 'retry-after': '86400' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '600' },
      { 'x-ratelimit-remaining': '-7', 'x-ratelimit-reset': 'NaN' },
      { 'content-encoding': 'gzip' },
      { location: 'http://127.0.0.1:1/' },
      { 'set-cookie': 'a=b' },
      { 'content-type': 'text/html' },
    ),
  ),
  body: bytes,
  end: fc.constantFrom('ends', 'ends', 'resets', 'stops', 'says less than it promised'),
});

function behave(response: ServerResponse, { status, headers, body, end }: Behaviour): void {
  const promised =
    end === 'says less than it promised' ? { 'content-length': String(body.length + 9) } : {};
  response.writeHead(status, { ...headers, ...promised });
  if (end === 'ends') response.end(body);
  else if (end === 'stops') response.write(body);
  else response.write(body, () => setImmediate(() => response.socket?.resetAndDestroy()));
}

/** One behaviour for each way a listing can end; the rest of the runs are drawn at random. */
const ends: [way: string, behaviour: Behaviour][] = [
  ['page', plain(200, page)],
  ['reddit_unauthorized', plain(401)],
  ['reddit_forbidden', plain(403)],
  ['reddit_not_found', plain(404)],
  ['reddit_rejected', plain(400)],
  ['reddit_rate_limited', plain(429)],
  ['reddit_unavailable', plain(500)],
  ['reddit_timeout', { ...plain(200, page), end: 'stops' }],
  ['reddit_connection', { ...plain(200, page), end: 'resets' }],
  ['reddit_bad_answer', plain(200, '<html>')],
];

function plain(status: number, body = ''): Behaviour {
  return { status, headers: {}, body: Buffer.from(body), end: 'ends' };
}

test('whatever a server does, a call ends with a page or a named failure', async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  let now: { token: Behaviour | null; answer: Behaviour } | null = null;
  const fake = await fakeReddit(
    t,
    (_, response) => (now === null ? response.end() : behave(response, now.answer)),
    {
      onToken: (_, response) => {
        if (now?.token) behave(response, now.token);
        else response.end('{"access_token":"t","expires_in":3600}');
      },
    },
  );
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.option(behaviour, { freq: 2 }),
      behaviour,
      fc.constantFrom('listing', 'thread', 'more'),
      async (token, answer, call) => {
        now = { token: token ?? null, answer };
        const clock = hurriedClock(10_000);
        const config = { clientId: 'id', userAgent: 'x', baseUrl: fake.url, timeoutMs: 500_000 };
        const reddit = createRedditSource(config, 'secret', { clock, log: silentLog });
        const { signal } = new AbortController();
        const query = { subreddit: 'aws', kind: 'post', after: null, limit: 100 } as const;
        const calls = {
          listing: () => reddit.listing(query, signal),
          thread: () => reddit.thread('abc', signal),
          more: () => reddit.moreComments('abc', ['d'], signal),
        };
        try {
          const found = await calls[call]();
          seen.add('page');
          return Array.isArray(found.posts) && Array.isArray(found.invalid);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          seen.add(error.code);
          return error.code.startsWith('reddit_');
        } finally {
          await reddit.close();
        }
      },
    ),
    {
      numRuns: 80 + ends.length,
      seed,
      examples: ends.map(([, behaves]) => [null, behaves, 'listing']),
    },
  );
  t.deepEqual([...seen].sort(), ends.map(([way]) => way).sort());
});
