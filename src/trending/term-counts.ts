import type { Steps } from './steps.js';
import { doubled, TermIndex } from './term-index.js';

/** How many posts mention a term, in the window and in the one before. */
export interface TermCount {
  /** In the counts it comes from. */
  entry: number;
  lo: number;
  hi: number;
  mentions: number;
  baseline: number;
}

/** A topic has at least so many posts. */
export const MIN_MENTIONS = 3;

/** What stands for each term, side by side: a term's numbers are asked for together. */
const WIDTH = 4;
const MENTIONS = 0;
const BASELINE = 1;
/** The post in which the term was counted last, so that it counts once in each. */
const LAST_POST = 2;

/** Counts by term. Posts are told by numbers that ascend from 1 and never repeat. */
export class TermCounts {
  readonly #index = new TermIndex();
  #counts = new Uint32Array(WIDTH * 1024);

  get size(): number {
    return this.#index.size;
  }

  /** Answers the term's entry. */
  mention(lo: number, hi: number, post: number): number {
    const entry = this.#index.findOrAdd(lo, hi);
    if (WIDTH * entry >= this.#counts.length) this.#counts = doubled(this.#counts);
    this.#count(entry, MENTIONS, post);
    return entry;
  }

  /** Counts a mention in the window before, of a term that the window has. */
  mentionBefore(lo: number, hi: number, post: number): void {
    const entry = this.#index.find(lo, hi);
    if (entry >= 0) this.#count(entry, BASELINE, post);
  }

  mentionsAt(entry: number): number {
    return this.#counts[WIDTH * entry + MENTIONS] as number;
  }

  baselineAt(entry: number): number {
    return this.#counts[WIDTH * entry + BASELINE] as number;
  }

  at(entry: number): TermCount {
    const [mentions, baseline] = [this.mentionsAt(entry), this.baselineAt(entry)];
    return { entry, ...this.#index.at(entry), mentions, baseline };
  }

  #count(entry: number, column: number, post: number): void {
    const at = WIDTH * entry;
    if (this.#counts[at + LAST_POST] === post) return;
    this.#counts[at + LAST_POST] = post;
    this.#counts[at + column] = (this.#counts[at + column] as number) + 1;
  }
}

/** Sizes stay below this, whatever is asked. */
const MAX_SKETCH = 2 ** 25;
/** A millisecond or two. */
const TERMS_A_STEP = 32_768;

/**
 * A first look at the terms of the window in one byte each: what it has not seen MIN_MENTIONS
 * times is no candidate, and most terms are not. Terms that share a byte can only make it say
 * more.
 */
export function* sketchOf(los: Uint32Array): Steps<(lo: number) => boolean> {
  const size = Math.min(MAX_SKETCH, 2 ** Math.ceil(Math.log2(1024 + 2 * los.length)));
  const seen = new Uint8Array(size);
  const mask = size - 1;
  for (const [at, lo] of los.entries()) {
    if (at % TERMS_A_STEP === 0) yield;
    const count = seen[lo & mask] as number;
    if (count < MIN_MENTIONS) seen[lo & mask] = count + 1;
  }
  return (lo) => seen[lo & mask] === MIN_MENTIONS;
}
