import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ExecutionContext } from 'ava';
import type { Cycle } from '../../src/domain/cycle.js';
import { cycleBench, type CycleBench } from './cycle-bench.js';
import { faultsOf, type Row, THE_ONE } from './fault-table.js';

/** What this process held after a cycle. */
export interface Held {
  descriptors: number;
  heapMb: number;
}

export interface RowReport {
  /** Whatever was not as the table says; empty is success. */
  failures: string[];
  held: Held[];
  longestMs: number;
}

const MINUTE_MS = 60_000;
/** Before the first cycle under a fault, and before the healed one. */
const LONG_PAUSE_MS = 60 * MINUTE_MS;
/**
 * Two pages of comments in the long pause: what a cycle skipped in the second one is read
 * again only if the next one means to.
 */
const DENSE = { commentsPerHour: 600, historyHours: 1 };
/** Cycles until every lazy thing is loaded and every pool has its size. */
const WARM_UP = 4;
/** What the simulated world itself grows by, and noise of the collector. */
const HEAP_SLACK_MB = 3;

/** A cycle without a fault, `cycles` under it, and one after it: what the table says of it all. */
export async function runRow(
  t: Pick<ExecutionContext, 'teardown'>,
  row: Row,
  cycles: number,
): Promise<RowReport> {
  const skips = row.kind === 'wrong_types' || row.kind === 'missing_fields';
  const bench = await cycleBench(t, skips ? { simulation: DENSE } : {});
  const report: RowReport = { failures: [], held: [], longestMs: 0 };
  const expect = (fact: boolean, what: string) => {
    if (!fact) report.failures.push(what);
  };

  const first = await bench.cycle();
  expect(first.status === 'succeeded', `the first cycle ${first.status}`);
  bench.reddit.faults.add(faultsOf(row));
  for (let n = 1; n <= cycles; n += 1) {
    await bench.pass(n === 1 ? LONG_PAUSE_MS : 2 * MINUTE_MS);
    const cycle = await bench.cycle();
    for (const what of differences(cycle, row, bench)) expect(false, `cycle ${n}: ${what}`);
    report.longestMs = Math.max(report.longestMs, cycle.duration_ms ?? Number.POSITIVE_INFINITY);
    report.held.push(heldNow(n === WARM_UP + 1 || n === cycles));
  }
  expect(
    bench.reddit.faults.list().some(({ hits }) => hits >= cycles),
    'a fault was not met',
  );
  for (const what of growth(report.held)) expect(false, what);

  bench.reddit.faults.clear();
  await bench.pass(LONG_PAUSE_MS);
  const healed = await bench.cycle();
  expect(healed.status === 'succeeded', `healed: ${healed.status} ${codesOf(healed)}`);
  expect(bench.missing().length === 0, `healed: ${bench.missing().length} items are missing`);
  expect(
    healed.subreddits.every(({ gap, state }) => gap === null && state === 'active'),
    'healed: a gap, or a state that is not active',
  );
  const { differences: wrong } = await bench.store.verify({ repair: false });
  expect(wrong.length === 0, `${wrong.length} rollups differ from their items`);
  return report;
}

/** What of this record is not as the row says, and what the cycle left behind. */
function differences(cycle: Cycle, row: Row, bench: CycleBench): string[] {
  const found: string[] = [];
  const { status, fate, scope } = row;
  if (cycle.status !== status) found.push(`${cycle.status}, not ${status}`);
  for (const { name, state, error } of cycle.subreddits) {
    const befallen = scope !== 'one' || name === THE_ONE;
    const expected = befallen ? fate : { code: null, state: 'active' };
    const code = error?.code ?? null;
    if (code !== expected.code) found.push(`${name}: ${code}, not ${expected.code}`);
    if (state !== expected.state) found.push(`${name}: ${state}, not ${expected.state}`);
  }
  const { deadlineMs } = bench.config.collection;
  if ((cycle.duration_ms ?? Number.POSITIVE_INFINITY) > deadlineMs) {
    found.push(`${cycle.duration_ms} ms, with a deadline of ${deadlineMs}`);
  }
  if (bench.clock.sleeping > 0) found.push(`${bench.clock.sleeping} still asleep`);
  if (bench.reddit.faults.held() > 0) found.push(`${bench.reddit.faults.held()} connections held`);
  return found;
}

function codesOf(cycle: Cycle): string {
  return cycle.errors.map(({ code }) => code).join();
}

/** Nothing may grow from cycle to cycle once everything has been loaded. */
function growth(held: Held[]): string[] {
  const settled = held[WARM_UP];
  const last = held.at(-1);
  if (settled === undefined || last === undefined) return [];
  const found: string[] = [];
  if (last.descriptors > settled.descriptors) {
    found.push(`${settled.descriptors} descriptors became ${last.descriptors}`);
  }
  if (last.heapMb > settled.heapMb + HEAP_SLACK_MB) {
    found.push(`${settled.heapMb} MB of heap became ${last.heapMb}`);
  }
  return found;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** @param exact whether the garbage is collected first, which takes a while */
function heldNow(exact: boolean): Held {
  if (exact) collectGarbage();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    heapMb: Math.round(process.memoryUsage().heapUsed / 104_857.6) / 10,
  };
}
