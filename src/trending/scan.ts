import type { Window } from '../domain/window.js';
import { ALONE, FOLLOWS, type PostColumns } from './columns.js';
import { HI_MASK, type Hash, hashOf, hashOfPhrase, phraseHi, phraseLo } from './hash.js';
import type { Names } from './names.js';

/** Told each term of a post, repeated ones repeatedly. */
export type Visit = (lo: number, hi: number) => void;

/**
 * Calls `visit` for the terms of one post: what `termsOf` says of its title, in hashes. The
 * arrays it works in are its own, so that nothing is allocated per post.
 */
export type ScanPost = (columns: PostColumns, post: number, visit: Visit) => void;

export function postScanner(names: Names): ScanPost {
  const isWord = hashSet([...names.words].map(hashOf));
  const isPair = hashSet([...names.pairs].map(hashOfPair));
  let named = new Uint8Array(64);

  /** Marks the words that are names; answers whether there are any. */
  const mark = (words: Uint32Array, start: number, end: number): boolean => {
    if (named.length < end - start) named = new Uint8Array(2 * (end - start));
    let any = false;
    for (let at = start; at < end; at += 1) {
      const lo = words[2 * at] as number;
      const flagged = words[2 * at + 1] as number;
      named[at - start] = isWord(lo, flagged & HI_MASK) ? 1 : 0;
      if (named[at - start] === 1) any = true;
      if (at === start || (flagged & FOLLOWS) === 0 || names.pairs.size === 0) continue;
      const aLo = words[2 * at - 2] as number;
      const aHi = (words[2 * at - 1] as number) & HI_MASK;
      const hi = flagged & HI_MASK;
      if (!isPair(phraseLo(aLo, aHi, lo, hi), phraseHi(aLo, aHi, lo, hi))) continue;
      any = true;
      named[at - start - 1] = 1;
      named[at - start] = 1;
    }
    return any;
  };

  return ({ words, ends }, post, visit) => {
    const start = post === 0 ? 0 : (ends[post - 1] as number);
    const end = ends[post] as number;
    const any = mark(words, start, end);
    for (let at = start; at < end; at += 1) {
      if (any && named[at - start] === 1) continue;
      const lo = words[2 * at] as number;
      const flagged = words[2 * at + 1] as number;
      const hi = flagged & HI_MASK;
      if ((flagged & ALONE) !== 0) visit(lo, hi);
      if (at === start || (flagged & FOLLOWS) === 0) continue;
      if (any && named[at - start - 1] === 1) continue;
      const before = words[2 * at - 1] as number;
      if (((flagged | before) & ALONE) === 0) continue;
      const aLo = words[2 * at - 2] as number;
      const aHi = before & HI_MASK;
      visit(phraseLo(aLo, aHi, lo, hi), phraseHi(aLo, aHi, lo, hi));
    }
  };
}

/** Calls `each` for the posts created in the window. */
export function eachPost(columns: PostColumns, window: Window, each: (post: number) => void): void {
  const { created } = columns;
  for (let post = 0; post < created.length; post += 1) {
    const at = created[post] as number;
    if (at >= window.fromMs && at < window.toMs) each(post);
  }
}

export function hashOfTerm(term: string): Hash {
  return term.includes(' ') ? hashOfPair(term) : hashOf(term);
}

function hashOfPair(pair: string): Hash {
  const [first = '', second = ''] = pair.split(' ');
  return hashOfPhrase(hashOf(first), hashOf(second));
}

const FILTER_SIZE = 4096;

/** Few hashes, asked for often: most questions end at one byte. */
function hashSet(hashes: readonly Hash[]): (lo: number, hi: number) => boolean {
  const filter = new Uint8Array(FILTER_SIZE);
  const byLo = new Map<number, Set<number>>();
  for (const { lo, hi } of hashes) {
    filter[lo % FILTER_SIZE] = 1;
    byLo.set(lo, (byLo.get(lo) ?? new Set()).add(hi));
  }
  return (lo, hi) => filter[lo & (FILTER_SIZE - 1)] === 1 && byLo.get(lo)?.has(hi) === true;
}
