import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Clock } from '../../src/clock.js';
import type { Config } from '../../src/config.js';
import { newCycle } from '../../src/domain/cycle.js';
import { openReadStore, openStore } from '../../src/store/open.js';
import type { Fence, ReadStore, Store } from '../../src/store/store.js';
import { toIso } from '../../src/clock.js';
import { ManualClock } from './clock.js';
import { testConfig } from './config.js';
import { silentLog } from './log.js';
import { temporaryFolder } from './temp.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

export interface TemporaryStore {
  store: Store;
  /** Of its file. @throws where the store has none */
  readonly path: string;
  config: Config;
}

/**
 * What the tests of this process run on: `TEST_STORE=cosmos npx ava …` runs on Cosmos DB what else runs
 * on SQLite.
 */
export const TEST_STORE = process.env.TEST_STORE === 'cosmos' ? 'cosmos' : 'sqlite';

/** An empty store of the test's own, closed and removed when it ends. */
export async function temporaryStore(
  t: Teardown,
  options: { clock?: Clock; env?: Record<string, string> } = {},
): Promise<TemporaryStore> {
  const clock = options.clock ?? new ManualClock();
  if (TEST_STORE === 'cosmos') {
    const { temporaryCosmosStore } = await import('./temporary-cosmos.js');
    const opened = await temporaryCosmosStore(t, clock, options.env ?? {});
    return {
      ...opened,
      get path(): string {
        throw new Error('a store of Cosmos DB has no file: this test is one of SQLite');
      },
    };
  }
  const path = join(temporaryFolder(t), 'store.db');
  const config = testConfig({ SQLITE_PATH: path, ...options.env });
  const store = await openStore(config, { clock, log: silentLog });
  t.teardown(() => store.close());
  return { store, path, config };
}

/** What the API would open on the same configuration; of SQLite, reads through a worker thread. */
export async function temporaryReadStore(
  t: Teardown,
  config: Config,
  clock: Clock = new ManualClock(),
): Promise<ReadStore & { close(): Promise<void> }> {
  if (TEST_STORE === 'cosmos') {
    const { temporaryCosmosReads } = await import('./temporary-cosmos.js');
    return temporaryCosmosReads(t, config, clock);
  }
  const store = await openReadStore(config, { clock, log: silentLog });
  t.teardown(() => store.close());
  return store;
}

/** Begins a cycle that must be granted, and answers its fence. */
export async function beginTestCycle(
  store: Store,
  clock: Clock,
  options: { id?: string; holder?: string; leaseMs?: number } = {},
): Promise<Fence> {
  const { id = 'cycle-1', holder = 'test-host:1:0:0', leaseMs = 120_000 } = options;
  const grant = await store.beginCycle({
    cycle: newCycle(id, toIso(clock.now()), 'manual', 50),
    holder,
    leaseMs,
    holderIsDead: () => false,
  });
  if (!grant.granted) throw new Error(`refused: ${grant.holder} has the lease`);
  return grant.fence;
}
