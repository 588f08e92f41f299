import type { ExecutionContext } from 'ava';
import { buildApp } from '../../src/app.js';
import type { Clock } from '../../src/clock.js';
import type { Config } from '../../src/config.js';
import { healthPolicy } from '../../src/health/assess.js';
import type { ProcessFigures } from '../../src/health/report.js';
import { createHealthMonitor, type HealthMonitor } from '../../src/health-monitor.js';
import type { Log } from '../../src/log.js';
import { createRollupMemory } from '../../src/rollups/memory.js';
import { boundedStore } from '../../src/store/bounded.js';
import type { OpenApiDocument } from '../../src/openapi/types.js';
import type { Api } from '../../src/routes/context.js';
import { createMetrics } from '../../src/metrics.js';
import { measuredStore } from '../../src/store/measured.js';
import type { Store } from '../../src/store/store.js';
import { ManualClock } from './clock.js';
import { type FaultyStore, faultyStore } from './faulty-store.js';
import { silentLog } from './log.js';
import { temporaryStore } from './store.js';
import { type AnswerCheck, answerCheck } from './answer-check.js';
import { watchApp } from './watch-app.js';

export interface TestApp {
  app: Api;
  /** The store behind the app, to fill it. */
  store: Store;
  /** What the app calls: can be told to hang or throw. */
  faulty: FaultyStore;
  health: HealthMonitor;
  /** What the process says about itself; change it at will. */
  figures: ProcessFigures;
  config: Config;
  /** Begins the shutdown, as a signal would. */
  close: AbortController;
}

export interface TestAppOptions {
  clock?: Clock;
  env?: Record<string, string>;
  adminToken?: string | null;
  log?: Log;
  /** Default true; false is an installation without Reddit credentials. */
  collectionOn?: boolean;
}

const CREDENTIALS = {
  REDDIT_CLIENT_ID: 'id',
  REDDIT_CLIENT_SECRET: 'a secret of the test',
  REDDIT_USER_AGENT: 'test:agent:1',
};

/**
 * The whole API on an empty store of its own, without a listening socket. Every answer it gives is
 * held against its OpenAPI document.
 */
export async function buildTestApp(t: Teardown, options: TestAppOptions = {}): Promise<TestApp> {
  check ??= documentedAnswers();
  return build(t, options, await check);
}

type Teardown = Pick<ExecutionContext, 'teardown'>;

/** Once for this process: what differs between apps is not in the document. */
let check: Promise<AnswerCheck> | null = null;

/** From an app of its own, so that the one under test has had no request. */
async function documentedAnswers(): Promise<AnswerCheck> {
  const releases: (() => unknown)[] = [];
  const teardown = (release: () => unknown) => void releases.push(release);
  try {
    const { app } = await build({ teardown }, {}, null);
    return answerCheck((await app.inject('/openapi.json')).json<OpenApiDocument>());
  } finally {
    for (const release of releases.reverse()) await release();
  }
}

async function build(
  t: Teardown,
  options: TestAppOptions,
  answersCheck: AnswerCheck | null,
): Promise<TestApp> {
  const clock = options.clock ?? new ManualClock();
  const { collectionOn = true, log = silentLog } = options;
  const env = { ...(collectionOn ? CREDENTIALS : {}), ...options.env };
  const { store, config } = await temporaryStore(t, { clock, env });
  const faulty = faultyStore(store);
  const metrics = createMetrics({ version: '1.2.3' });
  const measured = measuredStore(faulty, clock, metrics);
  const figures: ProcessFigures = {
    uptime_seconds: 100,
    memory_mb: 100,
    cpu_percent: 1,
    pid: 4711,
    event_loop_delay_ms: 0,
  };
  const health = createHealthMonitor({
    store: measured,
    clock,
    log,
    sampler: { sample: () => ({ ...figures }), renew: () => undefined, close: () => undefined },
    policy: healthPolicy(config.collection.intervalMs),
    collectionOn,
    details: config.healthDetails,
    timeoutMs: config.store.timeoutMs,
  });
  await health.check();
  const close = new AbortController();
  const { timeoutMs } = config.store;
  const rollups = createRollupMemory({
    store: boundedStore(measured, clock, timeoutMs),
    clock,
    firstHours: 24,
    freshForMs: 0, // a test's clock may stand still while its data changes
  });
  const app = await buildApp({
    config,
    store: measured,
    rollups,
    health,
    metrics,
    clock,
    log,
    adminToken: options.adminToken ?? null,
    closing: close.signal,
  });
  if (answersCheck !== null) watchApp(t, app, answersCheck);
  t.teardown(() => app.close());
  t.teardown(() => health.close());
  return { app, store, faulty, health, figures, config, close };
}
