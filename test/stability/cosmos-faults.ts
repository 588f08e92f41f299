import {
  cycleRows,
  type RowEnd,
  runCycleRow,
  undisturbed,
} from '../support/cosmos-fault-cycles.js';
import { memoryRow, readBench, readRows, runReadRow } from '../support/cosmos-fault-reads.js';
import { startRows } from '../support/cosmos-fault-starts.js';
import { inLanes } from '../support/lanes.js';

/**
 * The fault table of the store in an account of Azure Cosmos DB (`npm run test:stability`): each fault of an
 * account during reads, starts and cycles. `--rows PATTERN` runs only the rows whose names it fits; `--world TIME`
 * repeats the cycles of a run, as what Reddit holds depends on the hour.
 */
const pattern = new RegExp(option('--rows') ?? '');
const WORLD = option('--world') ?? new Date(Date.now() - 30 * 60_000).toISOString();
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
    print(`cycles: world at ${WORLD}`);
    const usual = await undisturbed(t, Date.parse(WORLD));
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
