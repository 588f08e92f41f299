import { existsSync } from 'node:fs';
import { simulateWeek } from '../support/week.js';
import { compareWeek } from '../support/week-truth.js';

/** `[COUNT [FIRST]]`: so many weeks (12), from this seed on (1). A failed one can be run alone. */
const count = Number(process.argv[2] ?? 12);
const first = Number(process.argv[3] ?? 1);
const SHOWN = 10;
const print = (line: string) => process.stdout.write(`${line}\n`);

// A week writes some gigabytes that nobody needs on a disk.
if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';

let good = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const releases: (() => unknown)[] = [];
  const began = performance.now();
  try {
    const week = await simulateWeek({ teardown: (release) => void releases.push(release) }, seed);
    const report = await compareWeek(week);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const settled = report.gaps.map(({ kind, status, missing }) => `${kind} ${status} ${missing}`);
    print(
      `seed ${seed}: ${week.cycles.length} cycles, ${report.due} items due, ${report.stored} stored, ` +
        `${report.gone} gone, gaps [${settled.join(', ')}] for ${report.covered} items, ${seconds} s`,
    );
    for (const one of report.differences.slice(0, SHOWN)) print(`  FAILED ${one}`);
    const more = report.differences.length - SHOWN;
    if (more > 0) print(`  and ${more} more; again: node dist/test/stability/week.js 1 ${seed}`);
    if (report.differences.length === 0) good += 1;
  } finally {
    for (const release of releases.reverse()) await release();
  }
}
print(`${good} of ${count} weeks equal the truth`);
process.exitCode = good === count ? 0 : 1;
