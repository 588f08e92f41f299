import type { ReadStore } from './store.js';

export type ReadCall = keyof ReadStore;

/** The compiler wants every call of the seam here, and no other. */
const READ_CALLS: Record<ReadCall, true> = {
  ping: true,
  recentPosts: true,
  post: true,
  comments: true,
  hourlyCounts: true,
  rollups: true,
  trending: true,
  subreddits: true,
  cycles: true,
  gaps: true,
  healthFacts: true,
  requestCycle: true,
  pause: true,
  resume: true,
};

/** A `ReadStore` whose every call is `answer`, told which one it is, so that it need not list them. */
export function eachRead(answer: (call: ReadCall, args: unknown[]) => Promise<unknown>): ReadStore {
  const calls = Object.keys(READ_CALLS).map((call) => [
    call,
    (...args: unknown[]) => answer(call as ReadCall, args),
  ]);
  return Object.fromEntries(calls) as ReadStore;
}

/** The same call of another store. */
export function callRead(store: ReadStore, call: ReadCall, args: unknown[]): Promise<unknown> {
  return (store[call] as (...given: unknown[]) => Promise<unknown>)(...args);
}
