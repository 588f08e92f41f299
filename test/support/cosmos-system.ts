import { type Clock, systemClock } from '../../src/clock.js';
import {
  type CosmosAccount,
  type CosmosAccountOptions,
  startCosmosAccount,
} from '../../src/cosmos-account/run.js';
import { DAY_MS } from '../../src/domain/window.js';
import { CONTAINERS } from '../../src/store/cosmos/account/containers.js';
import { openAccount } from '../../src/store/cosmos/account/open-account.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { retrying } from '../../src/store/retrying.js';
import type { Store } from '../../src/store/store.js';
import { clientOf } from './cosmos.js';
import { silentLog } from './log.js';

export type Teardown = { teardown(release: () => unknown): void };

export const DATABASE = 'sentiment_analysis';
const RETENTION_MS = 180 * DAY_MS;

/** The stand-in for an account, with the containers as `npm run cosmos:setup` makes them. */
export async function preparedAccount(
  t: Teardown,
  options: CosmosAccountOptions = {},
): Promise<CosmosAccount> {
  const account = await startCosmosAccount(options);
  t.teardown(() => account.close());
  const client = clientOf(account);
  const { database } = await client.databases.create({ id: DATABASE });
  for (const definition of CONTAINERS) await database.containers.create(definition);
  client.dispose();
  return account;
}

/** Settings with which a real process opens it. */
export function settingsOf({
  url,
  key,
}: Pick<CosmosAccount, 'url' | 'key'>): Record<string, string> {
  return { STORE: 'cosmos', COSMOS_ENDPOINT: url, COSMOS_KEY: key };
}

/** How patient a store in this process is; the product's own take minutes. */
export interface Patience {
  attemptMs: number;
  patienceMs: number;
  /** Before the first of three repetitions of a call; then ×4 each. */
  baseDelayMs: number;
}

const CALM: Patience = { attemptMs: 10_000, patienceMs: 10_000, baseDelayMs: 100 };

/** The whole store on it as a job has it, with a connection of its own. */
export function storeOn(
  t: Teardown,
  { url: endpoint, key }: CosmosAccount,
  { attemptMs, patienceMs, baseDelayMs }: Patience = CALM,
  clock: Clock = systemClock,
): Store {
  const account = openAccount({
    ...{ endpoint, key, database: DATABASE, clock: systemClock, log: silentLog },
    ...{ attemptMs, patienceMs, maxSockets: 16 },
  });
  t.teardown(() => account.close());
  const store = cosmosStore({ account, clock, retentionMs: RETENTION_MS });
  return retrying(store, { retries: 3, baseDelayMs, clock });
}
