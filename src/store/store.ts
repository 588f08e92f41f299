import type {
  Cycle,
  CycleStatus,
  Gap,
  GapRecord,
  GapStatus,
  SubredditState,
} from '../domain/cycle.js';
import type { Comment, IsoTime, Label, NewComment, NewPost, Post } from '../domain/item.js';
import type { Pause } from '../domain/pause.js';
import type { RateBudget } from '../domain/rate-budget.js';
import type { Counts, Rollup, RollupChange } from '../domain/rollup.js';
import type { Topic } from '../domain/topic.js';
import type { Fence, TimeWindow, Watermarks } from './common.js';
import type { ImportStore } from './import-store.js';
import type { KeepStore, PauseStore } from './keep-store.js';
import type { MoveStore } from './move-store.js';
import type { UpkeepStore } from './upkeep-store.js';

export type { Fence, TimeWindow, Watermark, Watermarks } from './common.js';

/**
 * The seam between the system and whatever keeps its data.
 *
 * Every call may throw AppError `store_unreachable` (gone, may come back),
 * `store_timeout`, `store_busy` (transient) or `store_unusable` (waiting does not help).
 * A failure is always thrown, never an empty result, and a transient one of a writing call
 * means that nothing was written. Calls that take a `Fence`
 * also throw `lease_lost`, and then have written nothing.
 */
export interface Store
  extends ReadStore,
    CollectStore,
    UpkeepStore,
    ImportStore,
    RunnerStore,
    KeepStore,
    MoveStore {
  /**
   * Recomputes every rollup, the terms of every hour, and what else is derived from the items, from
   * these; `repair` writes the right ones. `onProgress` is told now and then how many items have been looked at.
   *
   * @throws AppError `cancelled` when `signal` aborts: while it compares nothing was repaired, later the message
   *   says how many repairs are done, which stay; a store that does all in one go has no moment for that
   */
  verify(options: {
    repair: boolean;
    onProgress?: (items: number) => void;
    signal?: AbortSignal;
  }): Promise<VerifyReport>;
  /** Releases everything; idempotent. */
  close(): Promise<void>;
}

/** What the API needs. All windows are half-open: `from` ≤ time < `to`. */
export interface ReadStore extends PauseStore {
  /** Cheapest possible round trip; also notices that the database's file was replaced. */
  ping(): Promise<{ data_version: number }>;
  /** Posts by `collected_at` ≥ `since`, newest first, ties by id descending, after `after`. */
  recentPosts(query: RecentPostsQuery): Promise<Post[]>;
  post(id: string): Promise<Post | null>;
  /**
   * Comments of a post, oldest `created_utc` first, ties by id, whether or not the post itself
   * is stored; null when neither it nor any comment of it is.
   */
  comments(query: CommentsQuery): Promise<CommentsPage | null>;
  /**
   * Counts per hour of `created_utc` in each window, of one subreddit or of all together,
   * ascending, hours without items left out. Whole hours come from rollups, partial ones
   * at the edges from the items; all windows from one snapshot.
   */
  hourlyCounts(query: HourlyCountsQuery): Promise<HourlyCounts>;
  /**
   * What is needed to keep the rollups in memory and to answer a window from them: rollups by
   * hour, those that moved since, and counted edges, all from one snapshot. Cheap when nothing
   * moved. Changes are left out when `since` is of another opening: its asker begins anew.
   */
  rollups(query: RollupsQuery): Promise<RollupsAnswer>;
  /**
   * What is talked about more in the titles of a window's counted posts than in those of the
   * baseline, best first (src/trending/); from one snapshot.
   */
  trending(query: TrendingQuery): Promise<Trending>;
  subreddits(now: IsoTime): Promise<SubredditDetail[]>;
  /** By `started_at`, newest first, ties by id descending, after `after`. */
  cycles(query: CyclesQuery): Promise<Cycle[]>;
  /**
   * By `found_at`, newest first, ties by the other fields descending (names and kinds as text,
   * names case aside), after `after`.
   */
  gaps(query: GapsQuery): Promise<GapRecord[]>;
  healthFacts(now: IsoTime): Promise<HealthFacts>;
  /**
   * Asks the runner for a cycle. At most one request is open: a second call answers the
   * first one's cycle with `accepted: false`, as it does for a cycle that is running.
   */
  requestCycle(cycleId: string): Promise<{ accepted: boolean; cycle_id: string }>;
}

