import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ItemBatch, Store } from '../../src/store/store.js';

/** Places of a cycle that are calls of its store. */
export const CALLS = [
  ...(['beginCycle', 'first commit', 'last commit'] as const),
  ...(['updateCycle', 'renewLease', 'finishCycle'] as const),
];
export type Call = (typeof CALLS)[number];

/** What is to befall the next process that comes to the place. */
export interface Order {
  when: 'before' | 'after';
  call: Call;
  signal: 'SIGKILL' | 'SIGSTOP';
}

/** Who it befell. */
export interface Taken {
  pid: number;
  cycle: string;
}

const LOOK_MS = 5;
const orderFile = (folder: string) => `${folder}/order.json`;
const goOnFile = (folder: string) => `${folder}/go-on`;
const takenFile = (folder: string) => `${folder}/taken.json`;

/** To be called while no order is open. */
export function giveOrder(folder: string, order: Order): void {
  const draft = `${orderFile(folder)}.draft`;
  writeFileSync(draft, JSON.stringify(order));
  renameSync(draft, orderFile(folder));
}

/** Null until somebody obeyed. */
export function orderTaken(folder: string): Taken | null {
  const file = takenFile(folder);
  if (!existsSync(file)) return null;
  return JSON.parse(readFileSync(file, 'utf8')) as Taken;
}

/** Of several processes that come to the place, the one that gets hold of the file obeys. */
function obey(folder: string, call: Call, when: Order['when'], cycle: string): void {
  const file = orderFile(folder);
  if (!existsSync(file)) return;
  const order = JSON.parse(readFileSync(file, 'utf8')) as Order;
  if (order.call !== call || order.when !== when) return;
  try {
    renameSync(file, `${file}.${process.pid}`);
  } catch {
    return; // the other one has it
  }
  const taken: Taken = { pid: process.pid, cycle };
  writeFileSync(`${takenFile(folder)}.draft`, JSON.stringify(taken));
  renameSync(`${takenFile(folder)}.draft`, takenFile(folder));
  process.kill(process.pid, order.signal);
  // Stopped, and perhaps let go on for a moment (see `standStill`): this thread stays where it is.
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(goOnFile(folder))) Atomics.wait(nobody, 0, 0, LOOK_MS);
}

/** To be called before who was stopped at a place is let go on for good. */
export function letGoOn(folder: string): void {
  writeFileSync(goOnFile(folder), '');
}

export function clearOrders(folder: string): void {
  for (const file of [orderFile(folder), takenFile(folder), goOnFile(folder)]) {
    rmSync(file, { force: true });
  }
}

/**
 * A store under which the process gets the signal of the open order before or after the call
 * that the order names. To have been refused the lease is not to have come to `beginCycle`.
 */
export function obedientStore(
  store: Store,
  folder: string,
  subreddits: readonly string[],
  cycle: string,
): Store {
  let commits = 0;
  const at =
    (call: Call) =>
    async <T>(work: () => Promise<T>): Promise<T> => {
      obey(folder, call, 'before', cycle);
      const result = await work();
      if (!isRefusal(result)) obey(folder, call, 'after', cycle);
      return result;
    };
  const placeOf = (batch: ItemBatch): Call | null => {
    commits += 1;
    if (commits === 1) return 'first commit';
    const last = batch.complete !== undefined && batch.subreddit === subreddits.at(-1);
    return last ? 'last commit' : null;
  };
  return {
    ...store,
    beginCycle: (start) => at('beginCycle')(() => store.beginCycle(start)),
    renewLease: (fence, ms) => at('renewLease')(() => store.renewLease(fence, ms)),
    updateCycle: (record, fence) => at('updateCycle')(() => store.updateCycle(record, fence)),
    finishCycle: (record, fence) => at('finishCycle')(() => store.finishCycle(record, fence)),
    commit: (batch) => {
      const place = placeOf(batch);
      return place === null ? store.commit(batch) : at(place)(() => store.commit(batch));
    },
  };
}

function isRefusal(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'granted' in result && !result.granted;
}
