import { createHash } from 'node:crypto';
import {
  EXCLUSIONS,
  type Exclusion,
  type IsoTime,
  isGone,
  type ItemName,
  type Label,
  LABELS,
  type NewComment,
  type NewPost,
  SCORE_UNIT,
} from '../../../domain/item.js';
import {
  addCounts,
  type Counts,
  countsOf,
  NO_COUNTS,
  threadCounts,
} from '../../../domain/rollup.js';
import { isoTime } from '../../../domain/window.js';

/**
 * What an hour document says of one item: all that counts, edges of windows, walks, retention and
 * the search for changes need, so that none of these reads the item itself. A line follows from
 * its item, but for what is known of a post's thread.
 */
export interface Line extends ItemName {
  created_utc: IsoTime;
  collected_at: IsoTime;
  label: Label;
  score: number;
  excluded: Exclusion | null;
  upvotes: number;
  /** Exempt from retention. */
  keep: boolean;
  /** Its text and author have expired. */
  expired: boolean;
  /** Of everything in the item but its votes. */
  hash: string;
  /** Of a comment; empty for a post. */
  post_id: string;
  /** Of a post's thread; null for a comment. */
  thread: Thread | null;
}

export interface Thread {
  /** As Reddit counts. */
  comment_count: number;
  /** Of these, what the whole thread, read at `read_at`, did not show. */
  unreachable: number;
  read_at: IsoTime | null;
  /** Comments of the post in this partition. */
  stored: number;
}

type CommonFields = [
  ...[kind: 0 | 1, id: string, created: number, collected: number, label: number, units: number],
  ...[flags: number, upvotes: number, hash: string],
];

/** A line as it is stored: times are milliseconds since the epoch, `created` since the hour. */
export type PackedLine =
  | [...CommonFields, post_id: string]
  | [
      ...CommonFields,
      ...[comment_count: number, unreachable: number, read_at: number, stored: number],
    ];

/** Flags: the exclusion's place in EXCLUSIONS, from 1 on, and these. */
const EXCLUSION_BITS = 7;
const KEEP = 8;
const EXPIRED = 16;

export const NO_THREAD: Readonly<Pick<Thread, 'unreachable' | 'read_at' | 'stored'>> = {
  unreachable: 0,
  read_at: null,
  stored: 0,
};

/** What makes an item another version of itself, votes apart. 72 bits in base64. */
export function hashOf(item: NewPost | NewComment): string {
  const { upvotes: _, subreddit, sentiment, ...fields } = item;
  const text = JSON.stringify([
    subreddit.toLowerCase(),
    ...['label', 'score', 'confidence', 'method', 'scorer_version'].map(
      (name) => sentiment[name as keyof typeof sentiment],
    ),
    ...Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

export interface LineFacts {
  collected_at: IsoTime;
  keep: boolean;
  /** Of a post; what `comment_count` says is the item's. */
  thread: Omit<Thread, 'comment_count'>;
}

export function lineOf(item: NewPost | NewComment, facts: LineFacts): Line {
  const { id, created_utc, upvotes, excluded, sentiment } = item;
  const common = {
    ...{ id, created_utc, upvotes, excluded, hash: hashOf(item) },
    ...{ label: sentiment.label, score: sentiment.score },
    ...{ collected_at: facts.collected_at, keep: facts.keep },
    // No item of Reddit's is without an author (src/domain/erasure.ts).
    expired: item.author === '',
  };
  if (!('title' in item)) {
    return { ...common, kind: 'comment', post_id: item.post_id, thread: null };
  }
  const { comment_count } = item;
  return { ...common, kind: 'post', post_id: '', thread: { comment_count, ...facts.thread } };
}

export function packLine(line: Line): PackedLine {
  const { id, created_utc, collected_at, label, score, upvotes, hash, post_id, thread } = line;
  const flags =
    (line.excluded === null ? 0 : EXCLUSIONS.indexOf(line.excluded) + 1) +
    (line.keep ? KEEP : 0) +
    (line.expired ? EXPIRED : 0);
  const created = Date.parse(created_utc) % 3_600_000;
  const common: CommonFields = [
    ...([line.kind === 'post' ? 0 : 1, id, created, Date.parse(collected_at)] as const),
    ...([LABELS.indexOf(label), Math.round(score * SCORE_UNIT), flags, upvotes, hash] as const),
  ];
  if (thread === null) return [...common, post_id];
  const readAt = thread.read_at === null ? 0 : Date.parse(thread.read_at);
  return [...common, thread.comment_count, thread.unreachable, readAt, thread.stored];
}

/** @param hour the start of the hour that its document is of */
export function unpackLine(packed: PackedLine, hour: IsoTime): Line {
  const [kind, id, created, collected, label, units, flags, upvotes, hash, ...rest] = packed;
  const excluded = EXCLUSIONS[(flags & EXCLUSION_BITS) - 1] ?? null;
  const common = {
    ...{ id, upvotes, hash, excluded },
    created_utc: isoTime(Date.parse(hour) + created),
    collected_at: isoTime(collected),
    label: LABELS[label] as Label,
    score: units / SCORE_UNIT,
    keep: (flags & KEEP) !== 0,
    expired: (flags & EXPIRED) !== 0,
  };
  if (kind === 1) return { ...common, kind: 'comment', post_id: rest[0] as string, thread: null };
  const [comment_count, unreachable, readAt, stored] = rest as [number, number, number, number];
  const read_at = readAt === 0 ? null : isoTime(readAt);
  const thread = { comment_count, unreachable, read_at, stored };
  return { ...common, kind: 'post', post_id: '', thread };
}

/** The rollup of an hour, or of a part of one: what its lines add up to. Threads belong to whole hours. */
export function countLines(lines: Iterable<Line>, withThreads = true): Counts {
  let sum = NO_COUNTS;
  for (const line of lines) {
    if (line.excluded !== null) continue;
    sum = addCounts(sum, countsOf(line.kind, line.label, line.score, line.created_utc));
    if (line.thread !== null && withThreads) {
      sum = addCounts(sum, { ...NO_COUNTS, ...threadCounts(line.thread) });
    }
  }
  return sum;
}

/**
 * Comments that Reddit counts in a post's thread and that are neither stored nor known to be out of
 * reach; below 1: none. Posts that are gone have threads as well.
 */
export function missingOf({ comment_count, unreachable, stored }: Thread): number {
  return Math.max(comment_count - unreachable, 0) - stored;
}

/** Whether text retention has something to erase in it. */
export function hasText(line: Line): boolean {
  return !line.keep && !line.expired && !isGone(line);
}
