import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import { withDeadline } from '../retry.js';
import type { ReadStore } from '../store/store.js';

/** A store that keeps its own deadline answers before ours passes. */
const SLACK_MS = 250;

/**
 * Puts the deadline of the request path on every call, whatever the store does: nobody who
 * asks the API waits longer for a store that hangs. A call that is late is abandoned with
 * `store_timeout`; ending it is the store's own business.
 */
export function boundedStore(store: ReadStore, clock: Clock, timeoutMs: number): ReadStore {
  const bounded = <T>(call: () => Promise<T>): Promise<T> =>
    withDeadline(
      timeoutMs + SLACK_MS,
      clock,
      async () => call(),
      () => new AppError('store_timeout', `The store gave no answer within ${timeoutMs} ms`),
    );
  return {
    ping: () => bounded(() => store.ping()),
    recentPosts: (query) => bounded(() => store.recentPosts(query)),
    post: (id) => bounded(() => store.post(id)),
    comments: (query) => bounded(() => store.comments(query)),
    hourlyCounts: (query) => bounded(() => store.hourlyCounts(query)),
    rollups: (query) => bounded(() => store.rollups(query)),
    trending: (query) => bounded(() => store.trending(query)),
    subreddits: (now) => bounded(() => store.subreddits(now)),
    cycles: (query) => bounded(() => store.cycles(query)),
    gaps: (query) => bounded(() => store.gaps(query)),
    healthFacts: (now) => bounded(() => store.healthFacts(now)),
    requestCycle: (cycleId) => bounded(() => store.requestCycle(cycleId)),
  };
}
