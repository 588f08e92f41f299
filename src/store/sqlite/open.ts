import { existsSync } from 'node:fs';
import type { Clock } from '../../clock.js';
import { AppError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Store } from '../store.js';
import { createConnection } from './connection.js';
import { sqliteStore } from './sqlite-store.js';

/** Writers wait for each other this long; our transactions take milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

export interface OpenSqliteOptions {
  path: string;
  /** Refuse to create the database; for commands that examine one. */
  mustExist: boolean;
  clock: Clock;
  log: Log;
}

/** Opens the store in this thread; the calls block it. */
export function openSqlite({ path, mustExist, clock, log }: OpenSqliteOptions): Store {
  if (mustExist && !existsSync(path)) {
    throw new AppError('store_unusable', `There is no database ${path}`, {
      cure: 'point SQLITE_PATH at an existing database, or start the system once to create it',
    });
  }
  const connection = createConnection({
    path,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    create: !mustExist,
    clock,
    onSlow: (shape, ms) => log.warn({ shape, ms }, 'slow store call'),
  });
  connection.open();
  return sqliteStore(connection, clock);
}
