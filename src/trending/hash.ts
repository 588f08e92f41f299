/**
 * 62 bits in two halves, so that no arithmetic leaves what JavaScript does fast: `lo` has 32,
 * `hi` 30, which leaves two bits of its word to flags. Among a million different terms two share
 * a hash with a probability of 1e-7; they would then be counted as one. Two multiplicative
 * lanes over UTF-16 units and a final mix, after cyrb53 (github.com/bryc/code, public domain).
 */
export interface Hash {
  lo: number;
  hi: number;
}

export const HI_MASK = 0x3fff_ffff;

export function hashOf(text: string): Hash {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  return { lo: mix(a ^ Math.imul(b, 0x85ebca6b)), hi: mix(b ^ Math.imul(a, 0xc2b2ae35)) & HI_MASK };
}

/** Halves of the hash of a phrase, from those of its words. */
export function phraseLo(aLo: number, aHi: number, bLo: number, bHi: number): number {
  return mix(Math.imul(aLo, 0x85ebca6b) + Math.imul(bLo, 0xc2b2ae35) + aHi - bHi);
}

export function phraseHi(aLo: number, aHi: number, bLo: number, bHi: number): number {
  return mix(Math.imul(aHi, 0x9e3779b1) + Math.imul(bHi, 0x27d4eb2f) + aLo - bLo) & HI_MASK;
}

export function hashOfPhrase(a: Hash, b: Hash): Hash {
  return { lo: phraseLo(a.lo, a.hi, b.lo, b.hi), hi: phraseHi(a.lo, a.hi, b.lo, b.hi) };
}

/** 16 hexadecimal digits. */
export function hexOf({ lo, hi }: Hash): string {
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
}

/** MurmurHash3's finaliser, to 32 bits without sign. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
