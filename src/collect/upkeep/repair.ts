import { toIso } from '../../clock.js';
import type { GapRecord, Upkeep } from '../../domain/cycle.js';
import { DAY_MS } from '../../domain/window.js';
import type { IsoTime } from '../../domain/item.js';
import { toAppError } from '../../errors.js';
import type { TimeWindow } from '../../store/store.js';
import type { ShortThread } from '../../store/upkeep-store.js';
import { OVERLAP_MS } from '../listing.js';
import type { UpkeepDeps } from './deps.js';
import {
  countThreads,
  fetchStrayPosts,
  lostPosts,
  openGaps,
  settle,
  THREAD_LIFE_MS,
} from './gaps.js';
import { readThread } from './threads.js';

/** Threads of one cycle without a gap: comments that were gone before anybody saw them, mostly. */
const MOST_THREADS = 8;
/** Of one subreddit with a gap: some minutes of Reddit's rate. */
const MOST_THREADS_OF_GAP = 500;
/** Older posts are left as they are. */
const REPAIRED_FOR_MS = 30 * DAY_MS;
/** Threads that fail before the others are left to the next cycle. */
const MOST_FAILURES = 3;
/** Threads that are counted as left to do. */
const MOST_COUNTED = 100;

type Repair = Upkeep['repair'];

/**
 * Completes what the listings left out, thread by thread: of subreddits with a gap as far as the
 * time goes, of the others the newest few. A gap is closed when Reddit counts no comment in its
 * threads that is not stored or shown to be out of reach.
 *
 * @throws AppError as the source and the store do; what was read before is stored
 */
export async function repair(deps: UpkeepDeps, signal: AbortSignal, into: Repair): Promise<void> {
  const open = new Set(deps.subreddits.map((name) => name.toLowerCase()));
  const gaps: GapRecord[] = [];
  for (const gap of await openGaps(deps)) {
    if (!open.has(gap.subreddit.toLowerCase())) await settle(gap, gap.missing, deps);
    else if (gap.kind === 'comment') gaps.push(gap);
    else await repairPosts(gap, deps, signal, into);
  }
  for (const gap of gaps) {
    if (gap.missing !== null) continue;
    // No listing has posts that were deleted meanwhile; their threads go on.
    await fetchStrayPosts(gap, deps, signal, into);
    await countThreads(gap, deps, signal);
  }
  const gapped = new Set(gaps.map(({ subreddit }) => subreddit.toLowerCase()));
  const [others, those] = partition(deps.subreddits, (name) => gapped.has(name.toLowerCase()));
  const reader = threadReader(deps, signal, into);
  await repairNewest(others, deps, reader, into);
  for (const subreddit of those) {
    const own = gaps.filter((gap) => gap.subreddit.toLowerCase() === subreddit.toLowerCase());
    await repairGapped(subreddit, own, deps, reader, into);
  }
  if (reader.failure() !== null) throw reader.failure();
}

interface ThreadReader {
  /** One after the other, as long as that makes sense. */
  read(subreddit: string, threads: readonly ShortThread[]): Promise<void>;
  /** Of the first thread that could not be read. */
  failure(): unknown;
}

/**
 * A thread that fails must keep neither the others from being read nor gaps from being settled, now and in
 * every cycle. Several do so when it is Reddit that fails: then no more are asked for.
 */
function threadReader(deps: UpkeepDeps, signal: AbortSignal, into: Repair): ThreadReader {
  const errors: unknown[] = [];
  return {
    async read(subreddit, threads) {
      for (const thread of threads) {
        if (errors.length >= MOST_FAILURES) return;
        try {
          await readThread(subreddit, thread, deps, signal, into);
          into.left -= 1;
        } catch (error) {
          if (signal.aborted || !toAppError(error).code.startsWith('reddit_')) throw error;
          deps.log.warn({ subreddit, post: thread.id, err: error }, 'a thread was not read');
          errors.push(error);
        }
      }
    },
    failure: () => errors[0] ?? null,
  };
}

/** Nobody can tell whether a post is still missing that no comment speaks of: an estimate stays. */
async function repairPosts(
  gap: GapRecord,
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Repair,
): Promise<void> {
  const found = await fetchStrayPosts(gap, deps, signal, into);
  await settle(gap, Math.max(0, (gap.missing ?? 0) - found), deps, { final: true });
}

async function repairNewest(
  subreddits: readonly string[],
  deps: UpkeepDeps,
  reader: ThreadReader,
  into: Repair,
): Promise<void> {
  const since = toIso(deps.clock.now() - REPAIRED_FOR_MS);
  const short: { subreddit: string; thread: ShortThread }[] = [];
  for (const subreddit of subreddits) {
    const threads = await deps.store.shortThreads({ subreddit, since, limit: MOST_COUNTED });
    short.push(...threads.map((thread) => ({ subreddit, thread })));
  }
  short.sort((a, b) => (a.thread.created_utc > b.thread.created_utc ? -1 : 1));
  into.left += short.length;
  for (const { subreddit, thread } of short.slice(0, MOST_THREADS)) {
    await reader.read(subreddit, [thread]);
  }
}

async function repairGapped(
  subreddit: string,
  gaps: readonly GapRecord[],
  deps: UpkeepDeps,
  reader: ThreadReader,
  into: Repair,
): Promise<void> {
  const sinceMs = Math.min(...gaps.map(({ from }) => Date.parse(from))) - THREAD_LIFE_MS;
  const query = {
    ...{ subreddit, since: toIso(sinceMs), limit: MOST_THREADS_OF_GAP },
    doubted: readBefore(gaps),
  };
  const threads = await deps.store.shortThreads(query);
  into.left += threads.length;
  await reader.read(subreddit, threads);
  const still = await deps.store.shortThreads(query);
  const lost = await lostPosts(subreddit, deps);
  for (const gap of gaps) {
    const missing = missingIn(gap, still);
    const blind = missing === 0 && lost.some((posts) => overlap(posts, gap));
    // Nobody counts the comments of posts that nobody knows.
    await settle(gap, blind ? null : missing, deps, { final: blind });
  }
}

/**
 * A comment that was counted and not shown yet when its thread was read, just before the gap, has surfaced in
 * it: no listing that is read later goes back so far.
 */
function readBefore(gaps: readonly GapRecord[]): TimeWindow {
  const froms = gaps.map(({ from }) => Date.parse(from));
  const founds = gaps.map(({ found_at }) => Date.parse(found_at));
  return { from: toIso(Math.min(...froms) - OVERLAP_MS), to: toIso(Math.max(...founds)) };
}

function overlap(a: GapRecord, b: GapRecord): boolean {
  return a.from < b.to && b.from < a.to;
}

function missingIn({ from, to }: GapRecord, threads: readonly ShortThread[]): number {
  const oldest: IsoTime = toIso(Date.parse(from) - THREAD_LIFE_MS);
  return threads
    .filter(({ created_utc }) => created_utc >= oldest && created_utc < to)
    .reduce((sum, { missing }) => sum + missing, 0);
}

function partition<T>(items: readonly T[], isSecond: (item: T) => boolean): [T[], T[]] {
  return [items.filter((item) => !isSecond(item)), items.filter(isSecond)];
}
