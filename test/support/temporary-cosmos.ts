import type { Clock } from '../../src/clock.js';
import type { Config } from '../../src/config.js';
import { DAY_MS } from '../../src/domain/window.js';
import { cosmosReader, cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import type { ReadStore, Store } from '../../src/store/store.js';
import { testConfig } from './config.js';
import { type Teardown, type TestDatabase, testAccounts } from './cosmos-store.js';

/** Without turns: a test that has one store may open another. */
const accounts = testAccounts(Number.POSITIVE_INFINITY);
/** By name. */
const databases = new Map<string, TestDatabase>();

/**
 * An empty store of the test's own on a stand-in for an account. Its client lives by the system's
 * clock, for it waits for a real connection; the store by the test's.
 */
export async function temporaryCosmosStore(
  t: Teardown,
  clock: Clock,
  env: Record<string, string>,
): Promise<{ store: Store; config: Config }> {
  const open = await accounts.open(t);
  const { endpoint, key, database } = open;
  databases.set(database, open);
  t.teardown(() => databases.delete(database));
  const account = { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, COSMOS_DATABASE: database };
  const config = testConfig({ STORE: 'cosmos', ...account, ...env });
  const store = cosmosStore({ account: await open.connect(), ...timesOf(config, clock) });
  t.teardown(() => store.close());
  return { store, config };
}

/** Another process's view of it; the test's clock stands still, so each call asks for what is new. */
export async function temporaryCosmosReads(
  t: Teardown,
  config: Config,
  clock: Clock,
): Promise<ReadStore & { close(): Promise<void> }> {
  const database = databases.get(config.store.cosmos?.database ?? '');
  if (database === undefined) throw new Error('the configuration is not of an open store');
  const account = await database.connect();
  const reads = cosmosReader({ account, ...timesOf(config, clock), pollEveryMs: 0 });
  t.teardown(() => reads.close());
  return reads;
}

const timesOf = (config: Config, clock: Clock) => ({
  clock,
  retentionMs: config.collection.retentionDays * DAY_MS,
});
