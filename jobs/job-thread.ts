import { parentPort, workerData } from 'node:worker_threads';
import { type Clock, systemClock } from '../src/clock.js';
import type { Settings } from '../src/config.js';
import { toAppError } from '../src/errors.js';
import { createLog, type Log } from '../src/log.js';
import type { Outcome, Run, ThreadData } from './bree.js';

export interface JobContext extends Settings {
  run: Run;
  clock: Clock;
  log: Log;
  /** Aborts when the runner asks the job to end. */
  signal: AbortSignal;
}

/**
 * The frame of every job thread: run and settings from the runner → job → one outcome → the thread ends by
 * itself because nothing is left to do. `cancel` from the runner becomes an AbortSignal.
 */
export async function runInThread(job: (context: JobContext) => Promise<Outcome>): Promise<void> {
  if (parentPort === null) throw new Error('Job threads are started by the runner');
  const port = parentPort;
  const cancelled = new AbortController();
  port.on('message', (message) => {
    if (message === 'cancel') cancelled.abort();
  });
  const { run, settings } = workerData as ThreadData;
  port.postMessage(await outcomeOf(job, run, settings, cancelled.signal));
  port.close();
}

async function outcomeOf(
  job: (context: JobContext) => Promise<Outcome>,
  run: Run,
  settings: Settings,
  signal: AbortSignal,
): Promise<Outcome> {
  const log = await createLog('jobs', settings.config, settings.secrets);
  try {
    return await job({ ...settings, run, clock: systemClock, log, signal });
  } catch (error) {
    const known = toAppError(error);
    log.error({ code: known.code, err: error }, 'job failed');
    return { status: 'failed', reason: `${known.code}: ${known.message}` };
  }
}
