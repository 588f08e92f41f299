import test from 'ava';
import { AppError } from '../../src/errors.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';

interface Health {
  status: string;
  timestamp: string;
  process: Record<string, number>;
  application: Record<string, unknown>;
  database: Record<string, unknown>;
  causes: { code: string; severity: string; message: string; restart_would_help: boolean }[];
}

for (const prefix of ['', '/api/v1']) {
  test(`${prefix}/health has the documented body and is never cached`, async (t) => {
    const { app } = await buildTestApp(t);
    const reply = await app.inject(`${prefix}/health`);
    t.is(reply.statusCode, 200);
    t.is(reply.headers['cache-control'], 'no-store');
    const body = reply.json<Health>();
    t.is(body.status, 'healthy');
    t.deepEqual(Object.keys(body), [
      'status',
      'timestamp',
      'process',
      'application',
      'database',
      'causes',
    ]);
    t.deepEqual(body.process, {
      uptime_seconds: 100,
      memory_mb: 100,
      cpu_percent: 1,
      pid: 4711,
      event_loop_delay_ms: 0,
    });
    t.deepEqual(body.application, {
      last_collection_at: null,
      collections_succeeded: 0,
      collections_failed: 0,
      data_freshness_minutes: null,
      running_cycle: null,
      subreddits_failing: [],
      gaps_open: 0,
      jobs_heartbeat_age_seconds: null,
    });
    t.deepEqual(body.database, { connected: true, latency_ms: 0, checked_seconds_ago: 0 });
    t.deepEqual(
      body.causes.map(({ code }) => code),
      ['never_collected', 'jobs_silent'],
    );
  });
}

test('collection figures come from the store', async (t) => {
  const clock = new ManualClock();
  const { app, store, health } = await buildTestApp(t, { clock });
  await fillStore(store, clock, { cycleId: 'a', posts: [aPost()] });
  await fillStore(store, clock, { cycleId: 'b', status: 'partial' });
  await fillStore(store, clock, { cycleId: 'c', status: 'failed' });
  await store.heartbeat({ holder: 'h:1:2:3', pid: 1, memory_mb: 50, runs_skipped: 0 });
  await clock.advance(46 * 60_000);
  await health.check();
  const reply = await app.inject('/health');
  t.is(reply.statusCode, 200);
  const body = reply.json<Health>();
  t.is(body.status, 'degraded');
  t.like(body.application, {
    last_collection_at: '2026-01-15T12:00:00.000Z',
    collections_succeeded: 2,
    collections_failed: 1,
    data_freshness_minutes: 46,
    jobs_heartbeat_age_seconds: 2760,
  });
  t.deepEqual(
    body.causes.map(({ code }) => code),
    ['data_stale', 'cycles_failing', 'jobs_silent'],
  );
});

test('data 20 hours old is unhealthy, and the API serves it', async (t) => {
  const clock = new ManualClock();
  const { app, store, health } = await buildTestApp(t, { clock });
  await fillStore(store, clock, { posts: [aPost()] });
  await clock.advance(20 * 3_600_000);
  await health.check();
  const reply = await app.inject('/health');
  t.is(reply.statusCode, 503);
  t.like(reply.json<Health>(), {
    status: 'unhealthy',
    application: { data_freshness_minutes: 1200 },
  });
  t.is(reply.json<Health>().causes[0]?.code, 'data_stale');
  t.is((await app.inject('/readyz')).statusCode, 200);
  t.is((await app.inject('/api/v1/posts/recent')).json<unknown[]>().length, 1);
});

test('memory decides the status at the very next answer', async (t) => {
  const { app, figures } = await buildTestApp(t);
  figures.memory_mb = 450.1;
  t.is((await app.inject('/health')).json<Health>().status, 'degraded');
  figures.memory_mb = 500.1;
  const reply = await app.inject('/health');
  t.is(reply.statusCode, 503);
  t.true(reply.json<Health>().causes.some((cause) => cause.restart_would_help));
});

