import type { Log } from '../src/log.js';
import type { Run } from './bree.js';
import type { Job } from './schedule.js';

/** What is running or waits for its turn: one run of a job at a time, an exclusive one alone. */
export interface Turns {
  /** Of a job whose run before is still there, the new one is skipped. */
  begin(job: Job, run: Run): void;
  /** Settle when their run is over; never reject. */
  running: ReadonlyMap<string, Promise<void>>;
  /** Only that one can write: whoever tried to would wait, and stop this process for that time. */
  isAlone(): boolean;
  /** How many runs were skipped. */
  skipped(): number;
}

/** @param perform never rejects */
export function createTurns(
  jobs: readonly Job[],
  perform: (job: Job, run: Run) => Promise<void>,
  log: Log,
  closing: AbortSignal,
): Turns {
  const running = new Map<string, Promise<void>>();
  let skipped = 0;
  let alone = false;

  async function inTurn(job: Job, run: Run): Promise<void> {
    const before = jobs.filter((other) => job.exclusive === true || other.exclusive === true);
    const ends = before.flatMap(({ name }) => running.get(name) ?? []);
    if (ends.length > 0) {
      log.info({ job: job.name, run: run.id }, 'waiting for another job to end');
      await Promise.all(ends);
      if (closing.aborted) return;
    }
    alone = job.exclusive === true;
    await perform(job, run);
    if (job.exclusive === true) alone = false;
  }

  return {
    begin(job, run) {
      if (closing.aborted) return;
      if (running.has(job.name)) {
        skipped += 1;
        log.warn({ job: job.name, trigger: run.trigger, skipped }, 'still running: run skipped');
        return;
      }
      running.set(
        job.name,
        inTurn(job, run).finally(() => running.delete(job.name)),
      );
    },
    running,
    isAlone: () => alone,
    skipped: () => skipped,
  };
}
