import { type IsoTime, type Label, LABELS } from '../domain/item.js';
import { HOUR_MS } from '../domain/window.js';
import { HI_MASK, hashOf } from './hash.js';
import { TERMS_VERSION, wordsOf } from './terms.js';

/** What trending needs of a counted post. */
export interface TitledPost {
  id: string;
  title: string;
  created_utc: IsoTime;
  label: Label;
  /** A whole number, as is the next; beyond ±2^31 the nearest that 32 bits hold. */
  upvotes: number;
  comment_count: number;
}

/**
 * Posts of one hour by column, in one array: a hundred thousand posts are a few thousand objects,
 * and the array is what is stored. Words are hashes, so that no dictionary of them has to be kept.
 *
 * Its numbers: version, posts, words, hours since the epoch; for each post its milliseconds after
 * that hour; the upvotes; the comments; the places of the labels in LABELS; the ends of the posts'
 * words, counted in words; then two numbers for each word in the order of the titles, `lo`, and
 * `hi` with the flags below.
 */
export interface PostColumns {
  numbers: Uint32Array;
  /** How many. */
  posts: number;
  /** Where the words begin. */
  wordsAt: number;
  ids: () => readonly string[];
}

/** `Word.follows` and `Word.alone` in the second number of a word. */
export const FOLLOWS = 0x8000_0000;
export const ALONE = 0x4000_0000;

const VERSION = 1000 * TERMS_VERSION + 2;
const HEADER = 4;
const COLUMNS = 5;
const BYTES = Uint32Array.BYTES_PER_ELEMENT;

export function columnsOf(posts: readonly TitledPost[]): PostColumns {
  const times = posts.map(({ created_utc }) => Date.parse(created_utc));
  const first = times.reduce((least, time) => Math.min(least, time), times[0] ?? 0);
  const hour = Math.floor(first / HOUR_MS);
  const words: number[] = [];
  const ends = posts.map(({ title }) => {
    for (const { text, follows, alone } of wordsOf(title)) {
      const { lo, hi } = hashOf(text);
      words.push(lo, (hi & HI_MASK) | (follows ? FOLLOWS : 0) | (alone ? ALONE : 0));
    }
    return words.length / 2;
  });
  const numbers = Uint32Array.from([
    ...[VERSION, posts.length, words.length / 2, hour],
    ...times.map((time) => time - hour * HOUR_MS),
    ...posts.map(({ upvotes }) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, upvotes))),
    ...posts.map(({ comment_count }) => Math.min(2 ** 32 - 1, comment_count)),
    ...posts.map(({ label }) => LABELS.indexOf(label)),
    ...ends,
    ...words,
  ]);
  return withIds(numbers, () => posts.map(({ id }) => id));
}

export function createdMs({ numbers }: PostColumns, post: number): number {
  return (numbers[3] as number) * HOUR_MS + (numbers[HEADER + post] as number);
}

export function upvotesOf({ numbers, posts }: PostColumns, post: number): number {
  return (numbers[HEADER + posts + post] as number) | 0;
}

export function commentsOf({ numbers, posts }: PostColumns, post: number): number {
  return numbers[HEADER + 2 * posts + post] as number;
}

export function labelOf({ numbers, posts }: PostColumns, post: number): Label {
  return LABELS[numbers[HEADER + 3 * posts + post] as number] as Label;
}

/** Where the words of the posts before end, in words. */
export function firstWordOf({ numbers, posts }: PostColumns, post: number): number {
  return post === 0 ? 0 : (numbers[HEADER + 4 * posts + post - 1] as number);
}

/** The numbers as this machine has them in memory, then the ids with line ends between. */
export function toBytes({ numbers, ids }: PostColumns): Buffer {
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return Buffer.concat([bytes, Buffer.from(ids().join('\n'))]);
}

/** Null for bytes that this version, or a machine with this order of bytes, has not written. */
export function fromBytes(bytes: Buffer): PostColumns | null {
  if (bytes.byteLength < HEADER * BYTES) return null;
  const aligned =
    bytes.byteOffset % BYTES === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer);
  const length = Math.floor(aligned.byteLength / BYTES);
  const all = new Uint32Array(aligned.buffer, aligned.byteOffset, length);
  const [version, posts = 0, words = 0] = all;
  const size = HEADER + COLUMNS * posts + 2 * words;
  if (version !== VERSION || posts === 0 || size > length) return null;
  const columns = withIds(all, () => aligned.toString('utf8', BYTES * size).split('\n'));
  return isSound(columns, words) ? columns : null;
}

function withIds(numbers: Uint32Array, readIds: () => readonly string[]): PostColumns {
  const posts = numbers[1] as number;
  let read: readonly string[] | null = null;
  const ids = () => (read ??= readIds());
  return { numbers, posts, wordsAt: HEADER + COLUMNS * posts, ids };
}

/** Whether whoever reads it stays within it. */
function isSound(columns: PostColumns, words: number): boolean {
  const { numbers, posts } = columns;
  const labels = HEADER + 3 * posts;
  let before = 0;
  for (let post = 0; post < posts; post += 1) {
    const end = firstWordOf(columns, post + 1);
    if (end < before || (numbers[labels + post] as number) >= LABELS.length) return false;
    before = end;
  }
  return before === words;
}
