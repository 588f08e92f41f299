import test, { type ExecutionContext } from 'ava';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import type { CommitResult, Fence, ItemBatch, ReadStore, Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { beginTestCycle } from '../support/store.js';

/** An implementation of the seam; `reader` may be another way to the same data. */
export interface Implementation {
  name: string;
  /**
   * An id names an item of its subreddit only: as on Reddit ids are unique and nothing moves from one
   * to another, such a store need not look for it elsewhere.
   */
  idsBySubreddit?: true;
  /** On how many a property is tried, where they are slow; `STORES` when absent. */
  stores?: number;
  open(
    t: Pick<ExecutionContext, 'teardown'>,
    clock: ManualClock,
  ): Promise<{ store: Store; reader: ReadStore }>;
}

/** An open store with a cycle begun, and short words for what the suites do most. */
export interface Scene {
  clock: ManualClock;
  store: Store;
  reader: ReadStore;
  fence: Fence;
  /** Commits items of r/claude unless told otherwise. */
  commit(
    items: { posts?: NewPost[]; comments?: NewComment[] },
    subreddit?: string,
    how?: Pick<ItemBatch, 'direct' | 'textSince' | 'newSince'>,
  ): Promise<CommitResult>;
}

export const STORES = 25;

export const NOW = '2026-01-15T12:00:00.000Z';
export const LONG_AGO = '2000-01-01T00:00:00.000Z';
export const FAR_AHEAD = '2100-01-01T00:00:00.000Z';

export async function setScene(
  t: Pick<ExecutionContext, 'teardown'>,
  implementation: Implementation,
): Promise<Scene> {
  const clock = new ManualClock(NOW);
  const { store, reader } = await implementation.open(t, clock);
  const fence = await beginTestCycle(store, clock);
  return {
    clock,
    store,
    reader,
    fence,
    commit: ({ posts = [], comments = [] }, subreddit = 'claude', how = {}) =>
      store.commit({ fence, subreddit, posts, comments, ...how }),
  };
}

/** Registers a test for one implementation. */
export function define(
  implementation: Implementation,
  title: string,
  body: (t: ExecutionContext, scene: Scene) => Promise<void>,
): void {
  test(`${implementation.name}: ${title}`, async (t) => {
    await body(t, await setScene(t, implementation));
  });
}
