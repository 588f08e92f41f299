import { ROWS } from '../support/fault-table.js';
import { runRow } from '../support/fault-rows.js';

/** `--rows PATTERN` of `kind scope` runs only some; `--cycles N` (20) under each fault. */
const pattern = new RegExp(option('--rows') ?? '');
const cycles = Number(option('--cycles') ?? 20);
const print = (line: string) => process.stdout.write(`${line}\n`);

const rows = ROWS.filter(({ kind, scope }) => pattern.test(`${kind} ${scope}`));
let good = 0;
for (const row of rows) {
  const releases: (() => unknown)[] = [];
  const began = performance.now();
  try {
    const report = await runRow(
      { teardown: (release) => void releases.push(release) },
      row,
      cycles,
    );
    const [first, last] = [report.held[0], report.held.at(-1)];
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    print(
      `${row.kind} ${row.scope}: ${row.status}, ${report.longestMs} ms, ` +
        `descriptors ${first?.descriptors}-${last?.descriptors}, heap ${first?.heapMb}-${last?.heapMb} MB, ${seconds} s`,
    );
    for (const failure of report.failures) print(`  FAILED ${failure}`);
    if (report.failures.length === 0) good += 1;
  } finally {
    for (const release of releases.reverse()) await release();
  }
}
print(`${good} of ${rows.length} faults came to what they must`);
process.exitCode = good === rows.length ? 0 : 1;

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}
