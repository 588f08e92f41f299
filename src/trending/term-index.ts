/**
 * Numbers terms in the order of their arrival: open addressing in typed arrays, as a Map would
 * need an object or a text for each of some hundred thousand keys of 62 bits.
 */
export class TermIndex {
  #size = 0;
  #slots = new Int32Array(4096);
  /** `lo` and `hi` of each, side by side, as one is hardly ever asked for without the other. */
  #hashes = new Uint32Array(4096);

  get size(): number {
    return this.#size;
  }

  /** -1 when it is not there. */
  find(lo: number, hi: number): number {
    return (this.#slots[this.#slotOf(lo, hi)] as number) - 1;
  }

  findOrAdd(lo: number, hi: number): number {
    let slot = this.#slotOf(lo, hi);
    const found = this.#slots[slot] as number;
    if (found > 0) return found - 1;
    if (2 * this.#size === this.#hashes.length) {
      this.#grow();
      slot = this.#slotOf(lo, hi);
    }
    this.#hashes[2 * this.#size] = lo;
    this.#hashes[2 * this.#size + 1] = hi;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return this.#size - 1;
  }

  at(number: number): { lo: number; hi: number } {
    const hashes = this.#hashes;
    return { lo: hashes[2 * number] as number, hi: hashes[2 * number + 1] as number };
  }

  /** Where the term stands or would stand; at most half of the slots are taken. */
  #slotOf(lo: number, hi: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    for (let slot = lo & mask; ; slot = (slot + 1) & mask) {
      const number = (slots[slot] as number) - 1;
      if (number < 0 || (hashes[2 * number] === lo && hashes[2 * number + 1] === hi)) return slot;
    }
  }

  #grow(): void {
    this.#hashes = doubled(this.#hashes);
    this.#slots = new Int32Array(this.#hashes.length);
    for (let number = 0; number < this.#size; number += 1) {
      const { lo, hi } = this.at(number);
      this.#slots[this.#slotOf(lo, hi)] = number + 1;
    }
  }
}

export function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(2 * array.length);
  copy.set(array);
  return copy;
}
