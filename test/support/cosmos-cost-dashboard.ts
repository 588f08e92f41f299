import type { ExecutionContext } from 'ava';
import { buildApp } from '../../src/app.js';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { HOUR_MS } from '../../src/domain/window.js';
import { AppError } from '../../src/errors.js';
import { healthPolicy } from '../../src/health/assess.js';
import { createHealthMonitor } from '../../src/health-monitor.js';
import { createMetrics } from '../../src/metrics.js';
import { DEFAULT_QUESTIONS } from '../../src/preload.js';
import { createProcessSampler } from '../../src/process-sampler.js';
import { createRollupMemory } from '../../src/rollups/memory.js';
import type { Api } from '../../src/routes/context.js';
import { boundedStore } from '../../src/store/bounded.js';
import { cosmosReader, cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { testConfig } from './config.js';
import {
  type Charges,
  type CostBed,
  costBed,
  DATABASE,
  spentSince,
  STUCK_AFTER_MS,
  sumOf,
} from './cosmos-cost.js';
import {
  cycleDocuments,
  cycleItems,
  itemsDocuments,
  VOLUME_RETENTION_MS,
  VOLUME_SUBREDDITS,
} from './cosmos-cost-volume.js';
import { silentLog } from './log.js';
import { VirtualClock } from './virtual-clock.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

/** Request units of the default page's questions, in each state that the API can be in. */
export interface DashboardCost {
  items: number;
  /** Until everything is in memory, and the first page then. */
  start: number;
  first_page: number;
  /** Asked again within the same minute. */
  cached: number;
  /** Computed anew, while nothing was stored. */
  new_minute: number;
  new_hour: number;
  /** What is loaded before a new hour begins, so that no question has to wait for it. */
  ahead: number;
  /** A finished cycle becomes known: the same for any number of questions. */
  following: number;
  after_cycle: number;
  /** Of one process that nobody asks, per hour. */
  idle_hour: number;
  by: Record<string, Charges>;
}

const START = Date.parse('2026-03-31T12:42:00.000Z');
const IDLE_MS = 5 * 60_000;
const BETWEEN_MS = 3 * 60_000;

export async function dashboardCost(t: Teardown, items: number): Promise<DashboardCost> {
  const clock = new VirtualClock(START, STUCK_AFTER_MS);
  t.teardown(() => clock.close());
  const bed = await costBed(t, { clock });
  bed.standIn.load(DATABASE, 'items', itemsDocuments({ items, nowMs: START }));
  bed.standIn.load(DATABASE, 'control', cycleDocuments(START));
  const api = await startApi(t, bed, clock);
  const by: DashboardCost['by'] = {};
  const measure = async (what: string, work: () => Promise<unknown>): Promise<number> => {
    const before = api.charges();
    await work();
    const spent = spentSince(before, api.charges());
    by[what] = spent;
    return sumOf(spent).ru;
  };
  const rest = (ms: number) => clock.drive(clock.sleep(ms));
  const start = await measure('start', () => clock.drive(api.loaded()));
  const first_page = await measure('first_page', () => clock.drive(api.page()));
  const cached = await measure('cached', () => api.page());
  await rest(60_000);
  const new_minute = await measure('new_minute', () => clock.drive(api.page()));
  const idle = await measure('idle_hour', () => rest(IDLE_MS));
  await clock.drive(api.page());
  await measure('until_new_hour', () => rest(HOUR_MS - (clock.now() % HOUR_MS) + 60_000));
  const new_hour = await measure('new_hour', () => clock.drive(api.page()));
  // By what was loaded, all was written in one second; from the first cycle on it is as it would be.
  const volume = { items, nowMs: START };
  await oneCycle(bed, clock, { volume, id: 'cycle-1' });
  await rest(BETWEEN_MS);
  await clock.drive(api.page());
  const following = await measure('following', async () => {
    await oneCycle(bed, clock, { volume, id: 'cycle-2' });
    await rest(3000);
  });
  const after_cycle = await measure('after_cycle', () => clock.drive(api.page()));
  return {
    ...{ items, start, first_page, cached, new_minute, new_hour, following, after_cycle },
    ahead: by.until_new_hour?.load?.ru ?? 0,
    ...{ idle_hour: Math.round((idle * HOUR_MS) / IDLE_MS), by },
  };
}

export interface MeasuredApi {
  charges(): Charges;
  /** Asks what the dashboard asks. @throws AppError `internal` for an answer that is none, or stale */
  page(): Promise<void>;
  /** Resolves when the rollups are in memory. */
  loaded(): Promise<void>;
}

/** As src/main.ts has it, but for the preload: what it asks is asked by the measurement. */
export async function startApi(
  t: Teardown,
  bed: CostBed,
  clock: VirtualClock,
): Promise<MeasuredApi> {
  const config = testConfig({});
  const account = bed.connect();
  const store = cosmosReader({ account, clock, retentionMs: VOLUME_RETENTION_MS });
  const { timeoutMs } = config.store;
  const sampler = createProcessSampler(clock);
  const health = createHealthMonitor({
    ...{ store, clock, log: silentLog, sampler, timeoutMs, collectionOn: true, details: true },
    policy: healthPolicy(config.collection.intervalMs),
  });
  const rollups = createRollupMemory({
    ...{ store: boundedStore(store, clock, timeoutMs), clock, firstHours: config.startupLoadHours },
  });
  const app = await buildApp({
    ...{ config, store, rollups, health, metrics: createMetrics({ version: '1.2.3' }), clock },
    ...{ log: silentLog, adminToken: null, closing: new AbortController().signal },
  });
  health.start();
  rollups.start();
  t.teardown(async () => {
    await clock.drive(Promise.all([rollups.close(), health.close()]));
    await app.close();
    await store.close();
  });
  return {
    charges: () => account.charges(),
    page: () => askPage(app),
    loaded: async () => {
      while (!rollups.isComplete()) await clock.sleep(500);
    },
  };
}

async function askPage(app: Api): Promise<void> {
  for (const url of DEFAULT_QUESTIONS) {
    const { statusCode, headers, body } = await app.inject({ url });
    if (statusCode === 200 && headers['x-data-stale'] === undefined) continue;
    throw new AppError('internal', `${url}: ${statusCode} ${body.slice(0, 200)}`);
  }
}

/** Of a cycle, from one subreddit to the next. */
const PAUSE_MS = 2000;

async function oneCycle(
  bed: CostBed,
  clock: VirtualClock,
  { volume, id }: { volume: Parameters<typeof cycleItems>[0]; id: string },
): Promise<void> {
  const account = bed.connect();
  const store = cosmosStore({ account, clock, retentionMs: VOLUME_RETENTION_MS });
  const cycle = newCycle(id, toIso(clock.now()), 'manual', 90);
  const start = { cycle, holder: 'host:1:0:0', leaseMs: 120_000, holderIsDead: () => false };
  const grant = await store.beginCycle(start);
  if (!grant.granted) throw new AppError('internal', 'the lease was refused');
  const { fence } = grant;
  for (const [subreddit, name] of VOLUME_SUBREDDITS.entries()) {
    const items = cycleItems(volume, subreddit, clock.now());
    const posts = items.filter((item): item is NewPost => 'title' in item);
    const comments = items.filter((item): item is NewComment => !('title' in item));
    await store.commit({ fence, subreddit: name, posts, comments });
    await store.updateCycle(cycle, fence);
    await clock.drive(clock.sleep(PAUSE_MS));
  }
  await store.finishCycle(
    { ...cycle, status: 'succeeded', finished_at: toIso(clock.now()), duration_ms: 1 },
    fence,
  );
  await store.close();
}
