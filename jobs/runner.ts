import { randomBytes } from 'node:crypto';
import { type Clock, toIso } from '../src/clock.js';
import type { Config } from '../src/config.js';
import { cycleId } from '../src/domain/cycle.js';
import type { Log } from '../src/log.js';
import type { KeepStore } from '../src/store/keep-store.js';
import type { RunnerStore } from '../src/store/store.js';
import type { Outcome, Run, Threads } from './bree.js';
import { createPauseGate } from './pause.js';
import { type Job, slotOf, untilNextSlot } from './schedule.js';
import { createTurns } from './turns.js';

export interface RunnerDeps {
  config: Config;
  jobs: Job[];
  threads: Threads;
  store: RunnerStore & Pick<KeepStore, 'pauseState' | 'jobSuccess'>;
  clock: Clock;
  log: Log;
  /** Names this process; each run adds its id. */
  holder: string;
  /** Resident memory of the process, bytes: threads share it, Buffers included. */
  memory: () => number;
}

export interface Runner {
  /** Ends the running job in order, then by force, and all loops. */
  close(): Promise<void>;
}

const HEARTBEAT_MS = 5000;
const REQUEST_POLL_MS = 1000;
/**
 * A heap cap does not see Buffers: beyond cap plus this the running job is asked to end, and
 * a heartbeat later made to. With the defaults that is below the monitor's limit of 500 MB,
 * at which the whole process would be restarted.
 */
const MEMORY_SLACK_MB = 192;
/** What is left of the shutdown deadline for closing after a job was ended by force. */
const CLOSE_RESERVE_MS = 2000;

/**
 * Runs the jobs: first soon after start, then at each slot on the clock, and when asked
 * by hand; one run of a job at a time. A run's states: absent → (waiting for an exclusive one, or
 * as one for the others →) running → (cancelled →) ended; `threads.run` settles exactly once for each.
 */
export function startRunner(deps: RunnerDeps): Runner {
  const { jobs, clock, log, config, holder } = deps;
  const closing = new AbortController();
  const guard = memoryGuard(deps);
  const turns = createTurns(jobs, (job, run) => perform(job, run, deps), log, closing.signal);
  const { running } = turns;
  let request: { cycle_id: string } | null = null;
  const collect = jobs.find((job) => job.name === 'collect');
  const gate = createPauseGate(deps.store, log, () => {
    if (collect !== undefined) begin(collect, 'schedule');
  });

  function begin(job: Job, trigger: Run['trigger'], id = newId(clock)): void {
    turns.begin(job, { id, job: job.name, trigger, holder: `${holder}:${id}` });
  }

  async function beginOnSchedule(job: Job, trigger: Run['trigger']): Promise<void> {
    if (job === collect && (await gate.keepsOut())) return;
    begin(job, trigger);
  }

  async function onSchedule(job: Job): Promise<void> {
    await clock.sleep(job.firstRunMs, closing.signal);
    if (await isDue(job, deps)) await beginOnSchedule(job, 'startup');
    let served = slotOf(clock.now(), job);
    while (!closing.signal.aborted) {
      await clock.sleep(untilNextSlot(clock.now(), job), closing.signal);
      const slot = slotOf(clock.now(), job);
      if (slot === served) continue; // a timer may wake a moment early by the wall clock
      served = slot;
      await beginOnSchedule(job, 'schedule');
    }
  }

  async function onRequest(): Promise<void> {
    if (collect === undefined || turns.isAlone()) return;
    await gate.look();
    if (running.has(collect.name)) return;
    request ??= await deps.store.takeRequest();
    // A slot may have come while the store was asked: then the request waits for its end.
    if (request === null || running.has(collect.name)) return;
    begin(collect, 'manual', request.cycle_id);
    request = null;
  }

  async function beat(): Promise<void> {
    const memoryMb = Math.round(deps.memory() / 1_048_576);
    for (const job of jobs) await guard(job, running.has(job.name), memoryMb);
    if (turns.isAlone()) return;
    await deps.store.heartbeat({
      holder,
      pid: process.pid,
      memory_mb: memoryMb,
      runs_skipped: turns.skipped(),
    });
  }

  const loops = [
    ...jobs.map(onSchedule),
    repeat('heartbeat', HEARTBEAT_MS, beat, deps, closing.signal),
    repeat('requests', REQUEST_POLL_MS, onRequest, deps, closing.signal),
  ];

  return {
    async close() {
      closing.abort();
      const forceAfterMs = Math.max(0, config.shutdownDeadlineMs - CLOSE_RESERVE_MS);
      await endJobs(jobs, running, deps, forceAfterMs);
      await Promise.all(loops);
    },
  };
}