export interface RecentPostsQuery {
  since: IsoTime;
  limit: number;
  subreddit?: string;
  label?: Label;
  /** The last post of the page before. */
  after?: { collected_at: IsoTime; id: string };
}

export interface CommentsQuery {
  postId: string;
  limit: number;
  /**
   * Leaves out what was first stored later, so that a walk through pages sees the comments
   * its first page knew of, and a comment that surfaces late cannot slip in behind it.
   */
  asOf?: IsoTime;
  /** The last comment of the page before. */
  after?: { created_utc: IsoTime; id: string };
}

export interface CommentsPage {
  comments: Comment[];
  /** The query's, or the newest `collected_at` ever given out: for the pages that follow. */
  asOf: IsoTime;
}

export interface CyclesQuery {
  limit: number;
  status?: CycleStatus;
  /** The last record of the page before. */
  after?: { started_at: IsoTime; id: string };
}

export interface GapsQuery {
  limit: number;
  status?: GapStatus;
  /** The last gap of the page before. */
  after?: GapPlace;
}

/** What the order of gaps is made of. */
export type GapPlace = Pick<GapRecord, 'found_at' | 'subreddit' | 'kind' | 'from' | 'to'>;

export interface HourlyCountsQuery {
  windows: TimeWindow[];
  subreddit?: string;
}

export interface HourlyCounts {
  data_version: number;
  /** One list for each window asked for, in the same order. */
  windows: HourCounts[][];
}

export interface TrendingQuery {
  window: TimeWindow;
  baseline: TimeWindow;
  subreddit?: string;
  /** Names of subreddits, which are no themes; those that the store knows are added to them. */
  names: readonly string[];
  /** At most 100. */
  limit: number;
}

export interface Trending {
  data_version: number;
  topics: Topic[];
}

export type HourCounts = Counts & { hour: IsoTime };

/** A state of the data. Two that are equal show the same data. */
export interface Revision {
  /**
   * Names the opening of the database; versions of two openings say nothing about each other,
   * for a backup may have been put in the place of the file.
   */
  opening: string;
  data_version: number;
}

export interface RollupsQuery {
  /** What the asker has; null: nothing. */
  since: Revision | null;
  /** Whole hours whose rollups are wanted in any case. */
  hours?: TimeWindow;
  /** Windows to be counted from the items. */
  edges: TimeWindow[];
  /** Of the edges; undefined: all together. */
  subreddit?: string;
}

export interface RollupsAnswer extends Revision {
  /** As they are now; one that is gone has no counts. */
  rollups: RollupChange[];
  /** One list for each edge, in the same order. */
  edges: HourCounts[][];
}

export interface SubredditDetail {
  name: string;
  state: SubredditState;
  last_success_at: IsoTime | null;
  /** `created_utc` of the newest post or comment up to which nothing is missing. */
  watermark_at: IsoTime | null;
  /** Counted items created in the last 24 h. */
  items_24h: number;
  /** Of the last 24 whole hours: as `coverageOf`. */
  coverage_24h: number | null;
  /** Gaps on record. */
  gaps: number;
}

export interface HealthFacts {
  data_version: number;
  /** End of the last succeeded or partial cycle. */
  last_collection_at: IsoTime | null;
  /** Over the retained cycles; partial ones are successes. */
  collections_succeeded: number;
  collections_failed: number;
  /** Finished in the last 24 h. */
  finished_24h: number;
  failed_24h: number;
  /** Id of the cycle whose holder still has the lease. */
  running_cycle: string | null;
  /** Failed in each of the last three finished cycles. */
  subreddits_failing: string[];
  gaps_open: number;
  /** Null: collection is not paused. */
  paused: Pause | null;
  jobs: JobsHeartbeat | null;
}

export interface JobsHeartbeat {
  at: IsoTime;
  /** `host:pid:…`, see holder.ts. */
  holder: string;
  pid: number;
  memory_mb: number;
  /** Runs that were due while the one before was still going. */
  runs_skipped: number;
}

