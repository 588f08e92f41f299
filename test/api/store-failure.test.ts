import test from 'ava';
import { systemClock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { buildTestApp } from '../support/app.js';
import { recordingLog } from '../support/log.js';
import { TEST_STORE } from '../support/store.js';

const TOKEN = 'a-long-random-token';
/** Long enough for a store in good health to answer; that of Cosmos DB is asked over HTTP. */
const TIMEOUT_MS = TEST_STORE === 'cosmos' ? 1000 : 200;
/** Checks until a store in good health was found to be so, each within TIMEOUT_MS. */
const TRIES = TEST_STORE === 'cosmos' ? 10 : 1;
/** Ours after the store's own deadline, and generous for a loaded machine. */
const SLACK_MS = 5000;

const ROUTES = [
  '/api/v1/posts/recent',
  '/api/v1/posts/recent?subreddit=nowhere',
  '/api/v1/posts/abc',
  '/api/v1/posts/abc/comments',
  '/api/v1/sentiment/stats',
  '/api/v1/sentiment/trends',
  '/api/v1/trending',
  '/api/v1/subreddits',
  '/api/v1/collections',
  '/api/v1/collections/gaps',
  '/api/v1/admin/collect',
];

const FAULTS = {
  hangs: 'hang' as const,
  'is unreachable': () => new AppError('store_unreachable', 'no such host db.internal'),
  'is busy': () => new AppError('store_busy', 'locked'),
  'is unusable': () => new AppError('store_unusable', 'corrupt: /secret/path.db'),
};

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`a store that ${name}: every route answers 503 in time, never an empty result`, async (t) => {
    const { log, lines } = recordingLog();
    const { app, faulty, health } = await buildTestApp(t, {
      clock: systemClock,
      adminToken: TOKEN,
      log,
      env: { STORE_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000) },
    });
    faulty.fault = fault;
    for (const url of ROUTES) {
      const began = performance.now();
      const reply = await app.inject({
        method: url.includes('admin') ? 'POST' : 'GET',
        url,
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      t.true(performance.now() - began < TIMEOUT_MS + SLACK_MS, url);
      t.is(reply.statusCode, 503, url);
      t.is(reply.headers['content-type'], 'application/problem+json', url);
      t.regex(String(reply.headers['retry-after']), /^\d+$/, url);
      const body = reply.json<{ detail: string; request_id: string; code: string }>();
      t.regex(body.detail, /database does not answer/);
      t.regex(body.code, /^store_/);
      t.false(/db\.internal|secret/.test(reply.body), 'internals stay in the log');
      // An outage is told once, by the health monitor; each request only for those who look.
      const logged = lines.filter(
        ({ req_id, msg }) => req_id === body.request_id && msg.startsWith('request failed'),
      );
      t.is(logged.length, 1, 'logged once, under the id the client was given');
      t.is(logged[0]?.level, 'debug');
    }
    await health.check();
    const began = performance.now();
    t.is((await app.inject('/livez')).statusCode, 200);
    const reply = await app.inject('/health');
    t.true(performance.now() - began < 1000, 'nobody waits for the database');
    t.is(reply.statusCode, 503);
    t.like(reply.json(), { status: 'unhealthy', database: { connected: false } });

    faulty.fault = 'none';
    const recovers = async (url: string) => {
      for (let tries = 1; tries <= TRIES; tries += 1) {
        await health.check();
        if ((await app.inject(url)).statusCode === 200) return;
      }
      t.is((await app.inject(url)).statusCode, 200, `and ${url} recovers by itself`);
    };
    await recovers('/health');
    await recovers('/api/v1/sentiment/stats');
  });
}

test('an unexpected error is logged once with its stack and answered without it', async (t) => {
  const { log, lines } = recordingLog();
  const { app, faulty } = await buildTestApp(t, { log });
  faulty.fault = () => new TypeError('Cannot read properties of undefined (reading "secret")');
  const reply = await app.inject('/api/v1/sentiment/stats?hours=3');
  t.is(reply.statusCode, 500);
  const body = reply.json<{ code: string; detail: string; request_id: string }>();
  t.is(body.code, 'internal');
  t.false(reply.body.includes('Cannot read'));
  const failures = lines.filter(({ msg }) => msg.startsWith('request failed'));
  t.is(failures.length, 1);
  t.like(failures[0], { req_id: body.request_id, url: '/api/v1/sentiment/stats?hours=3' });
  t.regex(JSON.stringify(failures[0]?.err), /Cannot read properties[\s\S]*store-failure/);
});
