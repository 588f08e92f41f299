import { writeFileSync } from 'node:fs';
import { ROWS } from '../support/fault-table.js';
import { growth, runSystemFaults, SHORT } from '../support/system-faults.js';
import { startSystem } from '../support/system.js';

/**
 * Real `api`, `jobs` and simulator processes: every kind of fault on every route, three on the
 * token route, and twenty cycles of silence, while every read route is asked over and over
 * and descriptors and memory are looked at (`npm run test:stability`).
 *
 * `--rows PATTERN` runs only some; `--figures FILE` keeps the figures.
 */
const SILENT_CYCLES = 20;
const TOKEN_KINDS = ['silent', 'unauthorized', 'rate_limited'];
const pattern = new RegExp(option('--rows') ?? '');
const print = (line: string) => process.stdout.write(`${line}\n`);

const rows = ROWS.filter(
  ({ kind, scope }) => scope === 'all' || (scope === 'token' && TOKEN_KINDS.includes(kind)),
)
  .filter(({ kind, scope }) => pattern.test(`${kind} ${scope}`))
  .map((row) => ({
    row,
    cycles: row.kind === 'silent' && row.scope === 'all' ? SILENT_CYCLES : 1,
  }));

const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
try {
  const system = await startSystem(t, { subreddits: ['claude', 'aws'], env: SHORT });
  const run = await runSystemFaults(system, rows, print);
  const failures = [...run.failures, ...growth(run.figures)];
  const ends = await system.end();
  for (const [name, end] of Object.entries(ends)) {
    if (end !== 0) failures.push(`${name} ended with ${end}`);
  }
  for (const failure of failures) print(`FAILED ${failure}`);
  const [first, last] = [run.figures[0], run.figures.at(-1)];
  print(`first ${JSON.stringify(first)}, last ${JSON.stringify(last)}`);
  print(`${run.reads.reads} reads, slowest ${run.reads.slowestMs} ms`);
  const file = option('--figures');
  if (file !== null) writeFileSync(file, JSON.stringify(run.figures));
  print(`${failures.length === 0 ? 1 : 0} of 1 systems unharmed by ${rows.length} faults`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  for (const release of releases.reverse()) await release();
}

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}
