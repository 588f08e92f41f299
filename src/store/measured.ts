import type { Clock } from '../clock.js';
import { toAppError } from '../errors.js';
import type { Metrics } from '../metrics.js';
import type { ReadStore } from './store.js';

/** The same store, with the duration and the failures of every call counted. */
export function measuredStore(
  store: ReadStore,
  clock: Clock,
  metrics: Pick<Metrics, 'storeCall'>,
): ReadStore {
  const measured =
    <Args extends unknown[], T>(name: keyof ReadStore, method: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const began = clock.monotonic();
      const ended = metrics.storeCall(name);
      try {
        const value = await method(...args);
        ended({ ms: clock.monotonic() - began, code: null });
        return value;
      } catch (error) {
        ended({ ms: clock.monotonic() - began, code: toAppError(error).code });
        throw error;
      }
    };
  return {
    ping: measured('ping', () => store.ping()),
    recentPosts: measured('recentPosts', (query) => store.recentPosts(query)),
    post: measured('post', (id) => store.post(id)),
    comments: measured('comments', (query) => store.comments(query)),
    hourlyCounts: measured('hourlyCounts', (query) => store.hourlyCounts(query)),
    rollups: measured('rollups', (query) => store.rollups(query)),
    trending: measured('trending', (query) => store.trending(query)),
    subreddits: measured('subreddits', (now) => store.subreddits(now)),
    cycles: measured('cycles', (query) => store.cycles(query)),
    gaps: measured('gaps', (query) => store.gaps(query)),
    healthFacts: measured('healthFacts', (now) => store.healthFacts(now)),
    requestCycle: measured('requestCycle', (cycleId) => store.requestCycle(cycleId)),
  };
}