test('collection off is healthy and says so', async (t) => {
  const { app } = await buildTestApp(t, { collectionOn: false });
  const reply = await app.inject('/health');
  t.is(reply.statusCode, 200);
  const body = reply.json<Health>();
  t.is(body.status, 'healthy');
  t.is(body.causes.at(-1)?.code, 'collection_off');
});

test('paused collection is healthy however old the data are, and says so', async (t) => {
  const clock = new ManualClock();
  const { app, store, health } = await buildTestApp(t, { clock });
  await fillStore(store, clock, { posts: [aPost()] });
  await store.pause('moving house');
  await clock.advance(20 * 3_600_000);
  await store.heartbeat({ holder: 'h:1:2:3', pid: 1, memory_mb: 50, runs_skipped: 0 });
  await health.check();
  const reply = await app.inject('/health');
  t.is(reply.statusCode, 200);
  const { status, causes } = reply.json<Health>();
  t.is(status, 'healthy');
  t.like(causes, [{ code: 'collection_paused', severity: 'info', restart_would_help: false }]);
  await store.resume();
  await health.check();
  t.is((await app.inject('/health')).statusCode, 503);
});

test('HEALTH_CHECK_ENABLED=false gives status and timestamp only', async (t) => {
  const { app, figures } = await buildTestApp(t, { env: { HEALTH_CHECK_ENABLED: 'false' } });
  t.deepEqual((await app.inject('/health')).json(), {
    status: 'healthy',
    timestamp: '2026-01-15T12:00:00.000Z',
  });
  figures.memory_mb = 501;
  t.is((await app.inject('/health')).statusCode, 503);
});

for (const prefix of ['', '/api/v1']) {
  test(`${prefix}/livez depends on nothing`, async (t) => {
    const { app, faulty, close } = await buildTestApp(t);
    const before = { ...faulty.calls };
    faulty.fault = 'hang';
    close.abort();
    const reply = await app.inject(`${prefix}/livez`);
    t.is(reply.statusCode, 200);
    t.deepEqual(reply.json(), { status: 'alive' });
    t.deepEqual(faulty.calls, before);
  });

  test(`${prefix}/readyz tells whether the store answers now`, async (t) => {
    const { app, faulty } = await buildTestApp(t);
    t.deepEqual((await app.inject(`${prefix}/readyz`)).json(), { status: 'ready' });
    faulty.fault = () => new AppError('store_unreachable', 'gone');
    const reply = await app.inject(`${prefix}/readyz`);
    t.is(reply.statusCode, 503);
    t.regex(String(reply.headers['content-type']), /^application\/json/);
    t.like(reply.json(), { status: 'unavailable' });
    t.like(reply.json<Health>().causes[0], { code: 'database_unreachable', severity: 'critical' });
  });
}

test('readyz is 503 until reads are served, though the store answers already', async (t) => {
  const { app, faulty } = await buildTestApp(t);
  faulty.fault = (call) => (call === 'ping' ? null : new AppError('store_unreachable', 'gone'));
  t.is((await app.inject('/readyz')).statusCode, 503);
  faulty.fault = 'none';
  t.is((await app.inject('/readyz')).statusCode, 200);
});

test('readyz is 503 while shutting down, and every reply closes its connection', async (t) => {
  const { app, close } = await buildTestApp(t);
  t.not((await app.inject('/livez')).headers.connection, 'close');
  close.abort();
  const reply = await app.inject('/readyz');
  t.is(reply.statusCode, 503);
  t.is(reply.json<Health>().causes[0]?.code, 'shutting_down');
  for (const url of ['/livez', '/health', '/api/v1/posts/recent', '/nowhere', '/api/v1/posts/X!']) {
    t.is((await app.inject(url)).headers.connection, 'close', url);
  }
});

test('probes may add parameters against caches', async (t) => {
  const { app } = await buildTestApp(t);
  for (const url of ['/health?t=1', '/livez?_=2', '/readyz?x']) {
    t.is((await app.inject(url)).statusCode, 200, url);
  }
});
