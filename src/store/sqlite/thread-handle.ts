import { Worker } from 'node:worker_threads';
import type { Clock } from '../../clock.js';
import type { AppError } from '../../errors.js';
import type { ReadStore } from '../store.js';
import { type FromThread, fromWire, type ThreadStart, type ToThread } from './protocol.js';

/** One worker thread and the calls it has not answered. */
export interface ThreadHandle {
  /** Rejects with the reason when the thread could not open the store. */
  ready: Promise<void>;
  /** Resolves, with the error if there was one, when the thread has ended. */
  ended: Promise<Error | null>;
  /** Calls that the thread still has, those nobody waits for included. */
  outstanding(): number;
  /** For how long the thread has owed an answer without giving any; 0 while it owes none. */
  silentMs(): number;
  /** Whether it is bringing the database of an older release on, which must not be cut off. */
  isUpgrading(): boolean;
  call(method: keyof ReadStore, args: unknown[], signal: AbortSignal): Promise<unknown>;
  /** Lets it close the store; ends it the hard way when it has not ended `graceMs` later. */
  stop(graceMs: number): Promise<void>;
  /** Rejects what is outstanding and ends the thread as soon as its current call lets go. */
  abandon(error: AppError): void;
}

interface Outstanding {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export interface ThreadOptions {
  url: URL;
  start: ThreadStart;
  clock: Clock;
  onSlow: (shape: string, ms: number) => void;
  onUpgrade: () => void;
  /** What calls get when the thread ends before it has answered. */
  gone: () => AppError;
}

/** An upgrade that takes longer counts as hanging. */
const MAX_UPGRADE_MS = 10 * 60_000;
const NEVER = Number.NEGATIVE_INFINITY;

export function startThread(options: ThreadOptions): ThreadHandle {
  const { clock } = options;
  // Its own flags and environment: an inspector port or a secret has no business there.
  const worker = new Worker(options.url, { workerData: options.start, execArgv: [], env: {} });
  const calls = new Map<number, Outstanding>();
  let lastId = 0;
  let owingSince = 0;
  let upgradingSince = NEVER;
  let failure: Error | null = null;

  const rejectAll = (error: AppError) => {
    for (const call of calls.values()) call.reject(error);
    calls.clear();
  };
  const post = (message: ToThread) => worker.postMessage(message);
  const answer = ({ id, value, error }: Extract<FromThread, { kind: 'answer' }>) => {
    owingSince = clock.monotonic();
    const call = calls.get(id);
    calls.delete(id);
    if (error) call?.reject(fromWire(error));
    else call?.resolve(value);
  };

  const ended = new Promise<Error | null>((resolve) => {
    worker.on('error', (error: Error) => {
      failure = error;
    });
    worker.on('exit', () => {
      rejectAll(options.gone());
      resolve(failure);
    });
  });
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      const upgrading = message.kind === 'upgrading';
      if (message.kind !== 'slow') upgradingSince = upgrading ? clock.monotonic() : NEVER;
      if (upgrading) options.onUpgrade();
      else if (message.kind === 'ready') resolve();
      else if (message.kind === 'failed') reject(fromWire(message.error));
      else if (message.kind === 'slow') options.onSlow(message.shape, message.ms);
      else answer(message);
    });
    void ended.then(() => reject(options.gone()));
  });
  ready.catch(() => undefined); // only the first thread's opening is waited for

  return {
    ready,
    ended,
    outstanding: () => calls.size,
    silentMs: () => (calls.size === 0 ? 0 : clock.monotonic() - owingSince),
    isUpgrading: () => clock.monotonic() - upgradingSince < MAX_UPGRADE_MS,
    call(method, args, signal) {
      lastId += 1;
      const id = lastId;
      if (calls.size === 0) owingSince = clock.monotonic();
      signal.addEventListener('abort', () => post({ kind: 'cancel', id }), { once: true });
      return new Promise((resolve, reject) => {
        calls.set(id, { resolve, reject });
        post({ kind: 'call', id, method, args, nowMs: clock.now() });
      });
    },
    async stop(graceMs) {
      post({ kind: 'close' });
      await endWorker(worker, ended, clock, graceMs);
    },
    abandon(error) {
      rejectAll(error);
      void worker.terminate();
    },
  };
}

async function endWorker(
  worker: Worker,
  ended: Promise<unknown>,
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([ended, clock.sleep(graceMs, waiting.signal)]);
  // A thread inside a native call ends when that returns; nobody waits for it any longer.
  void worker.terminate();
  await Promise.race([ended, clock.sleep(graceMs, waiting.signal)]);
  waiting.abort();
}
