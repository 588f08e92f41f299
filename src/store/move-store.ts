import type { Cycle, GapRecord, SubredditState } from '../domain/cycle.js';
import type { IsoTime, NewComment, NewPost } from '../domain/item.js';
import type { Pause } from '../domain/pause.js';
import type { RateBudget } from '../domain/rate-budget.js';
import type { HourPlace } from './keep-store.js';
import type { ImportProgress } from './import-store.js';
import type { Watermarks } from './common.js';
import type { Omission, UpkeepState } from './upkeep-store.js';

/**
 * What moving everything from one kind of store to another needs (`npm run migrate-store`). Nobody
 * else may write meanwhile, to either of them. Everything that is put is given as the other store
 * holds it, times included; putting it again changes nothing.
 */
export interface MoveStore {
  /** Everything that is known of each subreddit, in the order of their names. */
  heldSubreddits(): Promise<HeldSubreddit[]>;
  /**
   * The next hours of `created_utc` after one in which items of the subreddit lie, ascending; at most
   * `limit`. Such as have no items any more may be among them.
   */
  heldHours(query: HeldHoursQuery): Promise<IsoTime[]>;
  /** All items of one subreddit created in one hour, posts first, each kind by id. */
  heldItems(place: HourPlace): Promise<HeldItem[]>;
  heldRecords(): Promise<HeldRecords>;
  /** How many items are held that were created at or after a time, or are exempt from retention. */
  heldCount(since: IsoTime): Promise<number>;
  /** Before its items. */
  putSubreddit(subreddit: HeldSubreddit): Promise<void>;
  /**
   * Stores items of one subreddit and hour that are not there, or not like this, with all that is
   * derived from them. Answers how many these were.
   */
  putItems(place: HourPlace, items: readonly HeldItem[]): Promise<number>;
  /** Of cycles that have ended. */
  putCycles(cycles: readonly Cycle[]): Promise<void>;
  /** What is not given stays as it is. */
  putRecords(records: HeldRecords): Promise<void>;
  /** Whatever pause is there becomes this one; null: there is none any more. */
  putPause(pause: Pause | null): Promise<void>;
}

export interface HeldHoursQuery {
  subreddit: string;
  after: IsoTime | null;
  limit: number;
}

export interface HeldSubreddit {
  name: string;
  state: SubredditState;
  last_success_at: IsoTime | null;
  watermarks: Watermarks;
  gaps: Omit<GapRecord, 'subreddit'>[];
}

export interface HeldItem {
  item: NewPost | NewComment;
  collected_at: IsoTime;
  updated_at: IsoTime;
  /** Exempt from retention. */
  keep: boolean;
  /** Of a post: comments that the whole thread, read then, did not show. Of a comment: 0 and null. */
  unreachable: number;
  thread_read_at: IsoTime | null;
}

/**
 * What is kept once for all subreddits, but for the cycles, which `ReadStore.cycles` gives by the page, and
 * the pause, which says whether the store may be collected into.
 */
export interface HeldRecords {
  upkeep: UpkeepState;
  rate_budget: RateBudget | null;
  jobs: { job: string; succeeded_at: IsoTime }[];
  imports: ImportProgress[];
  omissions: Omission[];
  blankings: Blanking[];
}

/** The audit record: how many items lost text and author. */
export interface Blanking {
  at: IsoTime;
  /** Of the collection; or the job that did it. */
  cycle_id: string;
  reason: string;
  kind: 'post' | 'comment';
  items: number;
}
