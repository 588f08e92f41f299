import type { Clock } from '../../clock.js';
import type { KeepStore } from '../keep-store.js';
import { compact, freeBytes } from './compact.js';
import type { Connection } from './connection.js';
import { copyTo } from './copies.js';
import { expireRecords } from './expired-records.js';
import { expireItems, expireTexts, findHour } from './expiry.js';
import { jobSuccess, noteJobSuccess } from './job-runs.js';
import { readPause } from './pause.js';

/** What the daily jobs need, on one connection. */
export function sqliteKeep(connection: Connection, clock: Clock): KeepStore {
  return {
    pauseState: async () => connection.read('pauseState', readPause),
    nextHour: async (query) => connection.read('nextHour', (db) => findHour(db, query)),
    expireItems: async (place) => connection.write('expireItems', (db) => expireItems(db, place)),
    expireTexts: async (place) =>
      connection.write('expireTexts', (db) => expireTexts(db, place, clock.now())),
    expireRecords: async ({ before, limit }) =>
      connection.write('expireRecords', (db) => expireRecords(db, before, limit, clock.now())),
    compact: async () => compact(connection, clock.now(), () => freeBytes(connection.path)),
    emptyLog: async () => connection.checkpoint(),
    copyTo: async (path) => copyTo(connection, path),
    jobSuccess: async (job) => connection.read('jobSuccess', (db) => jobSuccess(db, job)),
    noteJobSuccess: async (job) =>
      connection.write('noteJobSuccess', (db) => noteJobSuccess(db, job, clock.now())),
  };
}
