import { MIN_MENTIONS, type TermCount, type TermCounts } from './term-counts.js';

/** Posts of the window and of the one before. */
export interface Totals {
  window: number;
  baseline: number;
}

export interface Candidate extends TermCount {
  /** Signed log-likelihood of the rise, > 0; 0 when the baseline has no posts. */
  score: number;
}

/** Terms that may become a topic or a keyword: the best ones; the rest of them no one would see. */
export const MAX_CANDIDATES = 1000;

/**
 * Whether the share of posts that mention the term is above that in the window before. A window
 * before without posts has the share 0.
 */
function rises(mentions: number, baseline: number, totals: Totals): boolean {
  return totals.baseline === 0 || mentions * totals.baseline > baseline * totals.window;
}

/**
 * Log-likelihood ratio G² of "both windows have the same share" over the 2 × 2 table of posts that
 * mention the term and do not: Dunning, "Accurate Methods for the Statistics of Surprise and
 * Coincidence", Computational Linguistics 19(1), 1993. To six decimals, so that equal tables are
 * equal whatever the order of the sums. Without posts in the baseline there is no evidence: 0.
 */
export function logLikelihood(mentions: number, baseline: number, totals: Totals): number {
  if (totals.baseline === 0 || totals.window === 0) return 0;
  const share = (mentions + baseline) / (totals.window + totals.baseline);
  const cell = (seen: number, expected: number) =>
    seen === 0 ? 0 : seen * Math.log(seen / expected);
  const sum =
    cell(mentions, totals.window * share) +
    cell(baseline, totals.baseline * share) +
    cell(totals.window - mentions, totals.window * (1 - share)) +
    cell(totals.baseline - baseline, totals.baseline * (1 - share));
  return Math.round(2e6 * sum) / 1e6;
}

/**
 * The terms with MIN_MENTIONS that rise, best first: by score, then mentions; of several alike at
 * the end of the list the hash decides, as their texts are not known yet.
 */
export function candidatesOf(counts: TermCounts, totals: Totals): Candidate[] {
  const entries: number[] = [];
  const scores = new Float64Array(counts.size);
  for (let entry = 0; entry < counts.size; entry += 1) {
    const mentions = counts.mentionsAt(entry);
    const baseline = counts.baselineAt(entry);
    if (mentions < MIN_MENTIONS || !rises(mentions, baseline, totals)) continue;
    scores[entries.length] = logLikelihood(mentions, baseline, totals);
    entries.push(entry);
  }
  const found = scores.subarray(0, entries.length);
  const threshold = found.slice().sort().at(-MAX_CANDIDATES) ?? Number.NEGATIVE_INFINITY;
  return entries
    .flatMap((entry, at) => {
      const score = found[at] as number;
      return score < threshold ? [] : [{ ...counts.at(entry), score }];
    })
    .sort((a, b) => b.score - a.score || b.mentions - a.mentions || a.hi - b.hi || a.lo - b.lo)
    .slice(0, MAX_CANDIDATES);
}
