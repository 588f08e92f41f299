import { callRead, eachRead } from '../../src/store/each-read.js';
import type { ReadStore } from '../../src/store/store.js';

/** A function gives what a call throws; null: this one succeeds. */
export type Fault = 'none' | 'hang' | ((call: keyof ReadStore) => Error | null);

/** A real store that can be told to hang or to throw, from the next call on. */
export interface FaultyStore extends ReadStore {
  fault: Fault;
  /** Calls made, by method. */
  calls: Partial<Record<keyof ReadStore, number>>;
}

export function faultyStore(real: ReadStore): FaultyStore {
  const faulty: FaultyStore = {
    ...eachRead(async (call, args) => {
      faulty.calls[call] = (faulty.calls[call] ?? 0) + 1;
      if (faulty.fault === 'none') return callRead(real, call, args);
      if (faulty.fault === 'hang') return new Promise(() => undefined);
      const error = faulty.fault(call);
      if (error !== null) throw error;
      return callRead(real, call, args);
    }),
    fault: 'none',
    calls: {},
  };
  return faulty;
}
