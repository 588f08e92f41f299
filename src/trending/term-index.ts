/**
 * Numbers terms in the order of their arrival: open addressing in typed arrays, as a Map would
 * need an object or a text for each of some hundred thousand keys of 62 bits.
 */
export class TermIndex {
  #size = 0;
  #slots = new Int32Array(4096);
  #lo = new Uint32Array(2048);
  #hi = new Uint32Array(2048);

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
    if (this.#size === this.#lo.length) {
      this.#grow();
      slot = this.#slotOf(lo, hi);
    }
    this.#lo[this.#size] = lo;
    this.#hi[this.#size] = hi;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return this.#size - 1;
  }

  at(number: number): { lo: number; hi: number } {
    return { lo: this.#lo[number] as number, hi: this.#hi[number] as number };
  }

  /** Where the term stands or would stand; at most half of the slots are taken. */
  #slotOf(lo: number, hi: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = lo & mask; ; slot = (slot + 1) & mask) {
      const number = (slots[slot] as number) - 1;
      if (number < 0 || (this.#lo[number] === lo && this.#hi[number] === hi)) return slot;
    }
  }

  #grow(): void {
    this.#lo = doubled(this.#lo);
    this.#hi = doubled(this.#hi);
    this.#slots = new Int32Array(2 * this.#lo.length);
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
