import type { ImportCounts } from '../store/import-store.js';

/** Line numbers kept of each reason. */
const KEPT_LINES = 5;

export function noCounts(): ImportCounts {
  return { posts_new: 0, comments_new: 0, known: 0, skipped: {} };
}

export function countSkipped(counts: ImportCounts, reason: string, line: number): void {
  counts.skipped[reason] ??= { count: 0, lines: [] };
  const skipped = counts.skipped[reason];
  skipped.count += 1;
  if (skipped.lines.length < KEPT_LINES) skipped.lines.push(line);
}

/** Of several sources; line numbers mean nothing across them. */
export function sumCounts(files: readonly { counts: ImportCounts }[]) {
  const sum = { posts_new: 0, comments_new: 0, known: 0, skipped: {} as Record<string, number> };
  for (const { counts } of files) {
    sum.posts_new += counts.posts_new;
    sum.comments_new += counts.comments_new;
    sum.known += counts.known;
    for (const [reason, { count }] of Object.entries(counts.skipped)) {
      sum.skipped[reason] = (sum.skipped[reason] ?? 0) + count;
    }
  }
  return sum;
}

/** Lines that should have been stored: age alone is no fault of a line. */
export function faultyLines(counts: ImportCounts): number {
  return Object.entries(counts.skipped).reduce(
    (sum, [reason, { count }]) => sum + (reason === 'past_retention' ? 0 : count),
    0,
  );
}
