import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { Account, Container } from '../../src/store/cosmos/account.js';
import { CONTAINERS } from '../../src/store/cosmos/account/containers.js';
import { openAccount } from '../../src/store/cosmos/account/open-account.js';
import { type Control, cosmosControl } from '../../src/store/cosmos/control/control.js';
import { cosmosLeases } from '../../src/store/cosmos/control/lease.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import { createWriterMemory } from '../../src/store/cosmos/write/cache.js';
import type { WriteDeps } from '../../src/store/cosmos/write/change.js';
import { ManualClock } from './clock.js';
import { clientOf } from './cosmos.js';
import { silentLog } from './log.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

const DATABASE = 'sentiment_analysis';

/** A call of a store, before it is sent or after it was carried out. */
export interface Call {
  container: 'items' | 'control';
  kind: 'read' | 'query' | 'batch';
  shape: string;
  /** Null: all. */
  partition: string | null;
}

/** May do something else meanwhile; what it throws is what the store sees of the call. */
export interface Watch {
  before?: (call: Call) => Promise<void> | void;
  after?: (call: Call) => Promise<void> | void;
}

/** One of several stores on the account, as a process of its own would have it. */
export interface OpenControl extends Control {
  deps: Omit<WriteDeps, 'versions' | 'lease'> & {
    versions: ReturnType<typeof cosmosVersions>;
    lease: ReturnType<typeof cosmosLeases>;
  };
}

export interface Bed {
  standIn: CosmosAccount;
  clock: ManualClock;
  /** The system's clock waits for the account; the manual one tells the store the time. */
  open(watch?: Watch): OpenControl;
}

/** Something that happens once, at the first call of a shape. */
export function once(shape: string, act: () => Promise<unknown>): (call: Call) => Promise<void> {
  let done = false;
  return async (call) => {
    if (done || call.kind !== 'batch' || call.shape !== shape) return;
    done = true;
    await act();
  };
}

/** The stand-in for an account, with both containers and nothing in them. */
export async function cosmosBed(
  t: Teardown,
  clock = new ManualClock('2026-01-15T12:00:00.000Z'),
): Promise<Bed> {
  const standIn = await startCosmosAccount({});
  t.teardown(() => standIn.close());
  await createContainers(standIn);
  return {
    ...{ standIn, clock },
    open: (watch = {}) => {
      const account = accountOf(t, standIn);
      return openControl(watched(account, watch), clock);
    },
  };
}

function openControl(account: Account, clock: Clock): OpenControl {
  const deps = {
    ...{ account, clock, retentionMs: 180 * 86_400_000, memory: createWriterMemory() },
    ...{ versions: cosmosVersions({ account }), lease: cosmosLeases({ account }) },
  };
  return { ...cosmosControl(deps), deps };
}

function accountOf(t: Teardown, { url: endpoint, key }: CosmosAccount): Account {
  const account = openAccount({
    ...{ endpoint, key, database: DATABASE, clock: systemClock, log: silentLog },
    ...{ attemptMs: 30_000, patienceMs: 30_000, maxSockets: 8 },
  });
  t.teardown(() => account.close());
  return account;
}

async function createContainers(standIn: CosmosAccount): Promise<void> {
  const client = clientOf(standIn);
  const { database } = await client.databases.create({ id: DATABASE });
  for (const definition of CONTAINERS) await database.containers.create(definition);
  client.dispose();
}

function watched(account: Account, { before, after }: Watch): Account {
  const around = async <T>(call: Call, carryOut: () => Promise<T>): Promise<T> => {
    await before?.(call);
    const answer = await carryOut();
    await after?.(call);
    return answer;
  };
  const container = (name: Call['container']): Container => ({
    read: (shape, partition, id) =>
      around({ container: name, kind: 'read', shape, partition }, () =>
        account[name].read(shape, partition, id),
      ),
    query: (shape, query) =>
      around({ container: name, kind: 'query', shape, partition: query.partition }, () =>
        account[name].query(shape, query),
      ),
    batch: (shape, partition, operations) =>
      around({ container: name, kind: 'batch', shape, partition }, () =>
        account[name].batch(shape, partition, operations),
      ),
  });
  return { items: container('items'), control: container('control'), close: () => account.close() };
}
