import { type Clock, toIso } from '../../clock.js';
import { checkSize } from '../check-batch.js';
import type { UpkeepStore } from '../upkeep-store.js';
import { blank } from './blank.js';
import type { Connection } from './connection.js';
import { settleGap } from './gaps.js';
import * as state from './upkeep-state.js';
import * as threads from './threads.js';
import * as walks from './walks.js';

/** Refresh, repair and sweep, on one connection. */
export function sqliteUpkeep(connection: Connection, clock: Clock): UpkeepStore {
  return {
    shortThreads: async (query) =>
      connection.read('shortThreads', (db) => threads.shortThreads(db, query)),
    threadRead: async (reading) =>
      connection.write('threadRead', (db) => threads.threadRead(db, reading, clock.now())),
    strayPosts: async (query) =>
      connection.read('strayPosts', (db) => threads.strayPosts(db, query)),
    settleGap: async (settling) =>
      connection.write('settleGap', (db) => settleGap(db, settling, toIso(clock.now()))),
    itemsCreated: async (query) =>
      connection.read('itemsCreated', (db) => walks.itemsCreated(db, query)),
    sweepPage: async (query) => connection.read('sweepPage', (db) => walks.sweepPage(db, query)),
    itemCount: async () => connection.read('itemCount', walks.itemCount),
    upkeepState: async () => connection.read('upkeepState', state.readUpkeepState),
    saveUpkeepState: async (saved, fence) =>
      connection.write('saveUpkeepState', (db) => state.writeUpkeepState(db, saved, fence)),
    noteAnswers: async (answers) =>
      connection.write('noteAnswers', (db) => state.noteAnswers(db, answers, toIso(clock.now()))),
    omissions: async (limit) =>
      connection.read('omissions', (db) => state.readOmissions(db, limit)),
    blank: async (blanking) => {
      checkSize(blanking.items);
      return connection.write('blank', (db) => blank(db, blanking, clock.now()));
    },
  };
}
