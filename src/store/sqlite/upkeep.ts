import type { UpkeepStore } from '../upkeep-store.js';
import type { Connection } from './connection.js';

/** Refresh, repair and sweep, on one connection. */
export function sqliteUpkeep(_connection: Connection): UpkeepStore {
  const missing = (): Promise<never> => Promise.reject(new Error('to be written'));
  return {
    shortThreads: missing,
    threadRead: missing,
    strayPosts: missing,
    settleGap: missing,
    itemsCreated: missing,
    sweepPage: missing,
    itemCount: missing,
    upkeepState: missing,
    saveUpkeepState: missing,
    noteAnswers: missing,
    omissions: missing,
    blank: missing,
  };
}
