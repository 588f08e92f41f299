import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { toAppError } from '../errors.js';
import type { Log } from '../log.js';
import { retrying, retryStore, type StoreRetry } from './retrying.js';
import type { ReadStore, Store } from './store.js';

export interface OpenDeps {
  clock: Clock;
  log: Log;
  /** Cuts waiting retries short, at start and later. */
  signal?: AbortSignal;
}

type StoreConfig = Pick<Config, 'store' | 'storeRetry'>;

/**
 * The store that the configuration names, in this thread, for jobs and commands. Opening
 * and every later call make four attempts, 1 s, 4 s and 16 s apart, on transient errors;
 * with `patient: false` only opening does, for callers that have a rhythm of their own.
 *
 * @throws AppError `store_unusable`, or what the last attempt failed with.
 */
export async function openStore(
  config: StoreConfig,
  deps: OpenDeps & { mustExist?: boolean; patient?: boolean },
): Promise<Store> {
  const { clock, log, mustExist = false, patient = true } = deps;
  const schedule = scheduleOf(config, deps);
  // Loaded on demand: who opens another store, or reads through a thread, does without.
  const { openSqlite } = await import('./sqlite/open.js');
  const path = config.store.sqlitePath;
  const store = await retryStore(schedule, async () => openSqlite({ path, mustExist, clock, log }));
  return patient ? retrying(store, schedule) : store;
}

/**
 * What the API needs, with every call bounded by `store.timeoutMs` and never repeated here.
 * Opening makes the same four attempts as `openStore`.
 */
export async function openReadStore(
  config: StoreConfig,
  deps: OpenDeps,
): Promise<ReadStore & { close(): Promise<void> }> {
  const { clock, log } = deps;
  const { openReadClient } = await import('./sqlite/client.js');
  const { sqlitePath: path, timeoutMs } = config.store;
  return retryStore(scheduleOf(config, deps), () =>
    openReadClient({ path, timeoutMs, clock, log }),
  );
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
