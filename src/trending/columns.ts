import { type IsoTime, type Label, LABELS } from '../domain/item.js';
import { HI_MASK, hashOf } from './hash.js';
import { wordsOf } from './terms.js';

/** What trending needs of a counted post. */
export interface TitledPost {
  id: string;
  title: string;
  created_utc: IsoTime;
  label: Label;
  upvotes: number;
  comment_count: number;
}

/**
 * Posts by column, so that a hundred thousand of them are a few thousand objects. Words are
 * hashes, so that no dictionary of them has to be kept.
 */
export interface PostColumns {
  ids: () => readonly string[];
  /** Milliseconds since the epoch. */
  created: Float64Array;
  upvotes: Float64Array;
  comments: Float64Array;
  /** Places in LABELS. */
  labels: Uint8Array;
  /** The end of each post's words, counted in words; the next post's begin there. */
  ends: Uint32Array;
  /** Two numbers a word, in the order of the title: `lo`, and `hi` with the flags below. */
  words: Uint32Array;
}

/** `Word.follows` and `Word.alone` in the second number of a word. */
export const FOLLOWS = 0x8000_0000;
export const ALONE = 0x4000_0000;

export function columnsOf(posts: readonly TitledPost[]): PostColumns {
  const words: number[] = [];
  const ends = posts.map(({ title }) => {
    for (const { text, follows, alone } of wordsOf(title)) {
      const { lo, hi } = hashOf(text);
      words.push(lo, (hi & HI_MASK) | (follows ? FOLLOWS : 0) | (alone ? ALONE : 0));
    }
    return words.length / 2;
  });
  const ids = posts.map(({ id }) => id);
  return {
    ids: () => ids,
    created: Float64Array.from(posts, ({ created_utc }) => Date.parse(created_utc)),
    upvotes: Float64Array.from(posts, ({ upvotes }) => upvotes),
    comments: Float64Array.from(posts, ({ comment_count }) => comment_count),
    labels: Uint8Array.from(posts, ({ label }) => LABELS.indexOf(label)),
    ends: Uint32Array.from(ends),
    words: Uint32Array.from(words),
  };
}
