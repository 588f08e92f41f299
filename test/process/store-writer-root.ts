import { systemClock } from '../../src/clock.js';
import { openReadStore, openStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { aComment } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle } from '../support/store.js';

/**
 * Opens the store `SQLITE_PATH` at once with its siblings, and writes: `node … ROLE ROUNDS`.
 * The collector commits; the others beat and wish; the reader reads through its thread.
 */
const [, , role = '', rounds = '0'] = process.argv;
const config = testConfig({
  SQLITE_PATH: process.env.SQLITE_PATH ?? '',
  STORE_TIMEOUT_SECONDS: '20',
});
const deps = { clock: systemClock, log: silentLog };
// One attempt at opening, so that a lock that was not waited for shows.
if (role === 'reader') {
  const store = await openReadStore(config, deps);
  for (let n = 0; n < Number(rounds); n += 1) {
    await store.healthFacts('2026-01-15T12:00:00.000Z');
    await store.hourlyCounts({
      windows: [{ from: '2026-01-15T00:00:00.000Z', to: '2026-01-16T00:00:00.000Z' }],
    });
  }
  await store.close();
} else {
  const store = await openStore(config, deps);
  const fence = role === 'collector' ? await beginTestCycle(store, systemClock) : null;
  for (let n = 0; n < Number(rounds); n += 1) {
    if (fence === null) {
      await store.heartbeat({ holder: role, pid: process.pid, memory_mb: 1, runs_skipped: n });
      await store.requestCycle(`${role}-${n}`);
      await store.takeRequest();
    } else {
      const comments = [aComment({ id: `c${n}` }), aComment({ id: `d${n}` })];
      await store.commit({ fence, subreddit: 'claude', posts: [], comments });
    }
  }
  await store.close();
}
