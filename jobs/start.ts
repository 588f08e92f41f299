import { holderName } from '../src/holder.js';
import type { RootContext, Running } from '../src/process.js';
import { awaitStore, openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { createThreads } from './bree.js';
import { startRunner } from './runner.js';
import { planJobs } from './schedule.js';

/**
 * Wires the `jobs` process: store, threads, runner. With START_DEGRADED a store that cannot be
 * reached is waited for, and the runner starts when it is there.
 */
export async function startJobs(context: RootContext, threadFile: string): Promise<Running> {
  const { config, secrets, clock, log, signal } = context;
  const deps = { clock, log, signal, cosmosKey: secrets.cosmosKey };
  const began = clock.monotonic();
  const { opened } = config.startDegraded
    ? await awaitStore(config, deps)
    : { opened: Promise.resolve(await openStore(config, { ...deps, patient: false })) };
  const running = opened.then((store) => {
    if (store === null) return null;
    log.info({ ms: Math.round(clock.monotonic() - began) }, 'store open');
    return runOn(store, context, threadFile);
  });
  if (!config.startDegraded) await running;
  return { close: async () => (await running)?.close() };
}

function runOn(store: Store, context: RootContext, threadFile: string): Running {
  const { config, secrets, clock, log } = context;
  const jobs = planJobs(config);
  if (config.reddit === null) {
    log.warn('collection is off: set REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET and REDDIT_USER_AGENT');
  }
  const runner = startRunner({
    ...{ config, jobs, store, clock, log },
    threads: createThreads(jobs, threadFile, { config, secrets, warnings: [] }, log),
    holder: holderName(),
    memory: () => process.memoryUsage.rss(),
  });
  log.info({ jobs: jobs.map(({ name, intervalMs }) => ({ name, intervalMs })) }, 'scheduled');
  return {
    async close() {
      await runner.close();
      await store.close();
      log.info('store closed');
    },
  };
}
