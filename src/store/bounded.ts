import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import { withDeadline } from '../retry.js';
import { callRead, eachRead } from './each-read.js';
import type { ReadStore } from './store.js';

/** A store that keeps its own deadline answers before ours passes. */
const SLACK_MS = 250;

/**
 * Puts the deadline of the request path on every call, whatever the store does: nobody who
 * asks the API waits longer for a store that hangs. A call that is late is abandoned with
 * `store_timeout`; ending it is the store's own business.
 */
export function boundedStore(store: ReadStore, clock: Clock, timeoutMs: number): ReadStore {
  const late = () =>
    new AppError('store_timeout', `The store gave no answer within ${timeoutMs} ms`);
  return eachRead((call, args) =>
    withDeadline(timeoutMs + SLACK_MS, clock, async () => callRead(store, call, args), late),
  );
}
