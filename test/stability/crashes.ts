import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '../../src/clock.js';
import { CrashBench, type Content, contentOf } from '../support/crash-table.js';
import { inLanes } from '../support/lanes.js';
import { simulation, type Simulation } from '../support/reddit.js';

/**
 * The crash table (`npm run test:stability`): the real jobs process is killed before and
 * after every single write of a cycle, and at random instants; each time the store must
 * verify, and the next cycle must give what an undisturbed one gives: nothing less, and nothing
 * more than undisturbed ones that follow it, for what a dead cycle has seen again the next one goes
 * on from. Then the same with SIGTERM, where moreover it must end with 0 and leave its cycle closed.
 *
 * After a death at a write the next cycle is the runner's job, run in this process; after a random
 * instant and after SIGTERM it is the command `collect`, in a process of its own.
 *
 * `--random N` (8) sets the number of random instants, `--seed S` and `--world TIME` repeat a run;
 * `--only SIGKILL|SIGTERM` leaves the other signal out.
 */
const RANDOM_INSTANTS = numberOption('--random') ?? 8;
const SEED = numberOption('--seed') ?? Math.floor(Math.random() * 2 ** 31);
/** When the simulated Reddit stands still: what it holds depends on it. */
const WORLD = option('--world') ?? new Date(Date.now() - 6 * 3_600_000).toISOString();
const ONLY = option('--only');
const HOUR = 3_600_000;
/** Early enough that much of the cycle is left, so that being told to end must show. */
const EARLY_WRITES = 2;
/** Points of writes: each mostly waits for its process to start. */
const AT_A_TIME = 2;
/** In two of them the walk through everything stored comes round. */
const FURTHER_CYCLES = 3;

const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
const print = (line: string) => process.stdout.write(`${line}\n`);

try {
  const clock = { ...systemClock, now: () => Date.parse(WORLD) };
  const reddit = await simulation(t, { subreddits: ['claude', 'aws'], commentsPerHour: 30, clock });
  const bench = new CrashBench(reddit);
  t.teardown(() => bench.close());
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      bench.close();
      process.exit(130);
    });
  }
  print(`seed ${SEED}, world at ${WORLD}`);
  const results = await table(reddit, bench);
  const passed = results.filter((failure) => failure === null).length;
  for (const failure of results) if (failure !== null) print(`FAILED ${failure}`);
  print(`${passed} of ${results.length} points survived`);
  process.exitCode = passed === results.length ? 0 : 1;
} finally {
  for (const release of releases.reverse()) await release();
}

async function table(reddit: Simulation, bench: CrashBench): Promise<(string | null)[]> {
  const empty = bench.fresh();
  await bench.withStore(empty, async () => undefined);
  const first = await undisturbed('a first cycle', bench, empty);

  // A later cycle meets known items, edits, deletions and moved votes in the overlap.
  reddit.pass(HOUR);
  const later = await undisturbed('a later cycle', bench, first.path);

  const results: (string | null)[] = [];
  const began = performance.now();
  const record = (failure: string | null) => {
    results.push(failure);
    const seconds = Math.round((performance.now() - began) / 1000);
    if (results.length % 20 === 0) print(`${results.length} points, ${seconds} s`);
  };
  for (const scenario of ONLY === 'SIGTERM' ? [] : [first, later]) {
    // The world stands where the later cycle met it, so a first cycle has to see that too.
    const expected =
      scenario === first ? await undisturbed('a first cycle now', bench, empty) : later;
    await inLanes(AT_A_TIME, pointsOf(expected), async (point) => {
      const disturb = (path: string) => bench.dieIn(path, { point });
      const recover = (path: string) => bench.collectHere(path);
      const name = `${scenario.name}, ${point}`;
      record(await survived(name, { disturb, recover }, expected, bench));
    });
  }
  if (ONLY !== 'SIGKILL') await toldToEnd(later, bench, record);
  if (ONLY === 'SIGTERM') return results;
  // One at a time: beside another the instants would fall earlier in the cycle.
  const random = randomNumbers(SEED);
  for (let n = 0; n < RANDOM_INSTANTS; n += 1) {
    const { firstMs, lastMs } = later;
    const afterMs = Math.round(firstMs + random() * (lastMs - firstMs));
    const disturb = (path: string) => bench.dieIn(path, { afterMs });
    const recover = (path: string) => bench.collect(path);
    const name = `a later cycle, after ${afterMs} ms`;
    record(await survived(name, { disturb, recover }, later, bench));
  }
  return results;
}

/** Before and after each write. */
function pointsOf({ writes }: Scenario): string[] {
  return Array.from({ length: writes }, (_, n) => [`before:${n + 1}`, `after:${n + 1}`]).flat();
}

