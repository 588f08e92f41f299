import { isTransient } from '../errors.js';
import { type RetryOptions, retry } from '../retry.js';
import { callRead, eachRead } from './each-read.js';
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
    ...eachRead((call, args) => retryStore(options, () => callRead(store, call, args))),
    beginCycle: again((start) => store.beginCycle(start)),
    renewLease: again((fence, leaseMs) => store.renewLease(fence, leaseMs)),
    watermarks: again((subreddit) => store.watermarks(subreddit)),
    commit: again((batch) => store.commit(batch)),
    updateCycle: again((cycle, fence) => store.updateCycle(cycle, fence)),
    finishCycle: again((cycle, fence) => store.finishCycle(cycle, fence)),
    rateBudget: again(() => store.rateBudget()),
    // Who saves it goes on without; waiting here would cost the collection more than it is worth.
    saveRateBudget: (budget) => store.saveRateBudget(budget),
    shortThreads: again((query) => store.shortThreads(query)),
    threadRead: again((reading) => store.threadRead(reading)),
    strayPosts: again((query) => store.strayPosts(query)),
    settleGap: again((settling) => store.settleGap(settling)),
    itemsCreated: again((query) => store.itemsCreated(query)),
    sweepPage: again((query) => store.sweepPage(query)),
    itemCount: again(() => store.itemCount()),
    upkeepState: again(() => store.upkeepState()),
    saveUpkeepState: again((state, fence) => store.saveUpkeepState(state, fence)),
    noteAnswers: again((answers) => store.noteAnswers(answers)),
    omissions: again((limit) => store.omissions(limit)),
    blank: again((blanking) => store.blank(blanking)),
    pauseState: again(() => store.pauseState()),
    nextHour: again((query) => store.nextHour(query)),
    expireItems: again((place) => store.expireItems(place)),
    expireTexts: again((place) => store.expireTexts(place)),
    expireRecords: again((expiry) => store.expireRecords(expiry)),
    // Long, and daily: the next day is soon enough.
    compact: () => store.compact(),
    emptyLog: again(() => store.emptyLog()),
    copyTo: (path) => store.copyTo(path),
    jobSuccess: again((job) => store.jobSuccess(job)),
    noteJobSuccess: again((job) => store.noteJobSuccess(job)),
    importItems: again((batch) => store.importItems(batch)),
    importProgress: again((key) => store.importProgress(key)),
    saveImport: again((progress) => store.saveImport(progress)),
    heartbeat: again((beat) => store.heartbeat(beat)),
    takeRequest: again(() => store.takeRequest()),
    abandon: again((holder, reason) => store.abandon(holder, reason)),
    heldSubreddits: again(() => store.heldSubreddits()),
    heldHours: again((query) => store.heldHours(query)),
    heldItems: again((place) => store.heldItems(place)),
    heldRecords: again(() => store.heldRecords()),
    heldCount: again((since) => store.heldCount(since)),
    putSubreddit: again((subreddit) => store.putSubreddit(subreddit)),
    putItems: again((place, items) => store.putItems(place, items)),
    putCycles: again((cycles) => store.putCycles(cycles)),
    putRecords: again((records) => store.putRecords(records)),
    putPause: again((pause) => store.putPause(pause)),
    verify: again((options) => store.verify(options)),
    close: () => store.close(),
  };
}
