import { type Clock, toIso } from '../../clock.js';
import { checkBatch } from '../check-batch.js';
import type { ReadStore, Store } from '../store.js';
import { commitBatch } from './commit.js';
import type { Connection } from './connection.js';
import { countWindow } from './counts.js';
import * as cycles from './cycles.js';
import { readMeta } from './db.js';
import { readGaps } from './gaps.js';
import { readRateBudget, writeRateBudget } from './rate-budget.js';
import * as imports from './imports.js';
import { sqliteKeep } from './keep.js';
import { pause, resume } from './pause.js';
import * as reads from './reads.js';
import { readRollups, unpackRollups } from './rollups.js';
import * as runner from './runner.js';
import { readWatermarks, subredditDetails } from './subreddits.js';
import { trending } from './trending.js';
import { sqliteUpkeep } from './upkeep.js';
import { compareAll, portions, repairSome } from './verify.js';

/** What the API needs, on one connection. Every method is `async` so that failures reject. */
export function sqliteReadStore(connection: Connection, clock: Clock): ReadStore {
  return {
    ping: async () =>
      connection.read('ping', (db) => ({ data_version: readMeta(db).data_version })),
    recentPosts: async (query) =>
      connection.read('recentPosts', (db) => reads.recentPosts(db, query)),
    post: async (id) => connection.read('post', (db) => reads.readPost(db, id)),
    comments: async (query) => connection.read('comments', (db) => reads.readComments(db, query)),
    hourlyCounts: async ({ windows, subreddit }) =>
      connection.read('hourlyCounts', (db) => ({
        data_version: readMeta(db).data_version,
        windows: windows.map((window) => countWindow(db, window, subreddit)),
      })),
    rollups: async (query) =>
      unpackRollups(connection.read('rollups', (db) => readRollups(db, query))),
    trending: async (query) => connection.read('trending', (db) => trending(db, query)),
    subreddits: async (now) => connection.read('subreddits', (db) => subredditDetails(db, now)),
    cycles: async (query) => connection.read('cycles', (db) => cycles.pageOfCycles(db, query)),
    gaps: async (query) => connection.read('gaps', (db) => readGaps(db, query)),
    healthFacts: async (now) => connection.read('healthFacts', (db) => reads.healthFacts(db, now)),
    requestCycle: async (cycleId) =>
      connection.write('requestCycle', (db) => runner.requestCycle(db, cycleId, clock.now())),
    pause: async (reason) => connection.write('pause', (db) => pause(db, reason, clock.now())),
    resume: async () => connection.write('resume', resume),
  };
}

/** The whole store, on one connection. */
export function sqliteStore(connection: Connection, clock: Clock): Store {
  return {
    ...sqliteReadStore(connection, clock),
    ...sqliteUpkeep(connection, clock),
    ...sqliteKeep(connection, clock),
    beginCycle: async (start) =>
      connection.write('beginCycle', (db) => cycles.beginCycle(db, start, clock.now())),
    renewLease: async (fence, leaseMs) =>
      connection.write('renewLease', (db) =>
        cycles.renewLease(db, fence, toIso(clock.now() + leaseMs)),
      ),
    watermarks: async (name) => connection.read('watermarks', (db) => readWatermarks(db, name)),
    commit: async (batch) => {
      checkBatch(batch);
      return connection.write('commit', (db) => commitBatch(db, batch, clock.now()));
    },
    updateCycle: async (cycle, fence) =>
      connection.write('updateCycle', (db) => cycles.updateCycle(db, cycle, fence)),
    finishCycle: async (cycle, fence) => {
      connection.write('finishCycle', (db) => cycles.finishCycle(db, cycle, fence));
      connection.checkpoint();
    },
    rateBudget: async () => connection.read('rateBudget', readRateBudget),
    saveRateBudget: async (budget) =>
      connection.write('saveRateBudget', (db) => writeRateBudget(db, budget)),
    importItems: async (batch) => {
      checkBatch(batch);
      return connection.write('importItems', (db) => imports.importBatch(db, batch, clock.now()));
    },
    importProgress: async (key) =>
      connection.read('importProgress', (db) => imports.readImport(db, key)),
    saveImport: async (progress) =>
      connection.write('saveImport', (db) => imports.writeImport(db, progress, clock.now())),
    heartbeat: async (beat) =>
      connection.write('heartbeat', (db) =>
        runner.writeHeartbeat(db, { at: toIso(clock.now()), ...beat }),
      ),
    takeRequest: async () =>
      connection.read('takeRequest', runner.hasRequest)
        ? connection.write('takeRequest', (db) => runner.takeRequest(db, clock.now()))
        : null,
    abandon: async (holder, reason) =>
      connection.write('abandon', (db) => cycles.abandon(db, holder, reason, clock.now())),
    verify: async ({ repair, onProgress = () => undefined }) => {
      const { toRepair, ...found } = connection.read('verify', (db) => compareAll(db, onProgress));
      const repaired = repair && toRepair.length > 0;
      if (repaired) {
        for (const some of portions(toRepair)) {
          connection.write('repair', (db) => repairSome(db, some));
        }
      }
      return { ...found, repaired };
    },
    close: async () => connection.close(),
  };
}