/** One at a time: on a busy machine a cycle may be at its end before its process hears of it. */
async function toldToEnd(
  scenario: Scenario,
  bench: CrashBench,
  record: (failure: string | null) => void,
): Promise<void> {
  let cancelled = 0;
  for (let write = 1; write <= scenario.writes; write += 1) {
    // Told after a write, it has not ended before the next one: that is the next point.
    const point = `before:${write}`;
    const disturb = async (path: string) => {
      const cycle = await bench.endIn(path, point);
      if (cycle === null) {
        if (point !== 'before:1') throw new Error('its cycle left no record');
        return;
      }
      const told = cycle.errors.some(({ code }) => code === 'cancelled');
      if (told) cancelled += 1;
      const whole = cycle.status === 'succeeded' && write > EARLY_WRITES;
      const closed = ['failed', 'partial'].includes(cycle.status) && told;
      if (!closed && !whole) throw new Error(`its cycle is ${JSON.stringify(cycle)}`);
    };
    const recover = (path: string) => bench.collect(path);
    record(await survived(`SIGTERM ${point}`, { disturb, recover }, scenario, bench));
  }
  print(`told to end: ${cancelled} cycles were cancelled, the others were at their end`);
}

interface Scenario {
  name: string;
  /** The database before the cycle, and after it. */
  from: string;
  path: string;
  writes: number;
  /** When its writes begin and end, after the start of the process, with some slack. */
  firstMs: number;
  lastMs: number;
  content: Content;
  /** What all there is to be seen again has been seen in. */
  further: Content;
}

/** What the cycle gives when nothing happens to it, and how many writes it takes. */
async function undisturbed(name: string, bench: CrashBench, from: string): Promise<Scenario> {
  const path = bench.fresh(from);
  await bench.collect(path);
  const counting = bench.fresh(from);
  const writes = await bench.dieIn(counting, 'after its last write');
  const content = contentOf(path);
  const beyond = bench.fresh(path);
  for (let cycle = 0; cycle < FURTHER_CYCLES; cycle += 1) await bench.collect(beyond);
  const further = contentOf(beyond);
  const firstMs = Math.max(0, (writes[0]?.afterMs ?? 0) - 200);
  const lastMs = (writes.at(-1)?.afterMs ?? 0) + 100;
  const { posts, comments } = content;
  const between = `between ${firstMs} and ${lastMs} ms`;
  print(
    `${name}: ${writes.length} writes ${between}, ${posts.length} posts, ${comments.length} comments`,
  );
  return { name, from, path, writes: writes.length, firstMs, lastMs, content, further };
}

interface Fate {
  /** What befalls the cycle. */
  disturb: (path: string) => Promise<unknown>;
  /** The cycle that follows. */
  recover: (path: string) => Promise<void>;
}

/** Null when the point was survived, otherwise what went wrong. */
async function survived(
  name: string,
  { disturb, recover }: Fate,
  expected: Scenario,
  bench: CrashBench,
): Promise<string | null> {
  const path = bench.fresh(expected.from);
  try {
    await disturb(path);
    await mustVerify(path, bench);
    await recover(path);
    await mustVerify(path, bench);
    const wrong = differences(contentOf(path), expected);
    if (wrong.length > 0) return `${name}: ${wrong.slice(0, 3).join('; ')} (${path})`;
    const running = await bench.withStore(path, (store) =>
      store.cycles({ limit: 10, status: 'running' }),
    );
    return running.length === 0 ? null : `${name}: a dead cycle is still called running`;
  } catch (error) {
    return `${name}: ${String(error)}`;
  }
}

/** Counts need no comparison: `mustVerify` takes them from the items. */
function differences(found: Content, { content, further }: Scenario): string[] {
  return (['posts', 'comments'] as const).flatMap((table) => {
    const [rows, once, later] = [found, content, further].map((one) => byId(one[table]));
    const missing = [...(once?.keys() ?? [])].filter((id) => rows?.has(id) !== true);
    const strange = [...(rows ?? [])].filter(
      ([id, row]) => ![once, later].some((known) => isDeepStrictEqual(known?.get(id), row)),
    );
    return [
      ...missing.map((id) => `${table} ${String(id)} is missing`),
      ...strange.map(
        ([, row]) => `${table} ${JSON.stringify(row).slice(0, 300)} is something else`,
      ),
    ];
  });
}

function byId(rows: readonly Record<string, unknown>[]): Map<unknown, Record<string, unknown>> {
  return new Map(rows.map((row) => [row.id, row]));
}

async function mustVerify(path: string, bench: CrashBench): Promise<void> {
  const report = await bench.withStore(path, (store) => store.verify({ repair: false }));
  if (report.differences.length > 0) {
    throw new Error(`${report.differences.length} rollups differ from their items`);
  }
}

/** Mulberry32 (Tommy Ettinger, public domain): enough to repeat a series by its seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function numberOption(name: string): number | null {
  const given = option(name);
  return given === null ? null : Number(given);
}

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}
