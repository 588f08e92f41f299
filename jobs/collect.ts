import { type CycleOutcome, runCycle } from '../src/collect/cycle.js';
import { pausedSince } from '../src/domain/pause.js';
import { AppError } from '../src/errors.js';
import { holderIsDead } from '../src/holder.js';
import { createRedditSource } from '../src/reddit/client.js';
import { createLexiconScorer } from '../src/scorer/lexicon.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import type { Outcome } from './bree.js';
import type { JobContext } from './job-thread.js';

/**
 * The collection job: wires one cycle and runs it.
 *
 * @param wrap lets the crash tests put themselves between the cycle and its store
 */
export async function collect(
  context: JobContext,
  wrap: (store: Store) => Store = (store) => store,
): Promise<Outcome> {
  const { config, secrets, run, clock, log, signal } = context;
  if (config.reddit === null || secrets.redditClientSecret === null) {
    throw new AppError('collection_off', 'Collection is off: no Reddit credentials');
  }
  // The runner had it open: where there is none now, it has vanished, and is not to be replaced.
  const deps = { clock, log, signal, cosmosKey: secrets.cosmosKey };
  const store = wrap(await openStore(config, { ...deps, ifMissing: 'wait' }));
  const source = createRedditSource(config.reddit, secrets.redditClientSecret, {
    clock,
    log,
    budget: store,
  });
  try {
    const paused = await store.pauseState();
    if (paused !== null) return { status: 'skipped', reason: pausedSince(paused) };
    const outcome = await runCycle(
      run,
      {
        ...{ store, source, clock, log, config, holderIsDead },
        scorer: createLexiconScorer(),
        holder: run.holder,
        memory: () => process.memoryUsage.rss(),
      },
      signal,
    );
    return summary(outcome);
  } finally {
    await source.close();
    await store.close();
  }
}

function summary(outcome: CycleOutcome): Outcome {
  return outcome.status === 'skipped' ? outcome : { status: outcome.status };
}
