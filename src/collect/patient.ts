import { isTransient } from '../errors.js';
import { type RetryOptions, retry } from '../retry.js';
import type { CollectStore } from '../store/store.js';

/**
 * The collecting side of a store with its passing failures retried (1 s, 4 s, 16 s).
 * A transient error means that nothing was written, so repeating is safe. Renewals are
 * left out: their caller has a rhythm of its own.
 */
export function patient(
  store: CollectStore,
  options: Omit<RetryOptions, 'isRetryable'>,
): CollectStore {
  const again = <T>(operation: () => Promise<T>) =>
    retry(operation, { ...options, isRetryable: isTransient });
  return {
    beginCycle: (start) => again(() => store.beginCycle(start)),
    renewLease: (fence, leaseMs) => store.renewLease(fence, leaseMs),
    watermarks: (subreddit) => again(() => store.watermarks(subreddit)),
    commit: (batch) => again(() => store.commit(batch)),
    updateCycle: (cycle, fence) => again(() => store.updateCycle(cycle, fence)),
    finishCycle: (cycle, fence) => again(() => store.finishCycle(cycle, fence)),
  };
}
