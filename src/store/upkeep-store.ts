import type { GapRecord, GapStatus } from '../domain/cycle.js';
import type { IsoTime, ItemName, Kind } from '../domain/item.js';
import type { Fence, TimeWindow } from './common.js';

/** What completes and corrects the collection after the listings, in the same cycle. */
export interface UpkeepStore {
  /**
   * Posts created since in whose threads Reddit counts more comments than are stored and known to
   * be out of reach; the newest first. Also posts that are gone or do not count: their comments do.
   */
  shortThreads(query: ShortThreadsQuery): Promise<ShortThread[]>;
  /**
   * Notes that the whole thread was read and stored: what Reddit counted in it, less what is
   * stored now, is out of reach. A comment that turns up later after all, written before
   * `readAt`, takes one off again (in the commit that stores it).
   */
  threadRead(reading: ThreadReading): Promise<void>;
  /** Ids of posts that are not stored, while comments of theirs are; those with the newest comments. */
  strayPosts(query: StrayPostsQuery): Promise<string[]>;
  /** Overwrites status and number of one gap; settled now unless it stays open. */
  settleGap(settling: GapSettling): Promise<void>;
  /**
   * Items that are not gone, created in one of the windows, in the order of the windows and posts
   * first, newest first; of these subreddits; at most `limit`. `left`: how many more there are.
   */
  itemsCreated(query: ItemsCreatedQuery): Promise<{ items: StoredItem[]; left: number }>;
  /**
   * The next of all items that are not gone, in an order in which an item's place never changes:
   * what is stored later joins it at the end of its subreddit's part, or of its hour's in that;
   * `next` is null at the end of everything. Items of other subreddits than these are passed over.
   */
  sweepPage(query: SweepQuery): Promise<{ items: StoredItem[]; next: SweepPlace | null }>;
  /** How many items are stored. */
  itemCount(): Promise<number>;
  upkeepState(): Promise<UpkeepState>;
  /** Overwrites it. Moves no data version. */
  saveUpkeepState(state: UpkeepState, fence: Fence): Promise<void>;
  /**
   * Notes which of the items that were asked for by name Reddit left out without a word, and
   * which it gave; an item that was given is no longer an omission. Moves no data version.
   */
  noteAnswers(answers: {
    fence: Fence;
    omitted: readonly StoredItem[];
    given: readonly ItemName[];
  }): Promise<void>;
  /** Items that Reddit left out, longest ago first; at most `limit`. */
  omissions(limit: number): Promise<Omission[]>;
  /**
   * Erases text and author of items of one subreddit, at most MAX_BATCH, as `commit` does with
   * gone ones; they leave the aggregates and the omissions. Answers how many were not gone before.
   */
  blank(blanking: { fence: Fence; subreddit: string; items: readonly ItemName[] }): Promise<number>;
}

export interface ShortThreadsQuery {
  subreddit: string;
  since: IsoTime;
  limit: number;
  /**
   * When threads were read whose missing comments may only have been late: what was found out of
   * reach then is taken for missing.
   */
  doubted?: TimeWindow;
}

/** By comments created in the window, or stored since. */
export type StrayPostsQuery = { subreddit: string; limit: number } & (
  | { window: TimeWindow }
  | { storedSince: IsoTime }
);

export interface ShortThread {
  id: string;
  created_utc: IsoTime;
  /** Comments that Reddit counts and that are neither stored nor known to be out of reach. */
  missing: number;
}

export interface ThreadReading {
  fence: Fence;
  subreddit: string;
  postId: string;
  /** Reddit's count in the answer that was read; null, the stored one, when it gave none. */
  commentCount: number | null;
  readAt: IsoTime;
}

export interface GapSettling {
  fence: Fence;
  gap: GapRecord;
  status: GapStatus;
  missing: number | null;
}

/** An item as it can be asked for again. */
export interface StoredItem extends ItemName {
  /** As stored. */
  subreddit: string;
}

export interface ItemsCreatedQuery {
  windows: TimeWindow[];
  subreddits: readonly string[];
  /** Only these; both when absent. */
  kind?: Kind;
  limit: number;
}

export interface SweepPlace extends StoredItem {
  collected_at: IsoTime;
  /** Of `created_utc`, its start; in a store that walks by it. */
  hour?: IsoTime;
}

export interface SweepQuery {
  after: SweepPlace | null;
  subreddits: readonly string[];
  limit: number;
}

/** Where refresh and sweep have got to. */
export interface UpkeepState {
  /** Items were refreshed by age up to this moment; null: never. */
  refreshed_at: IsoTime | null;
  /** The walk through everything stored that is under way; null: none was begun. */
  sweep: {
    began_at: IsoTime;
    asked: number;
    /** The last item asked for; null: none yet. */
    place: SweepPlace | null;
    /** What was passed over while it was closed to us. */
    missed?: MissedPart[];
  } | null;
}

/** Of one subreddit, everything behind a place of the walk. */
export interface MissedPart {
  subreddit: string;
  after: SweepPlace | null;
}

export interface Omission extends StoredItem {
  /** How many answers in a row left it out. */
  times: number;
  first_at: IsoTime;
}
