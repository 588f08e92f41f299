import { join } from 'node:path';
import { type Clock, toIso } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import { appendFile } from './append-file.js';
import type { Observation } from '../observe/observation.js';

/** Every observation, for monitor:replay. */
export interface History {
  /** Never throws and never takes long. Leaves it out while the disk is low. */
  record(observation: Observation): Promise<void>;
}

export interface HistoryOptions {
  /** MONITOR_STATE_DIR. */
  folder: string;
  clock: Clock;
  log: Log;
  /** Of each of the two generations. */
  maxBytes?: number;
}

/** About a day of observations each 15 s; README.md says how much that is. */
const MAX_BYTES = 8 * 1024 * 1024;
/** What is left belongs to the database. */
const LOW_DISK_MB = 200;

/**
 * Each line is an observation with `run`, which names the process that saw it: `at` begins anew
 * with each.
 */
export function openHistory({ folder, clock, log, maxBytes = MAX_BYTES }: HistoryOptions): History {
  const run = `${process.pid}:${toIso(clock.now())}`;
  const path = join(folder, 'observations.ndjson');
  const olderPath = join(folder, 'observations.1.ndjson');
  const file = appendFile({ path, olderPath, maxBytes, what: 'the history', clock, log });
  let low = false;
  return {
    async record(observation) {
      const { disks } = observation.host;
      const scarce = disks.find(({ freeMb }) => freeMb < LOW_DISK_MB);
      if (scarce !== undefined && !low) {
        const fields = { path: scarce.path, free_mb: Math.round(scarce.freeMb) };
        log.warn(fields, `no history is recorded while less than ${LOW_DISK_MB} MB are free`);
      }
      if (scarce === undefined && low) log.info('the history is recorded again');
      low = scarce !== undefined;
      if (!low) await file.append([JSON.stringify({ run, ...observation })]);
    },
  };
}
