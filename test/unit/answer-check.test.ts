import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { OpenApiDocument } from '../../src/openapi/types.js';
import { type Answer, answerCheck } from '../support/answer-check.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';

const PROBLEM = {
  type: 'urn:sentimentagent:problem:not_found',
  title: 'Not found',
  status: 404,
  detail: 'No such thing',
  instance: '/api/v1/posts/zzz',
  code: 'not_found',
};
const STATS = {
  subreddit: 'all',
  time_window_hours: 24,
  timestamp: '2026-01-15T12:00:00.000Z',
  statistics: {
    ...{ total: 0, positive: 0, negative: 0, neutral: 0, avg_sentiment: 0, posts: 0, comments: 0 },
    ...{ last_item_at: null, previous: null },
  },
};

const answer = (
  url: string,
  status: number,
  body: unknown,
  more: Partial<Answer> = {},
): Answer => ({
  method: 'GET',
  url,
  status,
  headers: {
    'content-type': status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json',
  },
  body: Buffer.from(JSON.stringify(body)),
  ...more,
});

test('the check of answers tells right from wrong', async (t) => {
  const { app } = await buildTestApp(t);
  const check = answerCheck((await app.inject('/openapi.json')).json<OpenApiDocument>());
  const stats = '/api/v1/sentiment/stats?hours=24';
  const json = { 'content-type': 'application/json' };
  const retry = { 'content-type': 'application/problem+json', 'retry-after': '5' };
  const busy = { ...PROBLEM, status: 503, code: 'store_busy' };
  const right = [
    answer(stats, 200, STATS),
    answer(stats, 304, null, { body: Buffer.alloc(0) }),
    answer(stats, 200, STATS, { method: 'HEAD', body: Buffer.alloc(0) }),
    answer(stats, 200, STATS, {
      headers: { ...json, 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify(STATS)),
    }),
    answer('/api/v1/posts/zzz', 404, PROBLEM),
    answer('/nowhere', 404, PROBLEM),
    answer(stats, 503, busy, { headers: retry }),
  ];
  for (const good of right) t.deepEqual(check(good), [], JSON.stringify(good.headers));

  const wrong: [Answer, RegExp][] = [
    [answer(stats, 206, STATS), /206: the status is not documented/],
    [answer(stats, 409, { ...PROBLEM, status: 409 }), /409: the status is not documented/],
    [answer(stats, 200, { ...STATS, timestamp: 'noon' }), /\/timestamp must match format/],
    [
      answer(stats, 200, { ...STATS, time_window_hours: null }),
      /\/time_window_hours must be integer/,
    ],
    [answer(stats, 200, {}), /must have required property/],
    [
      answer(stats, 200, STATS, { headers: { 'content-type': 'text/html' } }),
      /content type text\/html/,
    ],
    [answer(stats, 200, STATS, { headers: {} }), /content type undefined/],
    [answer(stats, 200, STATS, { headers: { ...json, age: 'old' } }), /header Age is old/],
    [answer(stats, 304, 'something'), /a body where none is documented/],
    [answer(stats, 404, PROBLEM), /\/code must be equal to one of/],
    [
      answer('/api/v1/posts/zzz', 404, { ...PROBLEM, status: 400 }),
      /\/status must be equal to constant/,
    ],
    [answer('/api/v1/posts/zzz', 404, { ...PROBLEM, detail: undefined }), /'detail'/],
    [answer(stats, 503, busy), /header Retry-After is missing/],
    [answer(stats, 200, STATS, { body: Buffer.from('<html>') }), /no JSON/],
    [answer('/nowhere', 200, {}), /no way to refuse what is no route/],
    [answer('/nowhere', 404, { error: 'no' }), /must have required property/],
    [answer('/livez', 200, { status: 'dead' }), /\/status must be equal to one of/],
  ];
  for (const [bad, says] of wrong) t.regex(check(bad).join('; '), says);
});

test('a test whose app answers otherwise than documented fails', async (t) => {
  const clock = new ManualClock();
  const releases: (() => unknown)[] = [];
  const teardown = (release: () => unknown) => void releases.push(release);
  const { app, store, faulty } = await buildTestApp({ teardown }, { clock });
  await fillStore(store, clock, {});
  faulty.cycles = async (query) =>
    (await store.cycles(query)).map((cycle) => ({ ...cycle, status: 'done' as never }));
  const says = {
    message: /not as documented: GET \/api\/v1\/collections .*\/0\/status must be equal/,
  };
  await t.throwsAsync(async () => app.inject('/api/v1/collections'), says);

  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  t.is((await fetch(`${url}/api/v1/collections`)).status, 200);
  const ends = await Promise.allSettled(releases.reverse().map(async (release) => release()));
  const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  t.regex(reasons.join(), says.message, 'over a real connection it shows when the test ends');
});
