import { DAY_MS } from '../src/domain/window.js';
import { makeBackup } from '../src/keep/backup.js';
import { openStore } from '../src/store/open.js';
import type { Outcome } from './bree.js';
import type { JobContext } from './job-thread.js';

/** The daily copy; those that would be too old tomorrow go. */
export async function backup({ config, clock, log, signal }: JobContext): Promise<Outcome> {
  const store = await openStore(config, { clock, log, signal, ifMissing: 'wait' });
  try {
    const report = await makeBackup({ store, clock, config, nextLookMs: DAY_MS });
    log.info({ ...report }, 'backup made');
    return { status: 'succeeded' };
  } finally {
    await store.close();
  }
}
