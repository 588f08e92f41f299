import type { Clock } from '../clock.js';
import type { CosmosConfig } from '../config-cosmos.js';
import type { Config } from '../config.js';
import { DAY_MS } from '../domain/window.js';
import { AppError, isTransient, toAppError } from '../errors.js';
import type { Log } from '../log.js';
import { retry } from '../retry.js';
import type { CosmosOpenOptions } from './cosmos/open.js';
import { retrying, retryStore, type StoreRetry } from './retrying.js';
import type { ReadStore, Store } from './store.js';

export interface OpenDeps {
  clock: Clock;
  log: Log;
  /** Cuts waiting retries short, at start and later. */
  signal?: AbortSignal;
  /** Of the account, where the store is one of Cosmos DB. */
  cosmosKey?: string | null;
}

type StoreConfig = Pick<Config, 'store' | 'storeRetry' | 'collection'>;

export interface OpenOptions {
  /** Of the embedded store; default `create`, see store/sqlite/open.ts. */
  ifMissing?: 'create' | 'refuse' | 'wait';
  /** False: only opening is repeated, for callers that have a rhythm of their own. */
  patient?: boolean;
}

/**
 * The store that the configuration names, in this thread, for jobs and commands. Opening
 * and every later call make four attempts, 1 s, 4 s and 16 s apart, on transient errors.
 *
 * @throws AppError `store_unusable`, or what the last attempt failed with.
 */
export async function openStore(config: StoreConfig, deps: OpenDeps & OpenOptions): Promise<Store> {
  const schedule = scheduleOf(config, deps);
  const attempt = await opener(config, deps);
  const store = await retryStore(schedule, attempt);
  return (deps.patient ?? true) ? retrying(store, schedule) : store;
}

/**
 * The longest pause of those who wait for a store for ever. Well below half a minute, and
 * shorter than the monitor's patience with a runner that does not report.
 */
const MAX_WAIT_MS = 16_000;
/** So that DB_RETRY_BASE_DELAY=0 does not become a busy loop. */
const MIN_WAIT_MS = 50;

/**
 * Begins to open the store and goes on for as long as it takes: 1 s, 4 s, then 16 s apart.
 * Resolves after the first attempt; `opened` resolves with the store, or with null when the
 * signal ended the wait. The failure is logged once, and again only when it changes.
 *
 * @throws AppError `store_unusable` when that is what the first attempt finds.
 */
export async function awaitStore(
  config: StoreConfig,
  deps: OpenDeps & { signal: AbortSignal },
): Promise<{ opened: Promise<Store | null> }> {
  const { clock, log, signal } = deps;
  const attempt = await opener(config, deps);
  try {
    const store = await attempt();
    return { opened: Promise.resolve(store) };
  } catch (error) {
    if (!isTransient(error)) throw error;
    let told = '';
    const tell = (cause: unknown) => {
      const { code, message, cure } = toAppError(cause);
      if (told === message) return;
      told = message;
      log.error({ code }, `store: ${message}; waiting for it. Cure: ${cure ?? 'bring it back'}`);
    };
    tell(error);
    const baseDelayMs = Math.max(MIN_WAIT_MS, config.storeRetry.baseDelayMs);
    const again = async (): Promise<Store | null> => {
      await clock.sleep(Math.min(MAX_WAIT_MS, baseDelayMs), signal);
      if (signal.aborted) return null;
      return retry(attempt, {
        ...{ clock, signal, retries: Number.POSITIVE_INFINITY },
        ...{ baseDelayMs: 4 * baseDelayMs, maxDelayMs: MAX_WAIT_MS },
        isRetryable: (cause) => cause instanceof AppError,
        onRetry: tell,
      }).catch((cause: unknown) => {
        if (signal.aborted) return null;
        throw cause;
      });
    };
    return { opened: again() };
  }
}

/** Makes one attempt at each call. */
async function opener(
  config: StoreConfig,
  { ifMissing = 'create', ...deps }: OpenDeps & OpenOptions,
): Promise<() => Promise<Store>> {
  const { clock, log } = deps;
  // Loaded on demand: who opens another store, or reads through a thread, does without.
  if (config.store.cosmos !== null) {
    const { cosmosOpener } = await import('./cosmos/open.js');
    return cosmosOpener(cosmosOptions(config.store.cosmos, config, deps));
  }
  const { sqliteOpener } = await import('./sqlite/open.js');
  const open = sqliteOpener({ path: config.store.sqlitePath, ifMissing, clock, log });
  return async () => open();
}

/**
 * What the API needs, with every call bounded by `store.timeoutMs` and never repeated here.
 * Opening makes the same four attempts as `openStore`; with `startDegraded` it makes one, and
 * a store that could not be reached is opened within seconds of its return.
 */
export async function openReadStore(
  config: StoreConfig & Partial<Pick<Config, 'startDegraded'>>,
  deps: OpenDeps & { onOpen?: () => void; onCharge?: (call: string, ru: number) => void },
): Promise<ReadStore & { close(): Promise<void> }> {
  const { clock, log, onOpen = () => undefined, onCharge } = deps;
  const { sqlitePath: path, timeoutMs, cosmos } = config.store;
  const schedule = scheduleOf(config, deps);
  const opening = config.startDegraded
    ? 'keep trying'
    : (attempt: () => Promise<void>) => retryStore(schedule, attempt);
  if (cosmos !== null) {
    const { openCosmosReads } = await import('./cosmos/open.js');
    return openCosmosReads({
      ...{ ...cosmosOptions(cosmos, config, deps), timeoutMs, opening, onOpen },
      ...(onCharge !== undefined && { onCharge }),
    });
  }
  const { openReadClient } = await import('./sqlite/client.js');
  return openReadClient({ path, timeoutMs, clock, log, opening, onOpen });
}

function cosmosOptions(
  account: CosmosConfig,
  { collection }: StoreConfig,
  { cosmosKey, clock, log, signal }: OpenDeps,
): CosmosOpenOptions {
  if (!cosmosKey) throw new AppError('internal', 'A store of Cosmos DB is opened without its key');
  return {
    ...{ account, key: cosmosKey, retentionMs: collection.retentionDays * DAY_MS, clock, log },
    ...(signal !== undefined && { signal }),
  };
}

function scheduleOf(config: StoreConfig, { clock, log, signal }: OpenDeps): StoreRetry {
  return {
    ...config.storeRetry,
    clock,
    ...(signal === undefined ? {} : { signal }),
    onRetry: (error, attempt, delayMs) => {
      const { code, message } = toAppError(error);
      log.warn({ code, attempt, delay_ms: delayMs }, `store: ${message}; trying again`);
    },
  };
}
