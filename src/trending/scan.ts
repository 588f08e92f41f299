import type { Window } from '../domain/window.js';
import { ALONE, createdMs, FOLLOWS, firstWordOf, type PostColumns } from './columns.js';
import { HI_MASK, type Hash, hashOf, hashOfPhrase, phraseHi, phraseLo } from './hash.js';
import { MAX_WORDS, termsOf } from './terms.js';
import type { Names } from './names.js';

/** Told the terms of a post, repeated ones repeatedly. */
export type Visit = (lo: number, hi: number) => void;

/** Calls `visit` for the terms of a post: what `termsOf` says of its title, in hashes. */
export type ScanPost = (
  columns: PostColumns,
  post: number,
  visit: Visit,
  /**
   * Words for which it is false are left out, with their phrases; by default none. Not asked of
   * words that are no terms by themselves.
   */
  matters?: (lo: number) => boolean,
) => void;

const always = () => true;

export function postScanner(names: Names): ScanPost {
  const nameMarker = markerOf(names);
  return (columns, post, visit, matters = always) => {
    const { numbers, wordsAt } = columns;
    const start = wordsAt + 2 * firstWordOf(columns, post);
    const end = wordsAt + 2 * firstWordOf(columns, post + 1);
    const named = nameMarker(numbers, start, end);
    let beforeMatters = false;
    for (let at = start; at < end; at += 2) {
      const lo = numbers[at] as number;
      const isNamed = named !== null && named[(at - start) / 2] === 1;
      const hadBefore = beforeMatters;
      const flagged = numbers[at + 1] as number;
      const alone = (flagged & ALONE) !== 0;
      beforeMatters = !isNamed && (!alone || matters(lo));
      if (!beforeMatters) continue;
      const hi = flagged & HI_MASK;
      if (alone) visit(lo, hi);
      if (!hadBefore || (flagged & FOLLOWS) === 0) continue;
      const before = numbers[at - 1] as number;
      if (((flagged | before) & ALONE) === 0) continue;
      const aLo = numbers[at - 2] as number;
      const aHi = before & HI_MASK;
      visit(phraseLo(aLo, aHi, lo, hi), phraseHi(aLo, aHi, lo, hi));
    }
  };
}

const FILTER_SIZE = 4096;

/**
 * Marks the words from `start` to `end` that are names; null when none can be, which a byte
 * for each word tells. The array is the same in every answer, so that none is allocated for a post.
 */
function markerOf(names: Names) {
  const words = new Set([...names.words].map((name) => keyOf(hashOf(name))));
  const pairs = new Set([...names.pairs].map((name) => keyOf(hashOfTerm(name))));
  const mayBegin = new Uint8Array(FILTER_SIZE);
  for (const name of [...names.words, ...names.pairs]) {
    mayBegin[hashOf(name.split(' ')[0] ?? '').lo % FILTER_SIZE] = 1;
  }
  const named = new Uint8Array(MAX_WORDS);

  return (numbers: Uint32Array, start: number, end: number): Uint8Array | null => {
    let possible = 0;
    for (let at = start; at < end; at += 2) {
      possible |= mayBegin[(numbers[at] as number) & (FILTER_SIZE - 1)] as number;
    }
    if (possible === 0 || end - start > 2 * MAX_WORDS) return null;
    named.fill(0);
    for (let at = start; at < end; at += 2) {
      const hash = wordAt(numbers, at);
      if (words.has(keyOf(hash))) named[(at - start) / 2] = 1;
      if (at === start || ((numbers[at + 1] as number) & FOLLOWS) === 0) continue;
      if (!pairs.has(keyOf(hashOfPhrase(wordAt(numbers, at - 2), hash)))) continue;
      named[(at - start) / 2 - 1] = 1;
      named[(at - start) / 2] = 1;
    }
    return named;
  };
}

function wordAt(numbers: Uint32Array, at: number): Hash {
  return { lo: numbers[at] as number, hi: (numbers[at + 1] as number) & HI_MASK };
}

/** 52 of the 62 bits: enough to tell a few names from anything else. */
function keyOf({ lo, hi }: Hash): number {
  return (hi & 0xf_ffff) * 2 ** 32 + lo;
}

/** Calls `each` for the posts created in the window. */
export function eachPost(columns: PostColumns, window: Window, each: (post: number) => void): void {
  for (let post = 0; post < columns.posts; post += 1) {
    const at = createdMs(columns, post);
    if (at >= window.fromMs && at < window.toMs) each(post);
  }
}

/** The terms of a title with their hashes. */
export function hashedTermsOf(title: string, names: Names): [term: string, hash: Hash][] {
  return termsOf(title, names).map((term) => [term, hashOfTerm(term)]);
}

function hashOfTerm(term: string): Hash {
  const [first = '', second] = term.split(' ');
  return second === undefined ? hashOf(first) : hashOfPhrase(hashOf(first), hashOf(second));
}
