import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { DAY_MS } from '../../src/domain/window.js';
import {
  type CosmosAccount,
  type CosmosAccountOptions,
  startCosmosAccount,
} from '../../src/cosmos-account/run.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
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

/** An account of the test's own set up as the product sets one up. */
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
  const connect = () => {
    const account = openAccount({
      ...{ endpoint: standIn.url, key: standIn.key, database: DATABASE },
      ...{ clock: systemClock, log: silentLog, maxSockets: 8 },
      ...{ attemptMs: 10_000, patienceMs: 10_000 },
    });
    t.teardown(() => account.close());
    return account;
  };
  await setUp(connect().definitions, { database: DATABASE, throughput: null });
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
