import { CosmosClient, type IndexingPolicy } from '@azure/cosmos';
import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { DAY_MS } from '../../src/domain/window.js';
import {
  type CosmosAccount,
  type CosmosAccountOptions,
  startCosmosAccount,
} from '../../src/cosmos-account/run.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { cosmosControlReads } from '../../src/store/cosmos/control/control.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import {
  type CosmosReadDeps,
  type CosmosReadStore,
  cosmosReadStore,
} from '../../src/store/cosmos/read/read-store.js';
import type { Store } from '../../src/store/store.js';
import { silentLog } from './log.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

const DATABASE = 'test';

/** An account of the test's own with both containers, which index what the product's index. */
export interface ReadBed {
  standIn: CosmosAccount;
  clock: Clock;
  connect: () => OpenAccount;
  /** A whole store, as a job has it. */
  store: () => Store;
  /** As an API process has it; `account`: its connection, a new one unless given. */
  reader: (options?: Partial<CosmosReadDeps> & { account?: OpenAccount }) => CosmosReadStore;
}

export async function readBed(
  t: Teardown,
  clock: Clock,
  options: CosmosAccountOptions = {},
): Promise<ReadBed> {
  const standIn = await startCosmosAccount(options);
  t.teardown(() => standIn.close());
  await createContainers(standIn);
  const connect = () => {
    const account = openAccount({
      ...{ endpoint: standIn.url, key: standIn.key, database: DATABASE },
      ...{
        clock: systemClock,
        log: silentLog,
        attemptMs: 10_000,
        patienceMs: 10_000,
        maxSockets: 8,
      },
    });
    t.teardown(() => account.close());
    return account;
  };
  const retentionMs = 36_500 * DAY_MS;
  const reader: ReadBed['reader'] = (given = {}) => {
    const account = given.account ?? connect();
    return cosmosReadStore({
      ...{ account, clock, retentionMs, pollEveryMs: 0 },
      versions: cosmosVersions({ account }),
      control: cosmosControlReads({ account, clock }),
      ...given,
    });
  };
  return {
    ...{ standIn, clock, connect, reader },
    store: () => {
      const account = connect();
      return cosmosStore({ account, clock, retentionMs, pollEveryMs: 0 });
    },
  };
}

const ITEMS_PATHS = ['kind', 'subreddit', 'collected_at', 'created_utc', 'post_id', 'label'].concat(
  ['day', 'hour', 'from', 'seq', 'short', 'texts', 'expires', 'to', 'at'],
);
const CONTROL_PATHS = ['kind', 'status', 'started_at', 'finished_at'];

async function createContainers({ url: endpoint, key }: CosmosAccount): Promise<void> {
  const client = new CosmosClient({
    ...{ endpoint, key, connectionPolicy: { enableEndpointDiscovery: false } },
  });
  const { database } = await client.databases.create({ id: DATABASE });
  const create = (id: string, key: string, paths: string[], orders: string[][]) =>
    database.containers.create({
      ...{ id, partitionKey: { paths: [key], version: 2, kind: 'Hash' } as never, defaultTtl: -1 },
      indexingPolicy: policyOf(paths, orders),
    });
  await create('items', '/subreddit', ITEMS_PATHS, [
    ['kind', 'collected_at', 'id'],
    ['post_id', 'created_utc', 'id'],
  ]);
  await create('control', '/scope', CONTROL_PATHS, [['kind', 'started_at', 'id']]);
  client.dispose();
}

function policyOf(paths: readonly string[], orders: readonly string[][]): IndexingPolicy {
  return {
    includedPaths: paths.map((name) => ({ path: `/${name}/?` })),
    excludedPaths: [{ path: '/*' }],
    compositeIndexes: orders.map((order) =>
      order.map((name) => ({ path: `/${name}`, order: 'ascending' })),
    ),
  };
}

/** A call of the account, before it is sent. */
export interface ReadCallSeen {
  container: 'items' | 'control';
  shape: string;
}

/** The same account; `before` may do something else first, and what it throws is the call's failure. */
export function watchedAccount(
  account: OpenAccount,
  before: (call: ReadCallSeen) => Promise<void> | void,
): OpenAccount {
  const container = (name: ReadCallSeen['container']): OpenAccount['items'] => ({
    read: async (shape, partition, id) => {
      await before({ container: name, shape });
      return account[name].read(shape, partition, id);
    },
    query: async (shape, query) => {
      await before({ container: name, shape });
      return account[name].query(shape, query);
    },
    batch: async (shape, partition, operations) => {
      await before({ container: name, shape });
      return account[name].batch(shape, partition, operations);
    },
  });
  return { ...account, items: container('items'), control: container('control') };
}
