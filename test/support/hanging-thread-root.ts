import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The real store thread, which hangs when it is called while the file PATH.hang exists, as on a
 * disk that does not answer, until that file is gone.
 */
const { path } = workerData as { path: string };
const still = new Int32Array(new SharedArrayBuffer(4));

// Before the thread's own listener, which therefore hears of the call only afterwards.
parentPort?.on('message', () => {
  while (existsSync(`${path}.hang`)) Atomics.wait(still, 0, 0, 20);
});
await import('../../src/store/sqlite/thread.js');
