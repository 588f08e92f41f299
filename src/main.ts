import { buildApp } from './app.js';
import { closeGracefully, countInFlight } from './closing.js';
import { healthPolicy } from './health/assess.js';
import { createHealthMonitor } from './health-monitor.js';
import { listen } from './listen.js';
import { createProcessSampler } from './process-sampler.js';
import { type RootContext, type Running, runProcess } from './process.js';
import { openReadStore } from './store/open.js';

/** The API process. It needs nobody but the store, and is ended by nobody but its signals. */
await runProcess('api', start);

async function start({ config, secrets, log, clock, signal }: RootContext): Promise<Running> {
  const opening = clock.monotonic();
  const store = await openReadStore(config, { clock, log, signal });
  log.info({ ms: Math.round(clock.monotonic() - opening) }, 'store open');
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

  const began = clock.monotonic();
  const facts = await health.check();
  if (facts !== null) {
    const { collections_succeeded, collections_failed, last_collection_at, data_version } = facts;
    const ms = Math.round(clock.monotonic() - began);
    log.info(
      { collections_succeeded, collections_failed, last_collection_at, data_version, ms },
      'data loaded',
    );
  }
  health.start();
  const address = await listen(app, config.api.host, config.api.port);
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
