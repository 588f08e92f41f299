import { AsyncLocalStorage } from 'node:async_hooks';
import { buildApp } from './app.js';
import { closeGracefully, countInFlight } from './closing.js';
import { healthPolicy } from './health/assess.js';
import { createHealthMonitor } from './health-monitor.js';
import { listen, refuseTakenPort } from './listen.js';
import { createMetrics } from './metrics.js';
import { startPreload } from './preload.js';
import { createProcessSampler } from './process-sampler.js';
import { type RootContext, type Running, runProcess } from './process.js';
import { createRollupMemory } from './rollups/memory.js';
import { boundedStore } from './store/bounded.js';
import { measuredStore } from './store/measured.js';
import { openReadStore } from './store/open.js';
import { readVersion } from './version.js';

/** The API process. It needs nobody but the store, and is ended by nobody but its signals. */
await runProcess('api', start);

async function start({ config, secrets, log, clock, signal }: RootContext): Promise<Running> {
  const { host, port } = config.api;
  await refuseTakenPort(host, port);
  const opening = clock.monotonic();
  let whenOpen = () => undefined as unknown;
  const onOpen = () => {
    log.info({ ms: Math.round(clock.monotonic() - opening) }, 'store open');
    whenOpen();
  };
  const metrics = createMetrics({ version: readVersion() });
  // Every promise of the process pays for it, so only where a call costs something.
  const asking = config.store.kind === 'cosmos' ? new AsyncLocalStorage<string>() : undefined;
  const opened = await openReadStore(config, {
    ...{ clock, log, signal, onOpen, cosmosKey: secrets.cosmosKey },
    onCharge: (call, ru) => metrics.storeCharge(call, ru, asking?.getStore() ?? null),
  });
  const store = measuredStore(opened, clock, metrics);
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
  const rollups = createRollupMemory({
    store: boundedStore(store, clock, config.store.timeoutMs),
    clock,
    firstHours: config.startupLoadHours,
    onLoaded: (loaded, figures) => {
      log.info(figures, loaded === 'recent' ? 'newest data loaded' : 'data loaded');
    },
  });
  const app = await buildApp({
    config,
    store,
    rollups,
    health,
    metrics,
    clock,
    log,
    adminToken: secrets.adminToken,
    closing: signal,
    ...(asking !== undefined && { asking }),
  });
  const inFlight = countInFlight(app);

  // Started without the store: it may come later.
  if ((await health.check()) === null) whenOpen = () => health.check();
  health.start();
  const address = await listen(app, host, port);
  log.info({ address }, 'listening'); // every line carries the pid
  rollups.start();
  const preload = startPreload({ app, rollups, clock, log });

  return {
    async close() {
      preload.stop();
      const { shutdownDeadlineMs } = config;
      // A check that hangs ends with the store's deadline, the store itself soon after.
      const reserveMs = config.store.timeoutMs + 1500;
      await closeGracefully(app, inFlight, { clock, log, shutdownDeadlineMs, reserveMs });
      await Promise.all([preload.close(), rollups.close(), health.close()]);
      await opened.close();
      log.info('store closed');
    },
  };
}
