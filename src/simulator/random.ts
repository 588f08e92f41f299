/**
 * Repeatable chance: the same seed gives the same numbers on every machine, which
 * `Math.random` does not. Good enough to make texts and times, for nothing else.
 */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
  /** 0 ≤ x < `bound`, whole. */
  integer(bound: number): number;
  pick<T>(choices: readonly T[]): T;
  chance(probability: number): boolean;
  /** How many independent events happen where `mean` are expected. */
  poisson(mean: number): number;
  /** A positive number with this mean; small ones are likelier. */
  exponential(mean: number): number;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, one multiplication a step. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    integer,
    pick: <T>(choices: readonly T[]) => {
      const chosen = choices[integer(choices.length)];
      if (chosen === undefined) throw new RangeError('nothing to pick from');
      return chosen;
    },
    chance: (probability) => next() < probability,
    poisson: (mean) => {
      let count = 0;
      for (let left = mean; left > 0; left -= LARGEST_MEAN) {
        count += poissonBelow(Math.min(left, LARGEST_MEAN), next);
      }
      return count;
    },
    exponential: (mean) => -Math.log(1 - next()) * mean,
  };
}

/** Above this, e to the minus mean comes near the smallest number there is. */
const LARGEST_MEAN = 100;

/** Knuth, The Art of Computer Programming, volume 2, section 3.4.1. */
function poissonBelow(mean: number, next: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = next(); product > limit; product *= next()) count += 1;
  return count;
}

/** FNV-1a over UTF-16 units with MurmurHash3's finaliser: 32 well-mixed bits of any text. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
