import type { ExecutionContext } from 'ava';
import type { Clock } from '../../src/clock.js';
import {
  type CosmosAccount,
  type CosmosAccountOptions,
  startCosmosAccount,
} from '../../src/cosmos-account/run.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { silentLog } from './log.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

export const DATABASE = 'sentiment_analysis';

/** A first cycle waits for nothing, and an index over a million documents is built at once. */
export const STUCK_AFTER_MS = 10 * 60_000;

/** An account whose charges are measured, set up as `npm run cosmos:setup` does it. */
export interface CostBed {
  standIn: CosmosAccount;
  /** As a process opens it; closed with the test. */
  connect(database?: string): OpenAccount;
  /** Makes another database with both containers. */
  create(database: string): Promise<void>;
}

export interface CostBedOptions extends CosmosAccountOptions {
  clock: Clock;
  /** RU per second that the containers share; null: those of the account's default. */
  shared?: number | null;
}

/** As jobs have it: store/cosmos/open.ts. */
const PATIENCE = { attemptMs: 10_000, patienceMs: 60_000 };

export async function costBed(t: Teardown, options: CostBedOptions): Promise<CostBed> {
  const { clock, shared = null, ...standInOptions } = options;
  const standIn = await startCosmosAccount({ ...standInOptions, clock });
  t.teardown(() => standIn.close());
  const connect = (database = DATABASE): OpenAccount => {
    const account = openAccount({
      ...{ endpoint: standIn.url, key: standIn.key, database, clock, log: silentLog },
      ...{ ...PATIENCE, maxSockets: 16 },
    });
    t.teardown(() => account.close());
    return account;
  };
  const create = async (database: string) => {
    await setUp(connect(database).definitions, { database, throughput: shared });
  };
  await create(DATABASE);
  return { standIn, connect, create };
}

/** Request units by shape of call. */
export type Charges = Record<string, { requests: number; ru: number }>;

/** What was spent since `before`, the dearest first. */
export function spentSince(before: Charges, after: Charges): Charges {
  const spent = Object.entries(after).map(([shape, { requests, ru }]) => {
    const { requests: r = 0, ru: u = 0 } = before[shape] ?? {};
    return [shape, { requests: requests - r, ru: hundredths(ru - u) }] as const;
  });
  const some = spent.filter(([, { requests }]) => requests > 0);
  return Object.fromEntries(some.sort(([, a], [, b]) => b.ru - a.ru));
}

export function sumOf(charges: Charges): { requests: number; ru: number } {
  const all = Object.values(charges);
  const requests = all.reduce((sum, one) => sum + one.requests, 0);
  return { requests, ru: hundredths(all.reduce((sum, one) => sum + one.ru, 0)) };
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;
