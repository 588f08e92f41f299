import type { Clock } from '../src/clock.js';
import type { Log } from '../src/log.js';
import { withDeadline } from '../src/retry.js';

/** A disk that hangs must not stop the probing. */
const DISK_MS = 2000;

export interface Patience {
  /** Waits no longer than a moment; null: late, or the same still hangs from before. */
  run<T>(what: string, work: () => Promise<T>): Promise<T | null>;
  /** When what is under way has ended, or a moment later. Never throws. */
  idle(): Promise<void>;
}

/** What is to be done on a disk that may hang. */
export function patience(clock: Clock, log: Log): Patience {
  const underWay = new Map<string, Promise<unknown>>();
  return {
    async run(what, work) {
      if (underWay.has(what)) return null;
      const done = work().finally(() => underWay.delete(what));
      done.catch(() => undefined);
      underWay.set(what, done);
      try {
        return await withDeadline(DISK_MS, clock, () => done);
      } catch (error) {
        log.error({ err: error, what }, `the disk of MONITOR_STATE_DIR hangs (${what})`);
        return null;
      }
    },
    async idle() {
      const all = Promise.allSettled(underWay.values());
      await withDeadline(DISK_MS, clock, () => all).catch(() => undefined);
    },
  };
}
