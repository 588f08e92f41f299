import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { once } from '../../src/once.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { clientOf, ITEMS_POLICY } from './cosmos.js';

const POLICY = {
  ...ITEMS_POLICY,
  includedPaths: [
    ...['kind', 'collected_at', 'created_utc', 'post_id', 'label', 'day', 'hour', 'from', 'seq', 'short', 'expires', 'texts', 'of', 'status', 'to', 'at', 'found_at'],
  ].map((name) => ({ path: `/${name}/?` })),
  excludedPaths: [{ path: '/*' }],
};
import { silentLog } from './log.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

/** Databases on one stand-in for an account, which starts with the first of them. */
export interface TestAccounts {
  /** An empty database of the test's own, through the SDK; closed with the test. */
  open(t: Teardown): Promise<() => OpenAccount>;
  standIn(): Promise<CosmosAccount>;
  close(): Promise<void>;
}

export function testAccounts(): TestAccounts {
  const standIn = once(() => startCosmosAccount());
  return {
    standIn: standIn.get,
    open: async (t) => {
      const account = await standIn.get();
      const database = `test-${randomUUID()}`;
      await createDatabase(account, database);
      return () => openTestAccount(t, account, database);
    },
    close: async () => (await standIn.made())?.close(),
  };
}

function openTestAccount(
  t: Teardown,
  { url: endpoint, key }: CosmosAccount,
  database: string,
  clock: Clock = systemClock,
): OpenAccount {
  const opened = openAccount({
    ...{ endpoint, key, database, clock, log: silentLog },
    ...{ attemptMs: 10_000, patienceMs: 30_000, maxSockets: 8 },
  });
  t.teardown(() => opened.close());
  return opened;
}

async function createDatabase(account: CosmosAccount, id: string): Promise<void> {
  const client = clientOf(account);
  const { database } = await client.databases.create({ id });
  await database.containers.create({
    ...{ id: 'items', partitionKey: { paths: ['/subreddit'] }, defaultTtl: -1 },
    indexingPolicy: POLICY as never,
  });
  await database.containers.create({
    ...{ id: 'control', partitionKey: { paths: ['/scope'] }, defaultTtl: -1 },
  });
  client.dispose();
}
