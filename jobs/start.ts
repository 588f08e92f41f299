import { holderName } from '../src/holder.js';
import type { RootContext, Running } from '../src/process.js';
import { openStore } from '../src/store/open.js';
import { createThreads } from './bree.js';
import { startRunner } from './runner.js';
import { planJobs } from './schedule.js';

/** Wires the `jobs` process: store, threads, runner. */
export async function startJobs(context: RootContext, threadFile: string): Promise<Running> {
  const { config, secrets, clock, log, signal } = context;
  const began = clock.monotonic();
  const store = await openStore(config, { clock, log, signal, patient: false });
  log.info({ ms: Math.round(clock.monotonic() - began) }, 'store open');
  const jobs = planJobs(config);
  if (jobs.length === 0) {
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
