import test, { type ExecutionContext } from 'ava';
import { AppError } from '../../src/errors.js';
import { healthPolicy } from '../../src/health/assess.js';
import { createHealthMonitor, type HealthMonitor } from '../../src/health-monitor.js';
import { createProcessSampler } from '../../src/process-sampler.js';
import type { HealthFacts } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog } from '../support/log.js';

const FACTS: HealthFacts = {
  data_version: 1,
  last_collection_at: '2026-01-15T11:50:00.000Z',
  collections_succeeded: 3,
  collections_failed: 1,
  finished_24h: 40,
  failed_24h: 1,
  running_cycle: 'cycle-9',
  subreddits_failing: [],
  gaps_open: 0,
  paused: null,
  jobs: {
    at: '2026-01-15T11:59:57.500Z',
    holder: 'h:1:2:3',
    pid: 1,
    memory_mb: 80,
    runs_skipped: 0,
  },
};

function setUp(t: ExecutionContext, options: { details?: boolean } = {}) {
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const script = {
    answer: async (): Promise<HealthFacts> => FACTS,
    calls: 0,
    underWay: 0,
    most: 0,
  };
  const health: HealthMonitor = createHealthMonitor({
    store: {
      async healthFacts() {
        script.calls += 1;
        script.underWay += 1;
        script.most = Math.max(script.most, script.underWay);
        try {
          return await script.answer();
        } finally {
          script.underWay -= 1;
        }
      },
    },
    clock,
    log,
    sampler: {
      sample: () => ({
        uptime_seconds: 600,
        memory_mb: 90.5,
        cpu_percent: 2,
        pid: 12,
        event_loop_delay_ms: 1,
      }),
      renew: () => undefined,
      close: () => undefined,
    },
    policy: healthPolicy(1_800_000),
    collectionOn: true,
    details: options.details ?? true,
    timeoutMs: 1500,
  });
  t.teardown(() => health.close());
  return { clock, health, script, lines };
}

const gone = () => Promise.reject(new AppError('store_unreachable', 'gone'));
const hang = () => new Promise<HealthFacts>(() => undefined);

test('the report has every field of the contract', async (t) => {
  const { clock, health } = setUp(t);
  await health.check();
  await clock.advance(1200);
  t.deepEqual(health.report(), {
    status: 'healthy',
    timestamp: '2026-01-15T12:00:01.200Z',
    process: {
      uptime_seconds: 600,
      memory_mb: 90.5,
      cpu_percent: 2,
      pid: 12,
      event_loop_delay_ms: 1,
    },
    application: {
      last_collection_at: '2026-01-15T11:50:00.000Z',
      collections_succeeded: 3,
      collections_failed: 1,
      data_freshness_minutes: 10,
      running_cycle: 'cycle-9',
      subreddits_failing: [],
      gaps_open: 0,
      jobs_heartbeat_age_seconds: 3.7,
    },
    database: { connected: true, latency_ms: 0, checked_seconds_ago: 1.2 },
    causes: [],
  });
});

test('before the first check nothing is known, and that is unhealthy', (t) => {
  const { health } = setUp(t);
  const report = health.report();
  t.is(report.status, 'unhealthy');
  t.deepEqual(report.database, { connected: false, latency_ms: null, checked_seconds_ago: null });
  t.is(report.application?.jobs_heartbeat_age_seconds, null);
});

test('without details only status and timestamp are told', async (t) => {
  const { health } = setUp(t, { details: false });
  await health.check();
  t.deepEqual(Object.keys(health.report()).sort(), ['status', 'timestamp']);
});

test('a failed check means not connected, and the last facts stay visible', async (t) => {
  const { clock, health, script, lines } = setUp(t);
  await health.check();
  script.answer = gone;
  t.is(await health.check(), null);
  await clock.advance(500);
  const report = health.report();
  t.is(report.status, 'unhealthy');
  t.is(report.database?.connected, false);
  t.is(report.database?.checked_seconds_ago, 0.5);
  t.is(report.application?.collections_succeeded, 3);
  t.is(report.causes?.[0]?.code, 'database_unreachable');
  t.regex(report.causes?.[0]?.message ?? '', /store_unreachable/);

  await health.check();
  script.answer = async () => FACTS;
  await health.check();
  t.is(health.report().status, 'healthy');
  t.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['error', 'database does not answer: gone'],
      ['info', 'database answers again'],
    ],
    'only the changes are logged',
  );
});

test('a store that hangs costs one call at a time and its deadline', async (t) => {
  const { clock, health, script } = setUp(t);
  await health.check();
  health.start();
  script.answer = hang;
  await clock.advance(2000);
  t.is(script.calls, 2);
  t.is(health.report().database?.connected, true, 'the answer is not late yet');
  await clock.advance(1499);
  t.is(health.report().database?.connected, true);
  await clock.advance(1);
  t.is(health.report().database?.connected, false);
  await clock.advance(35_000);
  t.is(script.calls, 12, 'one call every 3.5 s');
});

test('without a recent success it is not connected, even if no check has failed', async (t) => {
  const { clock, health } = setUp(t);
  await health.check();
  await clock.advance(7000);
  t.is(health.report().database?.connected, true, 'at 2 × (interval + timeout)');
  await clock.advance(1);
  t.is(health.report().database?.connected, false, 'just over it');
});

test('the loop asks every two seconds and ends with close', async (t) => {
  const { clock, health, script } = setUp(t);
  health.start();
  health.start();
  await clock.advance(10_000);
  t.is(script.calls, 5);
  t.is(script.most, 1);
  await health.close();
  await clock.advance(10_000);
  t.is(script.calls, 5);
  t.is(clock.sleeping, 0);
});

test('close waits for the check under way, which its deadline ends', async (t) => {
  const { clock, health, script } = setUp(t);
  health.start();
  script.answer = hang;
  await clock.advance(2000);
  let closed = false;
  const closing = health.close().then(() => {
    closed = true;
  });
  await clock.advance(1400);
  t.false(closed);
  await clock.advance(200);
  await closing;
  t.is(clock.sleeping, 0);
});

test('the sampler tells plausible figures of this process', (t) => {
  const clock = new ManualClock();
  const sampler = createProcessSampler(clock);
  t.teardown(() => sampler.close());
  const figures = sampler.sample();
  t.is(figures.pid, process.pid);
  t.true(figures.memory_mb > 10 && figures.memory_mb < 4000);
  t.true(figures.uptime_seconds >= 0);
  t.is(figures.cpu_percent, 0, 'not known before the first interval has passed');
});

test('the share of a core is that of the last whole interval', async (t) => {
  const clock = new ManualClock();
  const sampler = createProcessSampler(clock);
  t.teardown(() => sampler.close());
  await clock.advance(1e12);
  sampler.renew();
  t.is(sampler.sample().cpu_percent, 0, 'next to nothing over thirty years');
});

test('a blocked event loop shows in the delay', async (t) => {
  const clock = new ManualClock();
  const sampler = createProcessSampler(clock);
  t.teardown(() => sampler.close());
  await new Promise((resolve) => setTimeout(resolve, 100));
  const end = performance.now() + 300;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.true(sampler.sample().event_loop_delay_ms >= 200);
});
