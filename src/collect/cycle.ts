import { type Clock, toIso } from '../clock.js';
import type { Config } from '../config.js';
import {
  type Cycle,
  type CycleTrigger,
  cycleStatus,
  newCycle,
  requestsOf,
  type SubredditResult,
} from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { Log } from '../log.js';
import type { CollectSource } from '../reddit/source.js';
import type { Scorer } from '../scorer/scorer.js';
import type { CollectStore, Fence, ReadStore } from '../store/store.js';
import type { StoredItem, UpkeepStore } from '../store/upkeep-store.js';
import { keepLease, takeLease } from './lease.js';
import { collectSubreddit, emptyResult } from './subreddit.js';
import { keepUp } from './upkeep/upkeep.js';

export interface CycleDeps {
  /** Repeats passing failures by itself (store/retrying.ts). */
  store: CollectStore & UpkeepStore & Pick<ReadStore, 'cycles' | 'gaps' | 'subreddits'>;
  source: CollectSource;
  scorer: Scorer;
  clock: Clock;
  log: Log;
  config: Pick<Config, 'subreddits' | 'collection'>;
  /** Names this run in the lease; see holder.ts. */
  holder: string;
  holderIsDead: (holder: string) => boolean;
  /** Resident memory of the process, bytes. */
  memory: () => number;
  onSubreddit?: (result: SubredditResult, done: number, of: number) => void;
}

export interface CycleRun {
  id: string;
  trigger: CycleTrigger;
}

/**
 * Of the deadline, from its beginning: the data must not look stale because a cycle that has read
 * its listings long ago is still busy with old items.
 */
const UPKEEP_SHARE = 2 / 3;

/** `skipped`: somebody else collected while we waited for the lease. */
export type CycleOutcome =
  | { status: 'skipped'; reason: string }
  | { status: 'succeeded' | 'partial' | 'failed'; cycle: Cycle };

/**
 * One cycle over all subreddits: take the lease, collect each on its own, record. `signal`,
 * the collection deadline or the loss of the lease end it early; the record then says so,
 * what was committed stays, and the rest is read again next time.
 *
 * @throws AppError of the store when not even the record can be written; `lease_lost`;
 * `cancelled` while still waiting for the lease.
 */
export async function runCycle(
  run: CycleRun,
  deps: CycleDeps,
  signal: AbortSignal,
): Promise<CycleOutcome> {
  const { clock, config, log } = deps;
  const lost = new AbortController();
  const deadline = new AbortController();
  const late = new AbortController();
  const finished = new AbortController();
  const { deadlineMs } = config.collection;
  void clock.sleep(deadlineMs, finished.signal).then(() => deadline.abort());
  void clock.sleep(UPKEEP_SHARE * deadlineMs, finished.signal).then(() => late.abort());
  const stop = AbortSignal.any([signal, deadline.signal, lost.signal]);
  const { leaseMs } = config.collection;
  const lease = { ...deps, leaseMs, mayBeSkipped: run.trigger !== 'manual' };
  try {
    const began = clock.monotonic();
    const taken = await takeLease(() => record(run, deps), lease, stop);
    if ('collectedBy' in taken) {
      return { status: 'skipped', reason: `collected meanwhile by ${taken.collectedBy}` };
    }
    const { cycle, fence } = taken;
    log.info(
      { cycle: cycle.id, trigger: run.trigger, memory_mb: cycle.memory_start_mb },
      'cycle start',
    );
    const renewing = keepLease(fence, lease, finished.signal, () => lost.abort());
    try {
      const why = () => stopReason(signal, deadline.signal);
      const lively = await collectAll(cycle, fence, deps, stop, why);
      const upkeep = { ...deps, fence, log: log.child({ cycle: cycle.id }) };
      await keepUp(cycle, lively, upkeep, AbortSignal.any([stop, late.signal]));
    } finally {
      finished.abort();
      await renewing;
    }
    conclude(cycle, clock.now(), clock.monotonic() - began, deps.memory());
    await deps.store.finishCycle(cycle, fence);
    logEnd(cycle, log);
    return { status: cycleStatus(cycle.subreddits), cycle };
  } finally {
    finished.abort();
  }
}

function record({ id, trigger }: CycleRun, { clock, memory }: CycleDeps): Cycle {
  return newCycle(id, toIso(clock.now()), trigger, megabytes(memory()));
}

/** Subreddits one after the other, each on its own: a failure ends only its own part. */
async function collectAll(
  cycle: Cycle,
  fence: Fence,
  deps: CycleDeps,
  stop: AbortSignal,
  why: () => AppError,
): Promise<StoredItem[]> {
  const { config } = deps;
  const { collection } = config;
  const log = deps.log.child({ cycle: cycle.id });
  const stopped = () => (stop.aborted ? why() : null);
  const lively: StoredItem[] = [];
  for (const [index, name] of config.subreddits.entries()) {
    const run = stop.aborted
      ? { result: notReached(name, why(), deps.clock), lively: [] }
      : await collectSubreddit(name, { ...deps, log, fence, collection, stopped }, stop);
    const { result } = run;
    lively.push(...run.lively);
    cycle.subreddits.push(result);
    if (result.error === null) logSubreddit(result, log);
    else cycle.errors.push(result.error);
    if (result.gap !== null) log.warn({ subreddit: name, gap: result.gap }, 'gap in the listing');
    deps.onSubreddit?.(result, index + 1, config.subreddits.length);
    if (!stop.aborted) await deps.store.updateCycle(cycle, fence);
  }
  return lively;
}

function stopReason(cancelled: AbortSignal, deadline: AbortSignal): AppError {
  if (cancelled.aborted) return new AppError('cancelled', 'The cycle was cancelled');
  if (deadline.aborted) return new AppError('deadline_exceeded', 'The cycle reached its deadline');
  return new AppError('lease_lost', 'Another collector took the lease');
}

function notReached(name: string, why: AppError, clock: Clock): SubredditResult {
  const at = toIso(clock.now());
  const error = { at, subreddit: name, code: why.code, message: why.message, attempt: 0 };
  return { ...emptyResult(name), error };
}

function conclude(cycle: Cycle, nowMs: number, durationMs: number, memoryBytes: number): void {
  cycle.finished_at = toIso(nowMs);
  cycle.duration_ms = Math.round(durationMs);
  cycle.memory_end_mb = megabytes(memoryBytes);
  cycle.status = cycleStatus(cycle.subreddits);
}

/** `name` in a line is the process's. */
function logSubreddit({ name, error: _, duration_ms, ...counts }: SubredditResult, log: Log): void {
  log.info({ subreddit: name, ...counts, ms: duration_ms }, 'subreddit');
}

function logEnd(cycle: Cycle, log: Log): void {
  const sum = (field: 'posts_new' | 'comments_new') =>
    cycle.subreddits.reduce((total, subreddit) => total + subreddit[field], 0);
  log.info(
    {
      cycle: cycle.id,
      status: cycle.status,
      posts_new: sum('posts_new'),
      comments_new: sum('comments_new'),
      requests: requestsOf(cycle),
      subreddits_failed: cycle.subreddits.filter(({ error }) => error !== null).length,
      ms: cycle.duration_ms,
      memory_start_mb: cycle.memory_start_mb,
      memory_end_mb: cycle.memory_end_mb,
    },
    'cycle end',
  );
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 104_857.6) / 10;
}