/** What a collection cycle needs. */
export interface CollectStore {
  /**
   * Takes the lease and records the running cycle in one step, closing as `failed` every
   * cycle that an older epoch left running. Refused while somebody else has the lease, unless
   * `holderIsDead` answers true for that holder or it is the lease `unrenewed` names. Its
   * expiry decides nothing: that is a time by the holder's clock, and the asker's may differ.
   */
  beginCycle(start: CycleStart): Promise<CycleGrant>;
  /** Extends the lease to `leaseMs` from now. */
  renewLease(fence: Fence, leaseMs: number): Promise<void>;
  watermarks(subreddit: string): Promise<Watermarks>;
  /**
   * Stores at most MAX_BATCH items of one subreddit, the hourly rollups they move, the
   * watermark, the state and the data version in one atomic step (on Cosmos in halves, each whole in
   * itself, where Azure does not take all of it at once). Known items are updated
   * when they changed (text, author, exclusion, comment count, or a vote move that matters), and
   * are never counted again. An answer may be older than what is stored, for pages are cached:
   * a text with an earlier edit does not replace one with a later edit, and what is gone
   * stays gone unless the batch is `direct`. Gone items lose text and author whatever the batch
   * says of these. New gaps are open.
   */
  commit(batch: ItemBatch): Promise<CommitResult>;
  /** Overwrites the running cycle's record (progress). */
  updateCycle(cycle: Cycle, fence: Fence): Promise<void>;
  /** Writes the final record and releases the lease in one step. */
  finishCycle(cycle: Cycle, fence: Fence): Promise<void>;
  /** What the last collector knew of Reddit's rate limit, by the wall clock; null: nothing. */
  rateBudget(): Promise<RateBudget | null>;
  /** Needs no fence: whoever sends requests must be counted. Moves no data version. */
  saveRateBudget(budget: RateBudget): Promise<void>;
}

export interface CycleStart {
  cycle: Cycle;
  holder: string;
  leaseMs: number;
  holderIsDead: (holder: string) => boolean;
  /** A lease that the asker has itself seen standing, not renewed, for the length of one. */
  unrenewed?: LeaseSeen;
}

/** A lease between two renewals, of which each moves `expires_at`. */
export interface LeaseSeen {
  cycle_id: string;
  /** By the holder's clock. */
  expires_at: IsoTime;
}

export type CycleGrant =
  | { granted: true; fence: Fence; closed: string[] }
  | ({ granted: false; holder: string } & LeaseSeen);

/** Items of one commit; a limit both stores can write atomically. */
export const MAX_BATCH = 80;

export interface ItemBatch {
  fence: Fence;
  subreddit: string;
  posts: NewPost[];
  comments: NewComment[];
  /** The items were asked for by name, so that this is how they are now. */
  direct?: true;
  /** Items created before this keep, or get, their assessment, but neither text nor author. */
  textSince?: IsoTime;
  /** Items created before this are not stored where they are not stored already: retention would take them. */
  newSince?: IsoTime;
  /** Only with the last of a subreddit's items. */
  complete?: { watermarks: Watermarks; state: SubredditState; gaps: Gap[] };
}

export interface CommitResult {
  posts_new: number;
  comments_new: number;
  updated: number;
  /** Items that were not gone before, and are now. */
  blanked: number;
  data_version: number;
}

/** What the job runner needs. */
export interface RunnerStore {
  heartbeat(beat: Omit<JobsHeartbeat, 'at'>): Promise<void>;
  /** Takes the open request, if any; each request is handed out once. */
  takeRequest(): Promise<{ cycle_id: string } | null>;
  /** Closes as `failed`, with the reason, what a holder that is known to be gone left running. */
  abandon(holder: string, reason: string): Promise<string[]>;
}

export interface VerifyReport {
  items: number;
  rollups: number;
  differences: VerifyDifference[];
  /** Hours whose terms are taken from the posts, as code that does not know terms moved them. */
  stale_terms: number;
  repaired: boolean;
}

export interface VerifyDifference {
  subreddit: string;
  /** Null: what is wrong is known of the subreddit as a whole. */
  hour: IsoTime | null;
  stored: Rollup | null;
  recomputed: Rollup | null;
  /** The stored terms of its posts (see `trending`) are not those of their titles. */
  wrong_terms: boolean;
  /** What else the store derives from items and has wrong, in words; absent: nothing. */
  also?: string[];
}
