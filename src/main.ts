import { buildApp } from './app.js';
import { closeGracefully, countInFlight } from './closing.js';
import { healthPolicy } from './health/assess.js';
import { createHealthMonitor } from './health-monitor.js';
import { listen, refuseTakenPort } from './listen.js';
import type { Log } from './log.js';
import { createProcessSampler } from './process-sampler.js';
import { type RootContext, type Running, runProcess } from './process.js';
import { openReadStore } from './store/open.js';
import type { HealthFacts } from './store/store.js';

/** The API process. It needs nobody but the store, and is ended by nobody but its signals. */
await runProcess('api', start);

async function start({ config, secrets, log, clock, signal }: RootContext): Promise<Running> {
  const { host, port } = config.api;
  await refuseTakenPort(host, port);
  const opening = clock.monotonic();
  let whenLate = () => undefined as unknown;
  const onOpen = () => {
    log.info({ ms: Math.round(clock.monotonic() - opening) }, 'store open');
    whenLate();
  };
  const store = await openReadStore(config, { clock, log, signal, onOpen });
  const health = createHealthMonitor({
    store,
    clock,
    log,
    sampler: createProcessSampler(clock),
    policy: healthPolicy(config.collection.intervalMs),
    collectionOn: config.reddit !== null,
    details: config.healthDetails,
    timeoutMs: config.store.timeoutMs,
  });
  const app = await buildApp({
    config,
    store,
    health,
    clock,
    log,
    adminToken: secrets.adminToken,
    closing: signal,
  });
  const inFlight = countInFlight(app);

  const load = async (): Promise<boolean> => {
    const began = clock.monotonic();
    const facts = await health.check();
    return logLoaded(facts, log, clock.monotonic() - began);
  };
  if (!(await load())) whenLate = load; // start-up without the store: it may come later
  health.start();
  const address = await listen(app, host, port);
  log.info({ address }, 'listening'); // every line carries the pid

  return {
    async close() {
      const { shutdownDeadlineMs } = config;
      // A check that hangs ends with the store's deadline, the store itself soon after.
      const reserveMs = config.store.timeoutMs + 1500;
      await closeGracefully(app, inFlight, { clock, log, shutdownDeadlineMs, reserveMs });
      await health.close();
      await store.close();
      log.info('store closed');
    },
  };
}

function logLoaded(facts: HealthFacts | null, log: Log, ms: number): boolean {
  if (facts === null) return false;
  const { collections_succeeded, collections_failed, last_collection_at, data_version } = facts;
  const counts = { collections_succeeded, collections_failed, last_collection_at, data_version };
  log.info({ ...counts, ms: Math.round(ms) }, 'data loaded');
  return true;
}
