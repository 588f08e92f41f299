import { existsSync } from 'node:fs';
import type { Clock } from '../../clock.js';
import { AppError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Store } from '../store.js';
import { type Creation, createConnection } from './connection.js';
import { sqliteStore } from './sqlite-store.js';

/** Writers wait for each other this long; our transactions take milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * What to do without a database: make one; `refuse`, with `store_unusable`, for commands that
 * examine one; or `wait`, with `store_unreachable`, where one must have vanished.
 */
export type IfMissing = 'create' | 'refuse' | 'wait';

export interface OpenSqliteOptions {
  path: string;
  ifMissing: IfMissing;
  clock: Clock;
  log: Log;
}

/**
 * Attempts to open the store in this thread; the calls block it. Once the file has been seen,
 * later attempts do not create another one in its place.
 */
export function sqliteOpener({ path, ifMissing, clock, log }: OpenSqliteOptions): () => Store {
  let create: Creation = ifMissing === 'create' ? 'everything' : 'nothing';
  return () => {
    if (ifMissing === 'refuse' && !existsSync(path)) {
      throw new AppError('store_unusable', `There is no database ${path}`, {
        cure: 'point SQLITE_PATH at an existing database, or start the system once to create it',
      });
    }
    const connection = createConnection({
      path,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      create,
      clock,
      onSlow: (shape, ms) => log.warn({ shape, ms }, 'slow store call'),
    });
    try {
      connection.open();
    } catch (error) {
      const seen = error instanceof AppError && error.details.seen === true;
      if (seen && create === 'everything') create = 'tables';
      throw error;
    }
    return sqliteStore(connection, clock);
  };
}
