import type { ReadStore } from '../../src/store/store.js';

export type Fault = 'none' | 'hang' | (() => Error);

/** A real store that can be told to hang or to throw, from the next call on. */
export interface FaultyStore extends ReadStore {
  fault: Fault;
  /** Calls made, by method. */
  calls: Partial<Record<keyof ReadStore, number>>;
}

export function faultyStore(real: ReadStore): FaultyStore {
  const via =
    <Method extends keyof ReadStore>(method: Method) =>
    (...args: Parameters<ReadStore[Method]>): ReturnType<ReadStore[Method]> => {
      faulty.calls[method] = (faulty.calls[method] ?? 0) + 1;
      return outcome(() =>
        (real[method] as (...given: unknown[]) => Promise<unknown>)(...args),
      ) as ReturnType<ReadStore[Method]>;
    };
  const outcome = async (call: () => Promise<unknown>): Promise<unknown> => {
    if (faulty.fault === 'none') return call();
    if (faulty.fault === 'hang') return new Promise(() => undefined);
    throw faulty.fault();
  };
  const faulty: FaultyStore = {
    fault: 'none',
    calls: {},
    ping: via('ping'),
    recentPosts: via('recentPosts'),
    post: via('post'),
    comments: via('comments'),
    hourlyCounts: via('hourlyCounts'),
    rollups: via('rollups'),
    trending: via('trending'),
    subreddits: via('subreddits'),
    cycles: via('cycles'),
    gaps: via('gaps'),
    healthFacts: via('healthFacts'),
    requestCycle: via('requestCycle'),
  };
  return faulty;
}
