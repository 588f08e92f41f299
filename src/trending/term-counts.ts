/** How many posts mention a term, in the window and in the one before. */
export interface TermCount {
  lo: number;
  hi: number;
  mentions: number;
  baseline: number;
}

/** A topic has at least so many posts. */
export const MIN_MENTIONS = 3;

/**
 * A first look at all terms of the window in one byte per term: what it has not seen
 * MIN_MENTIONS times is no candidate, and most terms are not. Others that share the byte can
 * only make it say more.
 */
export class Sketch {
  readonly #seen: Uint8Array;
  readonly #mask: number;

  /** @param terms how many will be noted, repeated ones included */
  constructor(terms: number) {
    const size = Math.min(MAX_SKETCH, powerOfTwo(2 * terms));
    this.#seen = new Uint8Array(size);
    this.#mask = size - 1;
  }

  note(lo: number): void {
    const at = lo & this.#mask;
    const seen = this.#seen[at] as number;
    if (seen < MIN_MENTIONS) this.#seen[at] = seen + 1;
  }

  isFrequent(lo: number): boolean {
    return this.#seen[lo & this.#mask] === MIN_MENTIONS;
  }
}

const MAX_SKETCH = 2 ** 25;

/** Counts by term, in typed arrays: open addressing over a dense list of entries. */
export class TermCounts {
  #size = 0;
  #slots = new Int32Array(2048);
  #lo = new Uint32Array(1024);
  #hi = new Uint32Array(1024);
  #mentions = new Uint32Array(1024);
  #baseline = new Uint32Array(1024);
  /** The post in which the term was counted last, so that it counts once in each. */
  #lastPost = new Int32Array(1024).fill(-1);

  get size(): number {
    return this.#size;
  }

  /** The entry of a term; -1 when there is none. */
  find(lo: number, hi: number): number {
    const entry = this.#slots[this.#slotOf(lo, hi)] as number;
    return entry - 1;
  }

  /** Posts are numbered; a number that was used for the window is not used for the baseline. */
  mention(lo: number, hi: number, post: number): void {
    const entry = this.#findOrAdd(lo, hi);
    if (this.#lastPost[entry] === post) return;
    this.#lastPost[entry] = post;
    this.#mentions[entry] = (this.#mentions[entry] as number) + 1;
  }

  /** Counts a mention in the window before, of a term that the window has. */
  mentionBefore(lo: number, hi: number, post: number): void {
    const entry = this.find(lo, hi);
    if (entry < 0 || this.#lastPost[entry] === post) return;
    this.#lastPost[entry] = post;
    this.#baseline[entry] = (this.#baseline[entry] as number) + 1;
  }

  at(entry: number): TermCount {
    return {
      lo: this.#lo[entry] as number,
      hi: this.#hi[entry] as number,
      mentions: this.mentionsAt(entry),
      baseline: this.baselineAt(entry),
    };
  }

  mentionsAt(entry: number): number {
    return this.#mentions[entry] as number;
  }

  baselineAt(entry: number): number {
    return this.#baseline[entry] as number;
  }

  #findOrAdd(lo: number, hi: number): number {
    let slot = this.#slotOf(lo, hi);
    const found = this.#slots[slot] as number;
    if (found > 0) return found - 1;
    if (this.#size === this.#lo.length) {
      this.#grow();
      slot = this.#slotOf(lo, hi);
    }
    const entry = this.#size;
    this.#size += 1;
    this.#lo[entry] = lo;
    this.#hi[entry] = hi;
    this.#slots[slot] = entry + 1;
    return entry;
  }

  /** Where the term stands or would stand; at most half of the slots are taken. */
  #slotOf(lo: number, hi: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = lo & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1;
      if (entry < 0 || (this.#lo[entry] === lo && this.#hi[entry] === hi)) return slot;
    }
  }

  #grow(): void {
    const size = 2 * this.#lo.length;
    this.#lo = larger(this.#lo, size);
    this.#hi = larger(this.#hi, size);
    this.#mentions = larger(this.#mentions, size);
    this.#baseline = larger(this.#baseline, size);
    const lastPost = new Int32Array(size).fill(-1);
    lastPost.set(this.#lastPost);
    this.#lastPost = lastPost;
    this.#slots = new Int32Array(2 * size);
    for (let entry = 0; entry < this.#size; entry += 1) {
      const slot = this.#slotOf(this.#lo[entry] as number, this.#hi[entry] as number);
      this.#slots[slot] = entry + 1;
    }
  }
}

function larger(array: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(size);
  copy.set(array);
  return copy;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1024, atLeast)));
}
