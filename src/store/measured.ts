import type { Clock } from '../clock.js';
import { toAppError } from '../errors.js';
import type { Metrics } from '../metrics.js';
import { callRead, eachRead } from './each-read.js';
import type { ReadStore } from './store.js';

/** The same store, with the duration and the failures of every call counted. */
export function measuredStore(
  store: ReadStore,
  clock: Clock,
  metrics: Pick<Metrics, 'storeCall'>,
): ReadStore {
  return eachRead(async (call, args) => {
    const began = clock.monotonic();
    const ended = metrics.storeCall(call);
    try {
      const value = await callRead(store, call, args);
      ended({ ms: clock.monotonic() - began, code: null });
      return value;
    } catch (error) {
      ended({ ms: clock.monotonic() - began, code: toAppError(error).code });
      throw error;
    }
  });
}
