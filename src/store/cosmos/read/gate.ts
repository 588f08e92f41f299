import { AppError } from '../../../errors.js';

export type Gate = <T>(task: () => Promise<T>) => Promise<T>;

/** Lets so many tasks run at once; a bounded number of others waits in the order of their arrival. */
export function createGate({ atOnce, waiting }: { atOnce: number; waiting: number }): Gate {
  let running = 0;
  const queue: (() => void)[] = [];

  return async (task) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) {
        throw new AppError('store_busy', `${waiting} reads of the store are waiting already`);
      }
      // Whoever ends hands its place over.
      await new Promise<void>((resolve) => queue.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
