import type { Window } from '../domain/window.js';
import type { PostColumns } from './columns.js';
import { eachPost, type ScanPost } from './scan.js';
import type { Steps } from './steps.js';

/** A post: columns and the place in them. */
export type Place = readonly [columns: PostColumns, post: number];

/** The posts of a window and their terms, one after the other. */
export interface WindowTerms {
  places: readonly Place[];
  /** Where each post's terms end; the next one's begin there. */
  ends: readonly number[];
  lo: Uint32Array;
  hi: Uint32Array;
}

/** What is asked several times, read out once: 8 bytes a term. */
export function* windowTermsOf(
  columns: readonly PostColumns[],
  window: Window,
  scan: ScanPost,
): Steps<WindowTerms> {
  // A word is at most two terms, and takes two numbers.
  const most = columns.reduce((sum, { numbers, wordsAt }) => sum + numbers.length - wordsAt, 0);
  const lo = new Uint32Array(most);
  const hi = new Uint32Array(most);
  const places: Place[] = [];
  const ends: number[] = [];
  let size = 0;
  const visit = (termLo: number, termHi: number) => {
    lo[size] = termLo;
    hi[size] = termHi;
    size += 1;
  };
  for (const each of columns) {
    eachPost(each, window, (post) => {
      scan(each, post, visit);
      places.push([each, post]);
      ends.push(size);
    });
    yield;
  }
  return { places, ends, lo: lo.subarray(0, size), hi: hi.subarray(0, size) };
}
