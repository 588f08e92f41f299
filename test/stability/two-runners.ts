import { systemClock } from '../../src/clock.js';
import { simulation, type Simulation } from '../support/reddit.js';
import { common, missing, storedIds } from '../support/stored-ids.js';
import {
  type Call,
  CALLS,
  clearOrders,
  letGoOn,
  giveOrder,
  type Order,
  orderTaken,
  type Taken,
} from '../support/takeover-order.js';
import {
  awaited,
  INTERVAL_SECONDS,
  LEASE_SECONDS,
  type Runner,
  standStill,
  type TakeoverBench,
  takeoverBench,
} from '../support/takeovers.js';

/**
 * Two real runners on one store (`npm run test:stability`): the one that collects is killed, or
 * stopped for longer than its lease and then let go on, before and after each kind of call of
 * its cycle and in the middle of a request; both on one machine, then on two, of which neither can tell
 * whether the other's process lives. Each time another cycle must follow in time, the record of the dead be
 * closed, and no write come from anybody but the holder of the lease; in the end everything
 * that was listed is stored, once.
 *
 * `--only PATTERN` of `machines point signal` runs only some.
 */
interface Point {
  machines: [string, string];
  /** Null: while it waits for an answer of Reddit. */
  place: { when: Order['when']; call: Call } | null;
  signal: Order['signal'];
}

const pattern = new RegExp(option('--only') ?? '');
/** What a busy machine needs to load a thread and to make a cycle; the bounds are the settings'. */
const SLACK_MS = 10_000;
const FOLLOWS_WITHIN_MS = (LEASE_SECONDS + INTERVAL_SECONDS) * 1000 + SLACK_MS;
const ROUND_MS = 60_000;
/** A lease is looked at once a second. */
const PAUSE_MS = LEASE_SECONDS * 1000 + 1000;

const print = (line: string) => process.stdout.write(`${line}\n`);
const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };

try {
  const reddit = await simulation(t, {
    clock: systemClock,
    historyHours: 1,
    subreddits: ['claude', 'aws'], // our own limit of requests a minute would slow more down
    commentsPerHour: 400,
    maxListing: 5000,
  });
  const bench = await takeoverBench(t, reddit);
  const failures = await run(reddit, bench);
  for (const failure of failures.flat()) print(`FAILED ${failure}`);
  const clean = failures.filter((found) => found.length === 0).length;
  print(`${clean} of ${failures.length} takeovers clean`);
  process.exitCode = clean === failures.length ? 0 : 1;
} finally {
  for (const release of releases.reverse()) await release();
}

function points(): Point[] {
  const all: Point[] = [];
  for (const machines of [
    ['one', 'one'],
    ['one', 'other'],
  ] satisfies [string, string][]) {
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      for (const call of CALLS) {
        for (const when of ['before', 'after'] as const) {
          all.push({ machines, place: { when, call }, signal });
        }
      }
      all.push({ machines, place: null, signal });
    }
  }
  return all.filter((point) => pattern.test(nameOf(point)));
}

function nameOf({ machines: [a, b], place, signal }: Point): string {
  const where = place === null ? 'in a request' : `${place.when} ${place.call}`;
  return `${a === b ? 'one machine' : 'two machines'}, ${where}, ${signal}`;
}

/** Failures of each round; what is wrong with the store in the end is the last one's. */
async function run(reddit: Simulation, bench: TakeoverBench): Promise<string[][]> {
  const results: string[][] = [];
  let runners: Runner[] = [];
  const follows = new Map<string, number[]>();
  for (const point of points()) {
    if (runners.map(({ machine }) => machine).join() !== point.machines.join()) {
      await end(runners);
      runners = point.machines.map((machine) => bench.start(machine));
    }
    const name = nameOf(point);
    try {
      const { failures, followedMs } = await round(point, runners, reddit, bench);
      results.push(failures.map((failure) => `${name}: ${failure}`));
      if (failures.length > 0) print(`FAILED ${name}: ${failures.join('; ')}`);
      const group = `${point.machines.join(' and ')}, ${point.signal}`;
      follows.set(group, [...(follows.get(group) ?? []), followedMs]);
      print(`${name}: followed after ${followedMs} ms`);
    } catch (error) {
      results.push([`${name}: ${String(error)}`]);
      print(`FAILED ${name}: ${String(error)}`);
      await end(runners.splice(0));
    }
  }
  for (const [group, ms] of follows) {
    const mean = Math.round(ms.reduce((sum, one) => sum + one, 0) / ms.length);
    print(`${group}: the next cycle began after ${mean} ms on average, ${Math.max(...ms)} at most`);
  }
  results.at(-1)?.push(...(await inTheEnd(runners, reddit, bench)));
  return results;
}

