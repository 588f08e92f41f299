import type { Clock } from '../../clock.js';
import type { CosmosConfig } from '../../config-cosmos.js';
import { AppError, isTransient, toAppError } from '../../errors.js';
import type { Log } from '../../log.js';
import { callRead, eachRead } from '../each-read.js';
import type { ReadStore, Store } from '../store.js';
import { type OpenAccount, openAccount } from './account/open-account.js';
import { verifyContainers } from './account/setup.js';
import { cosmosReader, cosmosStore } from './cosmos-store.js';

export interface CosmosOpenOptions {
  account: CosmosConfig;
  key: string;
  /** How long items are kept after they were created. */
  retentionMs: number;
  clock: Clock;
  log: Log;
  /** Ends the opening. What is opened goes on: requests and cycles are ended in order, and need it. */
  signal?: AbortSignal;
}

/** Jobs and commands wait: for an account that is busy as well, whose throughput they use up themselves. */
const ATTEMPT_MS = 10_000;
const PATIENCE_MS = 60_000;

/**
 * Makes one attempt at opening with each call: the account answers, and its containers are as
 * `npm run cosmos:setup` makes them.
 *
 * @throws AppError `store_unusable`, or transient ones
 */
export function cosmosOpener(options: CosmosOpenOptions): () => Promise<Store> {
  return async () => {
    const { clock, log, retentionMs } = options;
    const account = open(options, { attemptMs: ATTEMPT_MS, patienceMs: PATIENCE_MS });
    try {
      await openingOf(account, options.signal);
    } catch (error) {
      await account.close();
      throw error;
    }
    const store = cosmosStore({ account, clock, retentionMs });
    return {
      ...store,
      async close() {
        await store.close();
        tellCharges(account, log);
      },
    };
  };
}

function open(
  { account, key, clock, log }: CosmosOpenOptions,
  patience: {
    attemptMs: number;
    patienceMs: number;
    onCharge?: (call: string, ru: number) => void;
  },
): OpenAccount {
  const { endpoint, database, caFile, maxConnections } = account;
  return openAccount({
    ...{ endpoint, key, database, clock, log, maxSockets: maxConnections, ...patience },
    ...(caFile !== null && { caFile }),
  });
}

/** @throws as `verifyContainers`; AppError `cancelled`, and the account is closed, when `signal` ends it */
async function openingOf(account: OpenAccount, signal?: AbortSignal): Promise<void> {
  const end = () => void account.close();
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  try {
    await verifyContainers(account.definitions);
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/** Of a cycle this is what it cost, since its thread opens the store for it alone. */
function tellCharges(account: OpenAccount, log: Log): void {
  const charges = Object.entries(account.charges());
  const sum = (of: 'requests' | 'ru') => charges.reduce((total, [, one]) => total + one[of], 0);
  if (sum('requests') === 0) return;
  const dearest = charges.sort(([, a], [, b]) => b.ru - a.ru).slice(0, 5);
  log.info(
    {
      requests: sum('requests'),
      request_units: Math.round(sum('ru')),
      dearest: Object.fromEntries(dearest.map(([shape, { ru }]) => [shape, Math.round(ru)])),
    },
    'account closed',
  );
}

export interface CosmosReadOptions extends CosmosOpenOptions {
  /** The longest that one call takes. */
  timeoutMs: number;
  /** How the first attempt is repeated; `keep trying`: a second apart for as long as it takes, refusing calls. */
  opening: ((attempt: () => Promise<void>) => Promise<void>) | 'keep trying';
  onOpen: () => void;
  onCharge?: (call: string, ru: number) => void;
}

const LOOK_EVERY_MS = 1000;

/**
 * What the API needs. The client has no connection to lose: once its containers were found right, an
 * account that goes away is simply asked again by each call, as far as its breaker lets it.
 *
 * @throws AppError as opening does
 */
export async function openCosmosReads(
  options: CosmosReadOptions,
): Promise<ReadStore & { close(): Promise<void> }> {
  const { clock, timeoutMs, opening, onOpen, retentionMs, onCharge } = options;
  const account = open(options, {
    ...{ attemptMs: timeoutMs, patienceMs: timeoutMs },
    ...(onCharge !== undefined && { onCharge }),
  });
  const closing = new AbortController();
  const state = { opened: false, why: null as AppError | null };
  const attempt = async () => {
    try {
      await openingOf(account, options.signal);
      state.opened = true;
    } catch (error) {
      state.why = toAppError(error);
      throw error;
    }
    onOpen();
  };
  try {
    await (opening === 'keep trying' ? attempt() : opening(attempt));
  } catch (error) {
    if (opening !== 'keep trying' || !isTransient(error)) {
      await account.close();
      throw error;
    }
  }
  const trying = keepTrying(state, attempt, clock, closing.signal);
  const store = cosmosReader({ account, clock, retentionMs });
  return {
    ...eachRead(async (call, args) => {
      if (!state.opened) throw state.why ?? notYet();
      return callRead(store, call, args);
    }),
    async close() {
      closing.abort();
      await trying;
      await store.close();
    },
  };
}

async function keepTrying(
  state: { opened: boolean },
  attempt: () => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!state.opened && !signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    if (!signal.aborted) await attempt().catch(() => undefined); // calls get the reason
  }
}

const notYet = () => new AppError('store_unreachable', 'The account was not reached yet');
