import type { Random } from '../../../src/simulator/random.js';

/** How likely things go wrong in one schedule, each at a step or a call. */
export interface Weather {
  /** That a read, or a write, gets no answer. */
  readFaults: number;
  writeFaults: number;
  /** That a read may be answered by a replica that is behind. */
  staleness: number;
  /** That somebody is stopped for a while, and goes on as if nothing had been. */
  pauses: number;
  /** That somebody is ended, to be started anew later. */
  kills: number;
  /** That a day ends. */
  days: number;
  /** That another actor goes on than the one before. */
  switching: number;
  /** That a living holder of the lease is taken for gone. */
  impatience: number;
}

/** Schedules differ in what is rare: one in which all of it is frequent comes to nothing. */
export function weatherOf(random: Random): Weather {
  return {
    readFaults: random.pick([0, 0.02, 0.05, 0.4]),
    writeFaults: random.pick([0, 0.08, 0.25, 0.7]),
    staleness: random.pick([0, 0.3, 0.8]),
    pauses: random.pick([0, 0.01, 0.04]),
    kills: random.pick([0, 0.003, 0.01]),
    days: random.pick([0, 0.004, 0.02]),
    switching: random.pick([0.1, 0.4, 1]),
    impatience: random.pick([0.02, 0.15, 0.5]),
  };
}

/** In which everything comes to its end. */
export const FAIR: Weather = {
  readFaults: 0,
  writeFaults: 0,
  staleness: 0,
  pauses: 0,
  kills: 0,
  days: 0,
  switching: 0.4,
  impatience: 1,
};
