import { type Cycle, requestsOf } from '../domain/cycle.js';

/** What a cycle brought, as lines of a table for a terminal. */
export function cycleTable(cycle: Cycle): string[] {
  const rows = cycle.subreddits.map((result) => [
    result.name,
    result.state,
    String(result.posts_new),
    String(result.comments_new),
    String(skippedOf(result.skipped)),
    String(result.requests),
    result.error === null ? '' : result.error.code,
  ]);
  const total = [2, 3, 4, 5].map((column) =>
    String(rows.reduce((sum, row) => sum + Number(row[column]), 0)),
  );
  return [
    ...aligned([
      ['subreddit', 'state', 'posts', 'comments', 'skipped', 'requests', ''],
      ...rows,
      ['total', '', ...total, ''],
    ]),
    ...upkeepLines(cycle.upkeep),
    `cycle ${cycle.id}: ${cycle.status}, ${requestsOf(cycle)} requests, ${((cycle.duration_ms ?? 0) / 1000).toFixed(1)} s`,
  ];
}

function upkeepLines(upkeep: Cycle['upkeep']): string[] {
  if (upkeep === null) return [];
  const { repair, refresh, sweep, blanked } = upkeep;
  const left = (count: number, to: string) => (count === 0 ? '' : `, ${count} left to ${to}`);
  const next = 'the next cycle';
  return [
    `repair: ${repair.threads} threads, ${repair.comments_new} comments${left(repair.left, next)}`,
    `refresh: ${refresh.asked} items, ${refresh.changed} changed${left(refresh.left, 'the sweep')}`,
    `sweep: ${sweep.asked} items, ${sweep.changed} changed${left(sweep.left, next)}; erased: ${blanked}`,
  ];
}

function skippedOf(skipped: Record<string, number>): number {
  return Object.values(skipped).reduce((sum, count) => sum + count, 0);
}

/** Text to the left, figures to the right. */
export function aligned(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        /^\d+$/.test(rows[1]?.[column] ?? '')
          ? cell.padStart(widths[column] ?? 0)
          : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
