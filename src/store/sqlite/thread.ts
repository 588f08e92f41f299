import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock.js';
import type { ReadStore, RollupsQuery } from '../store.js';
import { createConnection } from './connection.js';
import { readRollups } from './rollups.js';
import { type FromThread, type ThreadStart, type ToThread, toWire } from './protocol.js';
import { sqliteReadStore } from './sqlite-store.js';

/** The two ends of the wire are compiled together: the client's types hold for its arguments. */
type Method = (...args: unknown[]) => Promise<unknown>;

/** Short: a request has little time, and the lock's owner is another process of ours. */
const BUSY_TIMEOUT_MS = 250;

/**
 * Root of the thread in which the API's store calls block. Calls are run one by one;
 * between two of them messages are read, so that a cancelled call is not run in vain.
 */
function serve(
  port: NonNullable<typeof parentPort>,
  { path, create, keepOpen }: ThreadStart,
): void {
  const post = (message: FromThread) => port.postMessage(message);
  let nowMs = systemClock.now();
  const clock = { ...systemClock, now: () => nowMs };
  const connection = createConnection({
    path,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    create,
    clock,
    onSlow: (shape, ms) => post({ kind: 'slow', shape, ms }),
    onUpgrade: () => post({ kind: 'upgrading' }),
  });
  const store: ReadStore = sqliteReadStore(connection, clock);
  const methods = {
    ...store,
    // Unpacked at the other end of the wire.
    rollups: async (query: RollupsQuery) =>
      connection.read('rollups', (db) => readRollups(db, query)),
  } as unknown as Record<keyof ReadStore, Method>;
  const queue: Extract<ToThread, { kind: 'call' }>[] = [];
  const cancelled = new Set<number>();
  let running = false;

  const runQueue = async () => {
    running = true;
    for (let call = queue.shift(); call !== undefined; call = queue.shift()) {
      await new Promise((resolve) => setImmediate(resolve)); // lets cancellations in
      if (cancelled.delete(call.id)) {
        post({ kind: 'answer', id: call.id });
        continue;
      }
      nowMs = call.nowMs;
      try {
        post({ kind: 'answer', id: call.id, value: await methods[call.method](...call.args) });
      } catch (error) {
        post({ kind: 'answer', id: call.id, error: toWire(error) });
      }
    }
    running = false;
    if (!keepOpen) connection.release();
  };

  port.on('message', (message: ToThread) => {
    if (message.kind === 'close') {
      connection.close();
      port.close();
    } else if (message.kind === 'cancel') {
      if (queue.some(({ id }) => id === message.id)) cancelled.add(message.id);
    } else {
      queue.push(message);
      if (!running) void runQueue();
    }
  });

  try {
    if (create !== 'nothing') connection.open();
    post({ kind: 'ready' });
  } catch (error) {
    post({ kind: 'failed', error: toWire(error) });
    port.close();
  }
}

if (parentPort !== null) serve(parentPort, workerData as ThreadStart);
