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

/** Counts by term. Posts are told by numbers that ascend from 1 and never repeat. */
export class TermCounts {
  readonly #index = new TermIndex();
  #mentions = new Uint32Array(1024);
  #baseline = new Uint32Array(1024);
  /** The post in which the term was counted last, so that it counts once in each. */
  #lastPost = new Uint32Array(1024);

  get size(): number {
    return this.#index.size;
  }

  /** Answers the term's entry. */
  mention(lo: number, hi: number, post: number): number {
    const entry = this.#index.findOrAdd(lo, hi);
    if (entry >= this.#mentions.length) this.#grow();
    if (this.#lastPost[entry] === post) return entry;
    this.#lastPost[entry] = post;
    this.#mentions[entry] = (this.#mentions[entry] as number) + 1;
    return entry;
  }

  /** Counts a mention in the window before, of a term that the window has. */
  mentionBefore(lo: number, hi: number, post: number): void {
    const entry = this.#index.find(lo, hi);
    if (entry < 0 || this.#lastPost[entry] === post) return;
    this.#lastPost[entry] = post;
    this.#baseline[entry] = (this.#baseline[entry] as number) + 1;
  }

  mentionsAt(entry: number): number {
    return this.#mentions[entry] as number;
  }

  baselineAt(entry: number): number {
    return this.#baseline[entry] as number;
  }

  at(entry: number): TermCount {
    const [mentions, baseline] = [this.mentionsAt(entry), this.baselineAt(entry)];
    return { entry, ...this.#index.at(entry), mentions, baseline };
  }

  #grow(): void {
    this.#mentions = doubled(this.#mentions);
    this.#baseline = doubled(this.#baseline);
    this.#lastPost = doubled(this.#lastPost);
  }
}

/** Sizes stay below this, whatever is asked. */
const MAX_SKETCH = 2 ** 25;

/**
 * A first look at the terms of the window in one byte each: what it has not seen MIN_MENTIONS
 * times is no candidate, and most terms are not. Terms that share a byte can only make it say
 * more.
 */
export function sketchOf(los: Uint32Array): (lo: number) => boolean {
  const size = Math.min(MAX_SKETCH, 2 ** Math.ceil(Math.log2(1024 + 2 * los.length)));
  const seen = new Uint8Array(size);
  const mask = size - 1;
  for (const lo of los) {
    const count = seen[lo & mask] as number;
    if (count < MIN_MENTIONS) seen[lo & mask] = count + 1;
  }
  return (lo) => seen[lo & mask] === MIN_MENTIONS;
}
