import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { once } from '../../src/once.js';
import { CONTAINERS } from '../../src/store/cosmos/account/containers.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { clientOf } from './cosmos.js';
import { silentLog } from './log.js';
type Teardown = Pick<ExecutionContext, 'teardown'>;

/** Databases on one stand-in for an account, which starts with the first of them. */
export interface TestAccounts {
  /** An empty database of the test's own, through the SDK; closed with the test. */
  open(t: Teardown): Promise<() => OpenAccount>;
  standIn(): Promise<CosmosAccount>;
  close(): Promise<void>;
}

/** Tests of a file begin all at once; so many get an account, so that none of them is slow. */
const AT_ONCE = 4;

export function testAccounts(): TestAccounts {
  const standIn = once(() => startCosmosAccount());
  const gate = createTurns(AT_ONCE);
  return {
    standIn: () => standIn.get(),
    open: async (t) => {
      t.teardown(await gate());
      const account = await standIn.get();
      const database = `test-${randomUUID()}`;
      await createTestDatabase(account, database);
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
    ...{ attemptMs: 60_000, patienceMs: 60_000, maxSockets: 8 },
  });
  t.teardown(() => opened.close());
  return opened;
}

/** An empty one, with both containers. */
export async function createTestDatabase(account: CosmosAccount, id: string): Promise<void> {
  const client = clientOf(account);
  const { database } = await client.databases.create({ id });
  for (const { partitionKey, ...definition } of CONTAINERS) {
    await database.containers.create({ ...definition, partitionKey: { paths: [partitionKey] } });
  }
  client.dispose();
}

/** Each call waits for its turn, and answers what ends it. */
function createTurns(atOnce: number): () => Promise<() => void> {
  let running = 0;
  const waiting: (() => void)[] = [];
  const end = () => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async () => {
    if (running < atOnce) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return end;
  };
}