async function round(
  point: Point,
  runners: Runner[],
  reddit: Simulation,
  bench: TakeoverBench,
): Promise<{ failures: string[]; followedMs: number }> {
  await awaited('nobody collects', () => bench.held() === null || null, ROUND_MS);
  clearOrders(bench.folder);
  const taken = await strike(point, runners, reddit, bench);
  const began = systemClock.monotonic();
  const known = new Set(bench.recent().map(({ id }) => id));
  const had = bench.held()?.cycle === taken.cycle;
  const victim = runners.findIndex(({ pid }) => pid === taken.pid);
  const struck = runners[victim];
  if (struck === undefined) throw new Error(`it befell ${taken.pid}, which is none of ours`);
  if (point.signal === 'SIGSTOP') await standStill(struck);
  reddit.faults.clear();

  const others = () => bench.recent().filter(({ id, pid }) => !known.has(id) && pid !== struck.pid);
  await awaited('another cycle begins', () => others()[0], ROUND_MS);
  const followedMs = Math.round(systemClock.monotonic() - began);
  const next = await awaited(
    'another cycle succeeds',
    () => others().find(({ status }) => status === 'succeeded'),
    ROUND_MS,
  );
  const failures: string[] = [];
  if (followedMs > FOLLOWS_WITHIN_MS) failures.push(`the next cycle came after ${followedMs} ms`);
  if (point.signal === 'SIGKILL') {
    await struck.exit;
    runners[victim] = bench.start(struck.machine);
  } else {
    await systemClock.sleep(began + PAUSE_MS - systemClock.monotonic());
    letGoOn(bench.folder);
    struck.signal('SIGCONT');
    const { status, reason = '' } = await awaited(
      'it ends its run',
      () => struck.lines.find(({ msg, run }) => msg === 'job end' && run === taken.cycle),
      ROUND_MS,
    );
    if (had && !(status === 'failed' && reason.startsWith('lease_lost:'))) {
      failures.push(`woken up, its run ended as ${status} ${reason}`);
    }
  }
  const record = bench.recent().find(({ id }) => id === taken.cycle)?.status;
  if (had && record !== 'failed') failures.push(`its cycle is ${record}; ${next.id} came after it`);
  failures.push(...bench.writes().strangers);
  return { failures, followedMs };
}

/** Lets the signal befall who comes to the place, and says who did. */
async function strike(
  { place, signal }: Point,
  runners: Runner[],
  reddit: Simulation,
  bench: TakeoverBench,
): Promise<Taken> {
  // A cycle must last for a lease to be renewed.
  if (place === null || place.call === 'renewLease') {
    reddit.faults.add({ kind: 'silent', route: 'comments', count: 1 });
  }
  if (place !== null) {
    giveOrder(bench.folder, { ...place, signal });
    return awaited('somebody comes to the place', () => orderTaken(bench.folder), ROUND_MS);
  }
  await awaited('a request waits', () => reddit.faults.held() > 0 || null, ROUND_MS);
  const held = bench.held();
  if (held === null) throw new Error('a request waits, and nobody collects');
  runners.find(({ pid }) => pid === held.pid)?.signal(signal);
  return held;
}

async function end(runners: Runner[]): Promise<string[]> {
  for (const runner of runners) runner.signal('SIGCONT'); // one that a failed round left behind
  for (const runner of runners) runner.signal('SIGTERM');
  const codes = await Promise.all(runners.map(({ exit }) => exit));
  return codes.filter((code) => code !== 0).map((code) => `a runner ended with ${code}`);
}

async function inTheEnd(
  runners: Runner[],
  reddit: Simulation,
  bench: TakeoverBench,
): Promise<string[]> {
  const before = reddit.listed();
  const known = new Set(bench.recent().map(({ id }) => id));
  await awaited(
    'a last cycle',
    () => bench.recent().find(({ id, status }) => !known.has(id) && status === 'succeeded'),
    ROUND_MS,
  );
  const failures = await end(runners);
  const stored = storedIds(bench.databasePath);
  const lost = missing(common(before, reddit.listed()), stored);
  if (lost.length > 0) failures.push(`${lost.length} items are not stored: ${lost.join(' ')}`);
  const { posts, comments } = reddit.world.truth();
  const ids = (items: { data: { id: string } }[]) => items.map(({ data }) => data.id);
  const invented = missing(stored, { posts: ids(posts), comments: ids(comments) });
  if (invented.length > 0) failures.push(`${invented.length} items were never served`);
  const { differences, items } = await bench.verify();
  if (differences.length > 0) failures.push(`${differences.length} rollups differ`);
  const running = bench.recent().filter(({ status }) => status === 'running').length;
  if (running > 0) failures.push(`${running} cycles are still called running`);
  const { noted, strangers } = bench.writes();
  if (strangers.length > 0) failures.push(...strangers);
  print(`${items} items; ${noted} writes, under ${bench.epoch()} leases`);
  return failures;
}

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}
