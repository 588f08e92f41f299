import {
  cycleRows,
  type RowEnd,
  runCycleRow,
  undisturbed,
} from '../support/cosmos-fault-cycles.js';
import { memoryRow, readBench, readRows, runReadRow } from '../support/cosmos-fault-reads.js';
import { startRows } from '../support/cosmos-fault-starts.js';
import { inLanes } from '../support/lanes.js';

/** `--rows PATTERN` runs only the rows whose names it fits. */
const pattern = new RegExp(option('--rows') ?? '');
const print = (line: string) => process.stdout.write(`${line}\n`);
const wanted = <T extends { name: string }>(rows: T[]) =>
  rows.filter(({ name }) => pattern.test(name));
/** Cycles under a fault wait most of the time. */
const CYCLES_AT_ONCE = 6;

type Teardown = { teardown(release: () => unknown): void };
const ends: boolean[] = [];

/** One row, with everything that it opened closed after it. */
async function conclude(name: string, run: (t: Teardown) => Promise<RowEnd>): Promise<void> {
  const releases: (() => unknown)[] = [];
  const end = await run({ teardown: (release) => void releases.push(release) }).catch(
    (error: unknown) => ({ came: 'broke off', failures: [String(error)] }),
  );
  for (const release of releases.reverse()) await release();
  print(`${name}: ${end.came}`);
  for (const failure of end.failures) print(`  FAILED ${failure}`);
  ends.push(end.failures.length === 0);
}

const releases: (() => unknown)[] = [];
const t: Teardown = { teardown: (release) => void releases.push(release) };
try {
  const reads = wanted(readRows());
  if (reads.length > 0) {
    const bench = await readBench(t);
    for (const row of reads) await conclude(row.name, () => runReadRow(bench, row));
    await conclude('reads: memory of the API after each', async () => memoryRow(bench));
  }
  for (const { name, run } of wanted(startRows())) await conclude(name, run);
  const cycles = wanted(cycleRows());
  if (cycles.length > 0) {
    const usual = await undisturbed(t);
    await inLanes(CYCLES_AT_ONCE, cycles, (row) =>
      conclude(row.name, (own) => runCycleRow(own, row, usual)),
    );
  }
} finally {
  for (const release of releases.reverse()) await release();
}
const good = ends.filter(Boolean).length;
print(`${good} of ${ends.length} faults came to what they must`);
process.exitCode = good === ends.length ? 0 : 1;

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}
