import { parentPort, workerData } from 'node:worker_threads';

/** A job thread that behaves as its run's id says: what real jobs do wrong, and right. */
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
  'ends when cancelled': () =>
    parentPort?.once('message', (message: string) =>
      parentPort?.postMessage({ status: 'failed', reason: message }),
    ),
};
behaviours[run.id]?.();
