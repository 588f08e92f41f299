import type { GapRecord, SubredditState } from '../../../domain/cycle.js';
import type { Exclusion, IsoTime, Kind, Label } from '../../../domain/item.js';
import type { Watermarks } from '../../store.js';
import type { PackedLine } from './lines.js';

/**
 * The documents of the container `items`, whose partition key is `subreddit`: the name in lower
 * case, for names are the same in any case. `kind` says what a document is.
 *
 * | id | kind | what |
 * |---|---|---|
 * | `t3_…`, `t1_…` | post, comment | an item |
 * | `_head` | head | what is known of the subreddit; every batch replaces it, so batches follow each other |
 * | `day:2026-01-15` | day | its 24 hours' rollups |
 * | `hour:2026-01-15T11` | hour | a line for each item created in the hour (lines.ts) |
 * | `titles:2026-01-15T06` | titles | titles of the counted posts of six hours |
 * | `gap:…` | gap | a stretch that a listing no longer reached |
 * | `_omissions` | omissions | items that Reddit left out when they were asked for by name |
 * | `blanked:…` | blanked | the audit record of one cycle or job: how many items lost their text, and why |
 */
export type ItemsDocument =
  | PostDocument
  | CommentDocument
  | HeadDocument
  | DayDocument
  | HourDocument
  | TitlesDocument
  | GapDocument
  | OmissionsDocument
  | BlankedDocument;

interface InPartition {
  id: string;
  /** Lower case. */
  subreddit: string;
  /** The same as it is written. */
  name: string;
  /** Seconds from the last write until Azure lets it go; −1: never. */
  ttl: number;
}

interface ItemFields extends InPartition {
  author: string;
  content: string;
  permalink: string;
  created_utc: IsoTime;
  upvotes: number;
  label: Label;
  score: number;
  confidence: number;
  method: string;
  scorer_version: string;
  excluded: Exclusion | null;
  edited_at: IsoTime | null;
  collected_at: IsoTime;
  updated_at: IsoTime;
}

export interface PostDocument extends ItemFields {
  kind: 'post';
  title: string;
  url: string;
  comment_count: number;
}

export interface CommentDocument extends ItemFields {
  kind: 'comment';
  post_id: string;
  parent_id: string;
}

export type ItemDocument = PostDocument | CommentDocument;

/** Of one subreddit. Every batch in the partition replaces it, with If-Match. */
export interface HeadDocument extends InPartition {
  kind: 'head';
  /** Of the lease under which it was last written or stamped; an older holder writes nothing. */
  epoch: number;
  /** Counts the batches. */
  seq: number;
  /** Names the last batch, so that its sender knows it again when the answer was lost. */
  token: string;
  /** The newest `collected_at` given out in the partition. */
  stamp: IsoTime;
  /** Items in the partition, those that do not count included. */
  items: number;
  state: SubredditState;
  last_success_at: IsoTime | null;
  watermarks: Watermarks;
  /** Something was imported, so that its name is known without a collection; absent: nothing was. */
  imported?: 1;
}

/**
 * Documents derived from items carry the `seq` of the batch that wrote them last, by which readers
 * follow them. They are never deleted but emptied, for who follows could not see that; `ttl` sees to them.
 */
interface Derived extends InPartition {
  seq: number;
}

export interface DayDocument extends Derived {
  kind: 'day';
  /** `2026-01-15` */
  day: string;
  /** By hour, `00` to `23`; hours without counted items are left out. */
  hours: Record<string, PackedCounts>;
}

/** Fields of `Counts` in the order of its type; the time is milliseconds since the epoch. */
export type PackedCounts = [
  ...[posts: number, comments: number, positive: number, negative: number, neutral: number],
  ...[score_sum: number, thread_comments: number, thread_comments_stored: number],
  last_item_at: number,
];

export interface HourDocument extends Derived {
  kind: 'hour';
  /** Its start. */
  hour: IsoTime;
  lines: PackedLine[];
  /** Posts in whose threads comments are missing (`missingOf`); absent: none. So that they are found by index. */
  short?: number;
  /** Whether it holds something that text retention has not come to yet; absent: it does not. */
  texts?: 1;
  /** Whether it holds something that retention may remove; absent: everything in it is exempt. */
  expires?: 1;
}

export interface TitlesDocument extends Derived {
  kind: 'titles';
  /** Start of the six hours. */
  from: IsoTime;
  posts: PackedTitle[];
}

/** A counted post, in the order of `created_utc` and id. The time is milliseconds since the epoch. */
export type PackedTitle = [
  ...[id: string, created: number, label: number, upvotes: number, comment_count: number],
  title: string,
];

export interface GapDocument extends InPartition, Omit<GapRecord, 'subreddit' | 'kind'> {
  kind: 'gap';
  of: Kind;
}

export interface OmissionsDocument extends InPartition {
  kind: 'omissions';
  /** By fullname. */
  omitted: Record<string, { times: number; first_at: IsoTime }>;
  /** Names the last few answers that were noted in it, so that none counts twice; absent: none was. */
  noted?: string[];
}

export interface BlankedDocument extends InPartition, Blanked {}

/** The audit record of one cycle or job. */
export interface Blanked {
  kind: 'blanked';
  /** Of the collection; or the job that did it. */
  cycle_id: string;
  /** The last of them. */
  at: IsoTime;
  /** Items by `reason kind`, such as `deleted post`. */
  counts: Record<string, number>;
}

export const HEAD_ID = '_head';
export const OMISSIONS_ID = '_omissions';

/** The partition of a subreddit. */
export const partitionOf = (subreddit: string): string => subreddit.toLowerCase();

/** `2026-01-15T11:40:00.000Z` → `hour:2026-01-15T11` */
export const hourId = (hour: IsoTime): string => `hour:${hour.slice(0, 13)}`;
export const dayId = (hour: IsoTime): string => `day:${dayOf(hour)}`;
export const dayOf = (time: IsoTime): string => time.slice(0, 10);
export const titlesId = (time: IsoTime): string => `titles:${titlesFrom(time).slice(0, 13)}`;

const TITLES_HOURS = 6;

/** The start of the six hours that a time falls into. */
export function titlesFrom(time: IsoTime): IsoTime {
  const hour = Math.floor(Number(time.slice(11, 13)) / TITLES_HOURS) * TITLES_HOURS;
  return `${dayOf(time)}T${String(hour).padStart(2, '0')}:00:00.000Z`;
}

export function gapId({ kind, from, to }: Pick<GapRecord, 'kind' | 'from' | 'to'>): string {
  return `gap:${kind}:${from}:${to}`;
}

export const blankedId = (cycleId: string): string => `blanked:${cycleId}`;
