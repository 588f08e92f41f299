import { randomBytes } from 'node:crypto';
import { CosmosClient } from '@azure/cosmos';
import type { Operation } from '../../src/store/cosmos/account.js';
import type { OpenAccount } from '../../src/store/cosmos/account/open-account.js';
import { once } from '../../src/once.js';
import { systemClock } from '../../src/clock.js';
import {
  clientAt,
  createTurns,
  type Place,
  setUpDatabase,
  type Teardown,
  type TestAccounts,
  testAccounts,
} from './cosmos-store.js';

/** Names that production does not use: no test finds its account by accident. */
const { TEST_COSMOS_ENDPOINT: ENDPOINT, TEST_COSMOS_KEY: KEY } = process.env;

const HOW_OFTEN_LOOKED = 100;
const LOOK_EVERY_MS = 100;

/**
 * An account that outlives the run: the one that `TEST_COSMOS_ENDPOINT` and `TEST_COSMOS_KEY` name, or
 * else the stand-in. `close` is for `test.after.always`.
 *
 * A run makes one database, `sentimentagent-test-` and eight random digits, by the product's own set-up,
 * and deletes it at its end, after failures too; what a run that is killed leaves has to be deleted by
 * hand. Its tests take turns with it, each after the documents of the one before were deleted, because
 * Azure bills a container of an account with provisioned throughput by the hour, however short it lives:
 * so a run costs an hour of two containers of 400 RU/s there, and some 90,000 request units where the
 * account is serverless (as the stand-in counts them, the deletions included).
 */
export function namedAccounts(): TestAccounts & { close(): Promise<void> } {
  if (ENDPOINT === undefined && KEY === undefined) {
    return { ...testAccounts(), close: async () => undefined };
  }
  if (!ENDPOINT || !KEY) throw new Error('give both TEST_COSMOS_ENDPOINT and TEST_COSMOS_KEY');
  const database = `sentimentagent-test-${randomBytes(4).toString('hex')}`;
  return sharedDatabase({ endpoint: ENDPOINT, key: KEY, database });
}

function sharedDatabase(place: Place): TestAccounts & { close(): Promise<void> } {
  const turn = createTurns(1);
  const made = once(() => setUpDatabase(place));
  let asked = false;
  return {
    async open(t) {
      t.teardown(await turn());
      asked = true;
      await made.get();
      await empty(t, place);
      return { ...place, connect: () => connected(t, place) };
    },
    async close() {
      if (asked) await drop(place);
    },
  };
}

/** A session begins with what its first reads saw: they have to see what was deleted before. */
async function connected(t: Teardown, place: Place): Promise<OpenAccount> {
  const account = clientAt(t, place);
  for (let looked = 0; looked < HOW_OFTEN_LOOKED; looked += 1) {
    const left = await Promise.all(CONTAINERS.map((container) => documentsOf(account, container)));
    if (left.flat().length === 0) return account;
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  throw new Error('documents that were deleted are still found');
}

const CONTAINERS = [
  { name: 'items', key: 'subreddit' },
  { name: 'control', key: 'scope' },
] as const;
/** Of one batch. */
const AT_ONCE = 100;

async function empty(t: Teardown, place: Place): Promise<void> {
  const account = clientAt(t, place);
  for (const container of CONTAINERS) {
    const partitions = new Map<string, Operation[]>();
    for (const { id, partition } of await documentsOf(account, container)) {
      const deletions = partitions.get(partition) ?? [];
      partitions.set(partition, [...deletions, { kind: 'delete', id }]);
    }
    for (const [partition, deletions] of partitions) {
      for (let from = 0; from < deletions.length; from += AT_ONCE) {
        const batch = deletions.slice(from, from + AT_ONCE);
        const { done } = await account[container.name].batch('empty', partition, batch);
        if (!done) throw new Error(`somebody else writes to ${place.database}`);
      }
    }
  }
}

function documentsOf(account: OpenAccount, { name, key }: (typeof CONTAINERS)[number]) {
  return account[name].query<{ id: string; partition: string }>('documents', {
    text: `SELECT c.id, c.${key} AS partition FROM c`,
    ...{ parameters: {}, partition: null },
  });
}

async function drop({ endpoint, key, database }: Place): Promise<void> {
  const connectionPolicy = { enableEndpointDiscovery: false };
  const client = new CosmosClient({ endpoint, key, connectionPolicy });
  try {
    await client.database(database).delete();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 404) throw error; // it was never made
  } finally {
    client.dispose();
  }
}
