import type { IsoTime } from '../domain/item.js';
import type { Pause } from '../domain/pause.js';

/** What commands and admin routes say to the job runner. */
export interface PauseStore {
  /** A pause that is already there stays as it is, with its reason. */
  pause(reason: string): Promise<Pause>;
  /** Answers the pause that ends with it; null: there was none. */
  resume(): Promise<Pause | null>;
}

/** What the daily jobs need: letting go of data, and keeping copies of it. They hold no lease. */
export interface KeepStore {
  pauseState(): Promise<Pause | null>;
  /**
   * The first hour of `created_utc` from `from` on and before `before` in which items were created,
   * and the subreddits that have something to lose in it, maybe none; null: there is no such hour.
   * A store that knows of hours with nothing to lose passes over them.
   */
  nextHour(query: HourQuery): Promise<StoredHour | null>;
  /**
   * Removes the items of one subreddit created in one hour, but for those that are exempt from
   * retention, and what is derived from them or says something of them, in atomic steps of which
   * each leaves everything consistent. One that fails leaves those before it done: called again,
   * it goes on, and answers what that call removed.
   */
  expireItems(place: HourPlace): Promise<ExpiredItems>;
  /**
   * Erases text and author of the items of one subreddit created in one hour, but for those that
   * are exempt, in such steps; counted in the audit record as expired by `job`. What they
   * count stays; their titles carry no terms any more.
   */
  expireTexts(place: HourPlace & { job: string }): Promise<ExpiredItems>;
  /**
   * Removes records that speak of the time before: cycles that are not running, gaps, audit
   * records, omissions, and notes of expired hours that followers have had a day to see, where a store
   * makes such notes. At most `limit` of each kind; answers how many went in all. Where a part of the
   * store refuses, this fails at the end, after what the others had to let go.
   */
  expireRecords(expiry: { before: IsoTime; limit: number }): Promise<number>;
  /**
   * Rewrites the database without free pages, so that what was deleted is in none of them. Writers
   * wait meanwhile; nothing is done while somebody collects, or where the disk lacks the room. Not for a
   * store that has no file here: AppError `internal`.
   */
  compact(): Promise<Compaction>;
  /** Brings the log into the database and empties it; false: a reader still needs it. */
  emptyLog(): Promise<boolean>;
  /**
   * Writes a copy of everything as of one moment into a new file, which only its owner can read,
   * and checks it. Whatever fails leaves no file behind. A store whose copies are made elsewhere fails.
   * @throws AppError `backup_failed`
   */
  copyTo(path: string): Promise<{ bytes: number }>;
  /** When a daily job last did all it had to; null: never. */
  jobSuccess(job: string): Promise<IsoTime | null>;
  /** Now. Moves no data version. */
  noteJobSuccess(job: string): Promise<void>;
}

export interface HourQuery {
  from: IsoTime;
  before: IsoTime;
  /** What is to go. */
  losing: 'items' | 'texts';
}

export interface StoredHour {
  hour: IsoTime;
  subreddits: string[];
}

export interface HourPlace {
  subreddit: string;
  hour: IsoTime;
}

export interface ExpiredItems {
  posts: number;
  comments: number;
}

export type Compaction =
  | { status: 'done'; bytes_before: number; bytes_after: number }
  /** `by`: who collects. */
  | { status: 'busy'; by: string }
  | { status: 'no_space'; bytes_needed: number; bytes_free: number };
