import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { silentLog } from './log.js';

export type Teardown = Pick<ExecutionContext, 'teardown'>;

/** Where a database is, as the product's configuration says it. */
export interface Place {
  endpoint: string;
  key: string;
  database: string;
}

export interface TestDatabase extends Place {
  /** A client of its own, with a session of its own, closed with the test. */
  connect(): Promise<OpenAccount>;
}

export interface TestAccounts {
  /** A database with the product's containers and nothing in them, which nobody else has until the test ends. */
  open(t: Teardown): Promise<TestDatabase>;
}

/** Tests of a file begin all at once; so many get a database, so that none of them is slow. */
const AT_ONCE = 4;

/** A database for each test on one stand-in for an account, which ends with the last test that has one. */
export function testAccounts(atOnce = AT_ONCE): TestAccounts {
  const turn = createTurns(atOnce);
  const standIn = sharedStandIn();
  return {
    async open(t) {
      t.teardown(await turn());
      const { url: endpoint, key } = await standIn(t);
      const place = { endpoint, key, database: `test-${randomUUID()}` };
      await setUpDatabase(place);
      return { ...place, connect: async () => clientAt(t, place) };
    },
  };
}

/** The product's way to a database, with patience for a machine or an account that is busy. */
export function clientAt(t: Teardown, place: Place): OpenAccount {
  const account = openAccount({
    ...{ ...place, clock: systemClock, log: silentLog },
    ...{ attemptMs: 60_000, patienceMs: 60_000, maxSockets: 8 },
  });
  t.teardown(() => account.close());
  return account;
}

/** Makes the database and its containers, as `npm run cosmos:setup` does. */
export async function setUpDatabase(place: Place): Promise<void> {
  const releases: (() => unknown)[] = [];
  const { definitions } = clientAt({ teardown: (release) => void releases.push(release) }, place);
  try {
    await setUp(definitions, { database: place.database, throughput: null });
  } finally {
    for (const release of releases) await release();
  }
}

function sharedStandIn(): (t: Teardown) => Promise<CosmosAccount> {
  let users = 0;
  let running: Promise<CosmosAccount> | null = null;
  return (t) => {
    users += 1;
    running ??= startCosmosAccount();
    const used = running;
    t.teardown(async () => {
      users -= 1;
      if (users > 0) return;
      running = null;
      await (await used).close();
    });
    return used;
  };
}

/** Each call waits for its turn, and answers what ends it. */
export function createTurns(atOnce: number): () => Promise<() => void> {
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
