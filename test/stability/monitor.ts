import { makeBed } from '../support/monitor-bed.js';
import type { Row } from '../support/monitor-rows.js';
import { CHANNEL_ROWS } from '../support/monitor-rows-channels.js';
import { END_ROWS } from '../support/monitor-rows-ends.js';
import { MEMORY_ROWS } from '../support/monitor-rows-memory.js';
import { LONELY_ROWS, PM2_ROWS } from '../support/monitor-rows-pm2.js';
import { PROCESS_ROWS } from '../support/monitor-rows-process.js';
import { STORE_ROWS } from '../support/monitor-rows-store.js';
import { telling } from '../support/monitor-telling.js';

/**
 * The real monitor, PM2 and processes of the real ecosystem file: each row brings a fault
 * about, watches what is done and told of it, and heals it (`npm run test:stability`).
 *
 * Arguments are parts of names: only rows that have one of them are run.
 */
const parts = process.argv.slice(2);
const print = (line: string) => process.stdout.write(`${line}\n`);
/**
 * Rows share nothing and mostly wait, so three are run at a time. What asks a debugger stands in
 * the first lane alone: all processes of Node.js open theirs on the same port.
 */
const LANES = [
  PROCESS_ROWS,
  [...END_ROWS, ...STORE_ROWS],
  [...MEMORY_ROWS, ...PM2_ROWS, ...CHANNEL_ROWS],
].map((rows) => rows.filter(isChosen));
const lonely = LONELY_ROWS.filter(isChosen);
const chosen = [...lonely, ...LANES.flat()];

/** What ends the rows that are being run. */
const open = new Set<(() => unknown)[]>();
/** Nothing may outlive it: PM2's daemon and what it runs would, and the folder. */
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.once(signal, () => {
    print(`${signal}: ending what was started`);
    void Promise.all([...open].map(releaseAll)).finally(() => process.exit(code));
  });
}

let cured = 0;
await runLane(lonely);
await Promise.all(LANES.map(runLane));
print(`${cured} of ${chosen.length} faults cured`);
process.exitCode = chosen.length > 0 && cured === chosen.length ? 0 : 1;

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isChosen({ name }: Row): boolean {
  return parts.length === 0 || parts.some((part) => name.includes(part));
}

async function runLane(rows: Row[]): Promise<void> {
  for (const row of rows) {
    const began = performance.now();
    const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
    try {
      const came = await runRow(row);
      cured += 1;
      print(`✔ ${row.name} (${seconds()} s): ${came}`);
    } catch (error) {
      print(`✘ ${row.name} (${seconds()} s): ${toMessage(error)}`);
    }
  }
}

async function runRow({ options, started = true, run }: Row): Promise<string> {
  const releases: (() => unknown)[] = [];
  open.add(releases);
  try {
    const bed = await makeBed({ teardown: (release) => void releases.push(release) }, options);
    const told = telling(bed);
    try {
      if (started) {
        await bed.start();
        await bed.steady();
      }
      return await told.audit(await run(bed, told));
    } catch (error) {
      for (const line of bed.log('monitor').slice(-15)) print(`    ${JSON.stringify(line)}`);
      throw error;
    }
  } finally {
    await releaseAll(releases);
    open.delete(releases);
  }
}

/** Newest first, each once, whoever asks for it. */
async function releaseAll(releases: (() => unknown)[]): Promise<void> {
  for (let release = releases.pop(); release; release = releases.pop()) await release();
}
