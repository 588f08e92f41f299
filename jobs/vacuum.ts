import { compactStore } from '../src/keep/compact.js';
import { openStore } from '../src/store/open.js';
import type { Outcome } from './bree.js';
import type { JobContext } from './job-thread.js';

/** Rewrites the database, so that what was deleted is in none of its bytes. */
export async function vacuum({ config, clock, log, signal }: JobContext): Promise<Outcome> {
  const store = await openStore(config, { clock, log, signal, ifMissing: 'wait' });
  try {
    const report = await compactStore({ store, clock, log }, signal);
    if (!report.done) return { status: 'skipped', reason: report.reason };
    log.info({ bytes_before: report.bytes_before, bytes_after: report.bytes_after }, 'compacted');
    return { status: 'succeeded' };
  } finally {
    await store.close();
  }
}
