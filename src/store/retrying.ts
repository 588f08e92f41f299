import { isTransient } from '../errors.js';
import { type RetryOptions, retry } from '../retry.js';
import type { Store } from './store.js';

/** How transient failures are repeated: 1 s, 4 s, 16 s by default, and told to `onRetry`. */
export type StoreRetry = Omit<RetryOptions, 'isRetryable'>;

/** Runs one store operation on the schedule for start, writes and jobs. */
export function retryStore<T>(options: StoreRetry, operation: () => Promise<T>): Promise<T> {
  return retry(operation, { ...options, isRetryable: isTransient });
}

/**
 * The same store, with transient failures of every call repeated. That is safe: a call is
 * one transaction that did not happen, and commits are idempotent.
 */
export function retrying(store: Store, options: StoreRetry): Store {
  const again =
    <Args extends unknown[], T>(method: (...args: Args) => Promise<T>) =>
    (...args: Args) =>
      retryStore(options, () => method(...args));
  return {
    ping: again(store.ping),
    recentPosts: again(store.recentPosts),
    post: again(store.post),
    hourlyCounts: again(store.hourlyCounts),
    subreddits: again(store.subreddits),
    cycles: again(store.cycles),
    healthFacts: again(store.healthFacts),
    requestCycle: again(store.requestCycle),
    beginCycle: again(store.beginCycle),
    renewLease: again(store.renewLease),
    watermarks: again(store.watermarks),
    commit: again(store.commit),
    updateCycle: again(store.updateCycle),
    finishCycle: again(store.finishCycle),
    heartbeat: again(store.heartbeat),
    takeRequest: again(store.takeRequest),
    abandon: again(store.abandon),
    verify: again(store.verify),
    close: () => store.close(),
  };
}
