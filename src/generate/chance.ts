import type { Random } from '../simulator/random.js';

/** Zipf's law with exponent 1: shares of `count` things by rank, summing to 1. */
export function zipfShares(count: number): number[] {
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** An index, each with the probability of its share. */
export function pickByShare(shares: readonly number[], random: Random): number {
  let left = random.next();
  const index = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return index === -1 ? shares.length - 1 : index;
}

/** How much less than Zipf's law says the first ranks have: nobody writes a tenth of everything. */
const FLATTENED = 20;

/** A rank from 1 to `count` after Zipf and Mandelbrot, 1 / (rank + 20), without a table. */
export function zipfRank(count: number, random: Random): number {
  const first = FLATTENED + 1;
  const spread = Math.log((count + first) / first);
  return Math.floor(first * Math.exp(random.next() * spread)) - FLATTENED;
}

/** Pareto-distributed from 1 on: the larger the `tail` (0 … 1), the heavier; at most `most`. */
export function heavyTailed(tail: number, most: number, random: Random): number {
  return Math.min(most, (1 - random.next()) ** -tail);
}

/**
 * A number of a measured distribution: `quantiles` are [probability, value], both ascending,
 * from 0 to 1; between two of them values grow evenly.
 */
export function fromQuantiles(
  quantiles: readonly (readonly [probability: number, value: number])[],
  random: Random,
): number {
  const at = random.next();
  const above = Math.max(
    1,
    quantiles.findIndex(([probability]) => probability > at),
  );
  const [p0, v0] = quantiles[above - 1] ?? [0, 0];
  const [p1, v1] = quantiles[above] ?? [1, 0];
  return Math.round(v0 + ((v1 - v0) * (at - p0)) / (p1 - p0));
}
