import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { progressLine } from '../progress.js';
import { withStore } from '../store-command.js';
import type { VerifyDifference, VerifyReport } from '../store/store.js';

const HELP = `Usage: npm run verify-store -- [--repair] [--json] [--help]

Recounts every hourly rollup from the stored items, the terms of every
hour from their titles, and whatever else the store derives from items, and
compares. The store is the one that the configuration names (STORE); it is read
while others write to it.

  --repair   write what was recounted where it differs, then compare again
  --json     print the report as one JSON object
  --help     print this

Exit codes: 0 no differences (any more), 1 differences or interrupted, 64 wrong usage,
69 the store cannot be reached, 78 wrong configuration or unusable store.
`;

const LISTED = 20;

await runCommand(
  {
    name: 'verify-store',
    help: HELP,
    options: {
      repair: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }, signal) => {
    return withStore('verify-store', signal, async (store) => {
      const progress = progressLine(systemClock, process.stderr);
      const onProgress = (items: number) => progress.show(`${items} items looked at`);
      const found = await store.verify({ repair: values.repair, onProgress, signal });
      const report = found.repaired
        ? await store.verify({ repair: false, onProgress, signal })
        : found;
      progress.clear();
      const repaired = found.repaired ? found.differences.length + found.stale_terms : 0;
      process.stdout.write(values.json ? asJson(report, repaired) : asText(report, repaired));
      return report.differences.length === 0 ? 0 : 1;
    });
  },
);

function asJson(report: VerifyReport, repaired: number): string {
  return `${JSON.stringify({ ...report, repaired })}\n`;
}

function asText(
  { items, rollups, differences, stale_terms }: VerifyReport,
  repaired: number,
): string {
  const lines = [`${items} items, ${rollups} hourly rollups`];
  if (repaired > 0) lines.push(`${repaired} hours repaired`);
  if (stale_terms > 0) lines.push(`${stale_terms} hours whose terms are read from the posts`);
  lines.push(`${differences.length} differences`, ...differences.slice(0, LISTED).map(asLine));
  if (differences.length > LISTED) lines.push(`  … and ${differences.length - LISTED} more`);
  return `${lines.join('\n')}\n`;
}

function asLine(difference: VerifyDifference): string {
  const { subreddit, hour, stored, recomputed, wrong_terms, also = [] } = difference;
  const counts = (rollup: VerifyDifference['stored']) => {
    if (rollup === null) return 'none';
    const { posts, comments, positive, negative, neutral, score_sum } = rollup;
    const threads = `${rollup.thread_comments_stored} of ${rollup.thread_comments} in its threads`;
    return `${posts} posts, ${comments} comments (+${positive} −${negative} =${neutral}), score sum ${score_sum}, last ${rollup.last_item_at}, ${threads}`;
  };
  const terms = wrong_terms ? ['the terms of its posts are wrong'] : [];
  const said = [...terms, ...also];
  if (hour === null) return `  r/${subreddit}: ${said.join('; ')}`;
  const rollups = `stored ${counts(stored)}; recounted ${counts(recomputed)}`;
  return `  r/${subreddit} ${hour}: ${[rollups, ...said].join('; ')}`;
}
