import Bree from 'bree';
import type { Settings } from '../src/config.js';
import type { Log } from '../src/log.js';
import type { Job } from './schedule.js';

/** What a thread reports at its end; `crashed` is what the runner makes of silence. */
export interface Outcome {
  status: 'succeeded' | 'partial' | 'failed' | 'skipped' | 'crashed';
  reason?: string;
}

/** What a thread is told. */
export interface Run {
  id: string;
  job: Job['name'];
  trigger: 'startup' | 'schedule' | 'manual';
  /** Names the run in the lease. */
  holder: string;
}

/** `workerData` of every thread: what the process validated, not what `.env` says by now. */
export interface ThreadData {
  run: Run;
  settings: Settings;
}

export interface Threads {
  /** Starts the job's thread and answers its one outcome when the thread is gone. Never rejects. */
  run(job: Job, run: Run): Promise<Outcome>;
  /** Asks the running thread to end in order. */
  cancel(job: Job): void;
  /** Ends it at once. */
  terminate(job: Job): Promise<void>;
}

/**
 * Bree as the spawner of job threads: a worker per run with a heap cap and a time limit.
 * When to run is the runner's business (see DECISIONS.md): Bree's own timers start jobs
 * unawaited, and its `stop()` waits for ever for a job that does not answer.
 *
 * @param threadFile compiled root of every job thread
 */
export function createThreads(
  jobs: Job[],
  threadFile: string,
  settings: Settings,
  log: Log,
): Threads {
  const current = new Map<string, { outcome: Outcome | null; trouble: string | null }>();
  const settled = new Map<string, (outcome: Outcome) => void>();
  const bree = new Bree({
    root: false,
    doRootCheck: false,
    jobs: jobs.map(({ name, hardLimitMs }) => ({
      name,
      path: threadFile,
      timeout: false,
      closeWorkerAfterMs: hardLimitMs,
    })),
    logger: { info: quiet(log), warn: quiet(log), error: quiet(log) },
    workerMessageHandler: ({ name, message }) => {
      const state = current.get(name);
      if (state && isOutcome(message)) state.outcome ??= message;
    },
    // Called twice for one crash, and with "exited with code 1" for a cancelled thread.
    errorHandler: (error, { name }: { name: string }) => {
      const state = current.get(name);
      if (state) state.trouble ??= describe(error);
    },
  });
  bree.on('worker deleted', (name: string) => {
    const state = current.get(name);
    current.delete(name);
    settled.get(name)?.(
      state?.outcome ?? { status: 'crashed', reason: state?.trouble ?? 'ended without a word' },
    );
    settled.delete(name);
  });

  return {
    async run({ name, heapMb }, run) {
      const ended = new Promise<Outcome>((resolve) => settled.set(name, resolve));
      current.set(name, { outcome: null, trouble: null });
      try {
        const workerData: ThreadData = { run, settings };
        const worker = { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMb } };
        Object.assign(bree.config.jobs.find((known) => known.name === name) ?? {}, { worker });
        await bree.run(name);
      } catch (error) {
        current.delete(name);
        settled.delete(name);
        return { status: 'crashed', reason: describe(error) };
      }
      return ended;
    },
    cancel({ name }) {
      bree.workers.get(name)?.postMessage('cancel');
    },
    async terminate({ name }) {
      await bree.workers.get(name)?.terminate();
    },
  };
}

function isOutcome(message: unknown): message is Outcome {
  return typeof message === 'object' && message !== null && 'status' in message;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return code === undefined ? error.message : `${code}: ${error.message}`;
}

/** Bree's lines repeat what ours say; they matter when Bree itself is in doubt. */
function quiet(log: Log) {
  return (...args: unknown[]) => log.debug({ bree: args.map(describe) }, 'bree');
}
