import { toIso } from '../src/clock.js';
import { mayHaveLeapt } from '../src/keep/leap.js';
import { prune as pruneStore } from '../src/keep/prune.js';
import { openStore } from '../src/store/open.js';
import type { Outcome } from './bree.js';
import type { JobContext } from './job-thread.js';
import { PRUNE_DEADLINE_MS } from './schedule.js';

/** Lets go of what is past retention. */
export async function prune(context: JobContext): Promise<Outcome> {
  const { config, secrets, run, clock, log, signal } = context;
  const { cosmosKey } = secrets;
  const store = await openStore(config, { clock, log, signal, ifMissing: 'wait', cosmosKey });
  try {
    if (await mayHaveLeapt(store, clock)) {
      const reason =
        'the last run was over ten days ago: if the clock is right, it goes on in a day or two';
      log.warn({ now: toIso(clock.now()) }, `nothing is pruned: ${reason}`);
      return { status: 'skipped', reason };
    }
    const deps = { store, clock, config, deadlineMs: PRUNE_DEADLINE_MS, job: `prune-${run.id}` };
    const { finished, ...counts } = await pruneStore(deps, signal);
    log.info({ ...counts, finished }, 'pruned');
    if (finished) return { status: 'succeeded' };
    return { status: 'partial', reason: 'ended early; the next run goes on' };
  } finally {
    await store.close();
  }
}
