import { parentPort, workerData } from 'node:worker_threads';

/**
 * A job thread that behaves as its run's id says: what real jobs do wrong, and right. Runs
 * with an id of the runner's own succeed.
 */
const { run } = workerData as { run: { id: string } };
const behaviours: Record<string, () => unknown> = {
  succeeds: () => parentPort?.postMessage({ status: 'succeeded' }),
  throws: () => {
    throw new Error('thrown on purpose');
  },
  exits: () => process.exit(3),
  silent: () => undefined,
  'reports then throws': () => {
    parentPort?.postMessage({ status: 'partial' });
    setTimeout(() => {
      throw new Error('after its last message');
    }, 20);
  },
  hangs: () => setInterval(() => undefined, 1000),
  'spins for ever': () => {
    for (;;);
  },
  'eats the heap': () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 1000 }, () => ({})));
  },
  'ignores cancel': () => parentPort?.on('message', () => undefined),
  'fills Buffers': () => {
    // Outside of the heap, so that no heap cap sees them; filled, so that they are resident.
    const kept = Array.from({ length: 30 }, () => Buffer.alloc(16 * 1_048_576, 1));
    setInterval(() => kept.length, 1000);
  },
  'ends when cancelled': () =>
    parentPort?.once('message', (message: string) =>
      parentPort?.postMessage({ status: 'failed', reason: message }),
    ),
};
(behaviours[run.id] ?? behaviours.succeeds)?.();
