import type { Random } from '../simulator/random.js';
import { writeSentences, writeTitle } from '../simulator/text.js';
import { fromQuantiles } from './chance.js';

/** Where texts come from. */
export interface Texts {
  origin: 'recorded' | 'invented';
  /** `body` is null for a post that is a link. */
  post(random: Random): { title: string; body: string | null };
  comment(random: Random): string;
}

/**
 * Lengths in characters as [share at most so long, length], and the share of self posts.
 * Measured on the recordings in the test suites of PRAW, Async PRAW and prawcore (BSD-2):
 * 9,551 comments and 2,284 self posts.
 */
const COMMENT_LENGTHS = [
  ...([
    [0, 1],
    [0.01, 4],
    [0.05, 12],
    [0.1, 19],
    [0.2, 32],
    [0.3, 47],
    [0.4, 64],
  ] as const),
  ...([
    [0.5, 85],
    [0.6, 113],
    [0.7, 154],
    [0.8, 230],
    [0.9, 413],
    [0.95, 656],
  ] as const),
  ...([
    [0.98, 1027],
    [0.99, 1374],
    [0.995, 2057],
    [0.999, 4316],
    [1, 9743],
  ] as const),
] as const;
const BODY_LENGTHS = [
  ...([
    [0, 0],
    [0.4, 0],
    [0.5, 36],
    [0.6, 171],
    [0.7, 385],
    [0.8, 746],
    [0.9, 1784],
  ] as const),
  ...([
    [0.95, 3127],
    [0.98, 5233],
    [0.99, 7612],
    [0.999, 12_044],
    [1, 23_645],
  ] as const),
] as const;
const SELF_POSTS = 0.37;

export function commentLength(random: Random): number {
  return fromQuantiles(COMMENT_LENGTHS, random);
}

/** Our own sentences, in the lengths of real texts. */
export const inventedTexts: Texts = {
  origin: 'invented',
  post: (random) => {
    const title = writeTitle(random.integer(2 ** 32));
    if (!random.chance(SELF_POSTS)) return { title, body: null };
    return { title, body: writeSentences(fromQuantiles(BODY_LENGTHS, random), random) };
  },
  comment: (random) => writeSentences(commentLength(random), random),
};
