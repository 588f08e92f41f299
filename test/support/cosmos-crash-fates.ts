import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '../../src/clock.js';
import type { Cycle } from '../../src/domain/cycle.js';
import type { CosmosCrashBench } from './cosmos-crash-bench.js';
import {
  mustBeClosed,
  mustCount,
  mustEqual,
  mustVerify,
  type Undisturbed,
} from './cosmos-crash-checks.js';
import { contentOf, isAt, numbered, type Point, stateOf } from './cosmos-crash-state.js';

/** Time for the stand-in to see that who asked is gone. */
const GONE_MS = 20;

/** Ends a collector at a point, and lets the next cycle follow; throws what is wrong after that. */
export async function killed(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  point: Point,
  recovered: Map<string, Promise<void>>,
): Promise<void> {
  await bench.withCopy(expected.from, async (database) => {
    await endAt(bench, database, point);
    const state = stateOf(bench, database);
    const before = recovered.get(state);
    if (before !== undefined) return before;
    const recovery = recover(bench, expected, database);
    recovered.set(state, recovery);
    return recovery;
  });
}

/** Runs a collector that is killed when it comes to the point. */
async function endAt(bench: CosmosCrashBench, database: string, point: Point): Promise<void> {
  const collector = bench.startCollector(database);
  const kill = async () => {
    collector.signal('SIGKILL');
    await collector.ended;
    await systemClock.sleep(GONE_MS);
    return undefined;
  };
  bench.watch(
    database,
    numbered((at) => (isAt(at, point) ? kill() : undefined)),
  );
  const { by, errors } = await collector.ended;
  if (by !== 'SIGKILL') throw new Error(`it ended with ${by}, not by SIGKILL: ${errors.trim()}`);
  await systemClock.sleep(2 * GONE_MS);
  bench.watch(database, null);
}

async function recover(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  database: string,
): Promise<void> {
  await mustVerify(bench, database);
  const before = contentOf(bench, database);
  const record = await bench.collectHere(database);
  await mustVerify(bench, database);
  const after = contentOf(bench, database);
  mustCount(record, before, after);
  mustEqual(after, expected);
  await mustBeClosed(bench, database);
}

/** Takes the answer to a request away; the cycle must be as an undisturbed one, its record included. */
export async function bereft(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  point: Point,
): Promise<void> {
  await bench.withCopy(expected.from, async (database) => {
    let lost = 0;
    const lose = async () => {
      lost += 1;
      return 'lost' as const;
    };
    bench.watch(
      database,
      numbered((at) => (isAt(at, point) ? lose() : undefined)),
    );
    const record = await bench.collectHere(database);
    bench.watch(database, null);
    if (lost !== 1) throw new Error(`${lost} answers were lost`);
    await mustVerify(bench, database);
    mustEqual(contentOf(bench, database), { ...expected, further: expected.content });
    const [mine, other] = [record, expected.record].map(comparable);
    if (!isDeepStrictEqual(mine, other)) {
      throw new Error(`its record is ${JSON.stringify(mine)}, not ${JSON.stringify(other)}`);
    }
    await mustBeClosed(bench, database);
  });
}

/** A record without times, and what differs between processes. */
function comparable({ status, errors, subreddits, upkeep }: Cycle) {
  const counts = subreddits.map(({ duration_ms: _, ...rest }) => rest);
  return { status, errors, counts, upkeep };
}
