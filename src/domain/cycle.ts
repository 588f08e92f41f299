import type { IsoTime } from './item.js';
import { compactTime, isoTime } from './window.js';

export const CYCLE_STATUSES = ['running', 'succeeded', 'partial', 'failed'] as const;
export type CycleStatus = (typeof CYCLE_STATUSES)[number];

export const CYCLE_TRIGGERS = ['schedule', 'startup', 'manual'] as const;
export type CycleTrigger = (typeof CYCLE_TRIGGERS)[number];

/** `unknown`: never reached. States other than `active` are Reddit's word, not failures. */
export const SUBREDDIT_STATES = [
  'unknown',
  'active',
  'private',
  'banned',
  'gated',
  'quarantined',
] as const;
export type SubredditState = (typeof SUBREDDIT_STATES)[number];

/** A stretch that Reddit's listing no longer reached. */
export interface Gap {
  kind: 'post' | 'comment';
  /** The watermark the listing did not reach. */
  from: IsoTime;
  /** The oldest item the listing still held. */
  to: IsoTime;
  /**
   * How many items are missing: of comments, what Reddit counts in the threads beyond what is
   * stored, null until it was counted; of posts, an estimate from the pace of the listing.
   */
  missing: number | null;
}

/** `open` while it can still be repaired, then `closed` or `lost`. */
export const GAP_STATUSES = ['open', 'closed', 'lost'] as const;
export type GapStatus = (typeof GAP_STATUSES)[number];

/** A gap as it is kept: at most one of a subreddit, kind, `from` and `to`. */
export interface GapRecord extends Gap {
  subreddit: string;
  status: GapStatus;
  found_at: IsoTime;
  /** When it was closed or given up; null while it is open. */
  settled_at: IsoTime | null;
}

/** An error as cycle records keep it: enough to act on, without secrets. */
export interface CycleError {
  at: IsoTime;
  subreddit: string | null;
  code: string;
  message: string;
  attempt: number;
}

export interface SubredditResult {
  name: string;
  state: SubredditState;
  posts_new: number;
  posts_seen: number;
  comments_new: number;
  comments_seen: number;
  /** Objects that Reddit served and that were not stored, by reason. */
  skipped: Record<string, number>;
  requests: number;
  duration_ms: number;
  gap: Gap | null;
  error: CycleError | null;
}

/** What a cycle did after its listings, in this order, each within what the budget left. */
export interface Upkeep {
  /** Threads read because Reddit counts more comments in them than are stored. */
  repair: {
    threads: number;
    posts_new: number;
    comments_new: number;
    requests: number;
    left: number;
  };
  /** Young items asked for again: votes, edits, deletions. What is left is left to the sweep. */
  refresh: { asked: number; changed: number; requests: number; left: number };
  /** Part of the walk through everything stored, which looks for what was deleted. */
  sweep: { asked: number; changed: number; requests: number; left: number };
  /** Items whose text and author were erased in this cycle, wherever it was noticed. */
  blanked: number;
}

export interface Cycle {
  id: string;
  started_at: IsoTime;
  finished_at: IsoTime | null;
  status: CycleStatus;
  trigger: CycleTrigger;
  subreddits: SubredditResult[];
  errors: CycleError[];
  memory_start_mb: number;
  memory_end_mb: number | null;
  duration_ms: number | null;
  /** Null while it has not come to that, and in records of older releases. */
  upkeep: Upkeep | null;
}

/** `failed` when no subreddit succeeded, `partial` when some failed; a subreddit's state is no failure. */
export function cycleStatus(results: readonly SubredditResult[]): Exclude<CycleStatus, 'running'> {
  const failed = results.filter((result) => result.error !== null).length;
  if (failed === 0 && results.length > 0) return 'succeeded';
  return failed === results.length ? 'failed' : 'partial';
}

/** Requests to Reddit of a whole cycle, those for tokens and retries included. */
export function requestsOf({ subreddits, upkeep }: Pick<Cycle, 'subreddits' | 'upkeep'>): number {
  const listings = subreddits.reduce((sum, { requests }) => sum + requests, 0);
  if (upkeep === null) return listings;
  const { repair, refresh, sweep } = upkeep;
  return listings + repair.requests + refresh.requests + sweep.requests;
}

/** Subreddits that failed (not: were cancelled by a shutdown) in each of the given finished cycles (newest first; 3 make it matter). */
export function failingSubreddits(cycles: readonly Cycle[], needed = 3): string[] {
  const recent = cycles.slice(0, needed);
  if (recent.length < needed) return [];
  const failedIn = (cycle: Cycle) =>
    new Set(
      cycle.subreddits
        .filter(({ error }) => error !== null && error.code !== 'cancelled')
        .map(({ name }) => name),
    );
  const [first, ...rest] = recent.map(failedIn);
  return [...(first ?? [])].filter((name) => rest.every((set) => set.has(name))).sort();
}

/** The record of a cycle that begins now. */
export function newCycle(
  id: string,
  startedAt: IsoTime,
  trigger: CycleTrigger,
  memoryStartMb: number,
): Cycle {
  return {
    id,
    started_at: startedAt,
    finished_at: null,
    status: 'running',
    trigger,
    subreddits: [],
    errors: [],
    memory_start_mb: memoryStartMb,
    memory_end_mb: null,
    duration_ms: null,
    upkeep: null,
  };
}

export const ENDED_WITHOUT_FINISHING = 'the process that ran it ended without finishing it';

/** What becomes of the record of a cycle whose process ended without finishing it. */
export function closedCycle<C extends Omit<Cycle, 'id'>>(
  cycle: C,
  reason: string,
  nowMs: number,
): C {
  const at = isoTime(nowMs);
  const duration_ms = Math.max(0, nowMs - Date.parse(cycle.started_at));
  const error: CycleError = { at, subreddit: null, code: 'cancelled', message: reason, attempt: 1 };
  const errors = [...cycle.errors, error];
  return { ...cycle, status: 'failed', finished_at: at, duration_ms, errors };
}

/** Sortable and readable: `20261122T030005Z-1f3a9c`. `random` is at least six hex digits. */
export function cycleId(startedAt: IsoTime, random: string): string {
  return `${compactTime(startedAt)}-${random.slice(0, 6)}`;
}