/** Whether a daily job has to make up for a day that it missed. */
async function isDue(job: Job, { store, clock }: RunnerDeps): Promise<boolean> {
  if (!job.firstRunIfMissed) return true;
  try {
    const last = await store.jobSuccess(job.name);
    // Not by its age: the slot before may have been served late, and this one while nobody was there. One
    // from the future was noted under a clock that was ahead.
    return last === null || slotOf(Date.parse(last), job) !== slotOf(clock.now(), job);
  } catch {
    return true; // the run waits for the store, and says what is wrong with it
  }
}

/** Runs one job to its end and leaves nothing behind it, however it ended. Never rejects. */
async function perform(job: Job, run: Run, { threads, store, clock, log }: RunnerDeps) {
  const began = clock.monotonic();
  log.info({ job: job.name, run: run.id, trigger: run.trigger }, 'job start');
  const outcome = await threads.run(job, run);
  const ms = Math.round(clock.monotonic() - began);
  logOutcome(job, run, outcome, ms, log);
  if (outcome.status !== 'crashed' && outcome.status !== 'failed') return;
  if (job.name !== 'collect') return;
  try {
    const closed = await store.abandon(run.holder, `the run ended: ${outcome.reason ?? 'failed'}`);
    if (closed.length > 0) log.warn({ cycles: closed }, 'closed what the run left running');
  } catch (error) {
    log.warn({ err: error }, 'could not close what the run left: the next cycle will');
  }
}

/** Asks a job that takes too much memory to end; the second time in a row, ends its thread. */
function memoryGuard({ threads, log }: Pick<RunnerDeps, 'threads' | 'log'>) {
  const asked = new Set<string>();
  return async (job: Job, isRunning: boolean, memoryMb: number): Promise<void> => {
    const line = { job: job.name, memory_mb: memoryMb };
    if (!isRunning || memoryMb <= job.heapMb + MEMORY_SLACK_MB) {
      asked.delete(job.name);
    } else if (asked.has(job.name)) {
      log.error(line, 'still too much memory: ending the thread of the job');
      await threads.terminate(job);
    } else {
      asked.add(job.name);
      log.error(line, 'too much memory: asking the job to end');
      threads.cancel(job);
    }
  };
}

function logOutcome(job: Job, run: Run, outcome: Outcome, ms: number, log: Log): void {
  const line = { job: job.name, run: run.id, ...outcome, ms };
  if (outcome.status === 'crashed' || outcome.status === 'failed') log.error(line, 'job end');
  else log.info(line, 'job end');
}

async function endJobs(
  jobs: Job[],
  running: ReadonlyMap<string, Promise<void>>,
  { threads, clock, log }: RunnerDeps,
  forceAfterMs: number,
): Promise<void> {
  const ended = new AbortController();
  const active = jobs.filter((job) => running.has(job.name));
  for (const job of active) threads.cancel(job);
  const all = Promise.all(running.values()).then(() => ended.abort());
  await Promise.race([all, clock.sleep(forceAfterMs, ended.signal)]);
  if (!ended.signal.aborted) {
    log.warn({ jobs: active.map((job) => job.name) }, 'jobs did not end in time: ending threads');
    await Promise.all(active.map((job) => threads.terminate(job)));
    await all;
  }
}

/** Does `work`, waits, does it again. A failing store is told once, and when it is back. */
async function repeat(
  what: string,
  everyMs: number,
  work: () => Promise<void>,
  { clock, log }: RunnerDeps,
  signal: AbortSignal,
): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    try {
      await work();
      if (failing) log.info({ what }, 'works again');
      failing = false;
    } catch (error) {
      if (!failing) log.error({ what, err: error }, 'failing, goes on trying');
      failing = true;
    }
    await clock.sleep(everyMs, signal);
  }
}

function newId(clock: Clock): string {
  return cycleId(toIso(clock.now()), randomBytes(3).toString('hex'));
}
