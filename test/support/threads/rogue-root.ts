import { workerData } from 'node:worker_threads';
import type { ThreadData } from '../../../jobs/bree.js';
import { systemClock, toIso } from '../../../src/clock.js';
import { newCycle } from '../../../src/domain/cycle.js';
import { openStore } from '../../../src/store/open.js';
import { silentLog } from '../log.js';

/** Begins a cycle, as a real job does, and then behaves as its run's id says. */
const { run, settings } = workerData as ThreadData;
const endsWell = run.trigger !== 'manual' || run.id === 'reports then throws';
if (!endsWell) {
  const store = await openStore(settings.config, { clock: systemClock, log: silentLog });
  const cycle = newCycle(run.id, toIso(systemClock.now()), run.trigger, 1);
  const lease = { leaseMs: settings.config.collection.leaseMs, holderIsDead: () => false };
  await store.beginCycle({ cycle, holder: run.holder, ...lease });
  await store.close();
}
await import('./thread-root.js');
