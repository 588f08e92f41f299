import { systemClock } from '../../src/clock.js';
import { CosmosCrashBench } from '../support/cosmos-crash-bench.js';
import type { Undisturbed } from '../support/cosmos-crash-checks.js';
import { bereft, killed } from '../support/cosmos-crash-fates.js';
import {
  around,
  contentOf,
  nameOf,
  numbered,
  type Point,
  stateOf,
} from '../support/cosmos-crash-state.js';
import { stopped } from '../support/cosmos-crash-zombies.js';
import { inLanes } from '../support/lanes.js';
import { simulation, type Simulation } from '../support/reddit.js';

/**
 * The crash table of the store in an account of Azure Cosmos DB (`npm run test:stability`): the real command
 * `collect` runs against the stand-in for an account, in a first and in a later cycle, and at each of its requests
 *
 * - `kills`: it is killed before the request is carried out, or before the answer. The store
 *   must verify, and the next cycle give what an undisturbed one gives, its record what came with it.
 *   A state of the account that another point has led to already is not recovered from again.
 * - `lost`: the answer is lost. The cycle, in this process, must end as an undisturbed one, its record included.
 * - `zombies`, at batches only: a process that runs the same job is stopped before or after, another one
 *   takes over and collects, and it goes on. It must end for its lost lease, and have written nothing.
 *
 * `--step N` (1) takes each N-th batch, `--others N` (ten times that) each N-th of the other requests, which
 * change nothing: that the account is at each of them as it is at some batch is looked at in every run.
 * `--only PATTERN` of `kills, a first cycle, before batch 3` leaves the rest out, so `--only zombies` does too;
 * `--seed N` decides which points a step takes, and repeats a run with `--world TIME`.
 */
const STEP = Number(option('--step') ?? 1);
const OTHERS = Number(option('--others') ?? 10 * STEP);
const SEED = Number(option('--seed') ?? Math.floor(Math.random() * 1000));
/** When the simulated Reddit stands still: what it holds depends on it. */
const WORLD = option('--world') ?? new Date(Date.now() - 6 * 3_600_000).toISOString();
const ONLY = new RegExp(option('--only') ?? '');
const HOUR = 3_600_000;
/** Points: each mostly waits for its process to start. */
const AT_A_TIME = 2;
/** In two of them the walk through everything stored comes round. */
const FURTHER_CYCLES = 3;
const TELL_EVERY = 20;

const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
const print = (line: string) => process.stdout.write(`${line}\n`);

try {
  const clock = { ...systemClock, now: () => Date.parse(WORLD) };
  const options = { subreddits: ['claude', 'aws'], commentsPerHour: 30, clock };
  const reddit = await simulation(t, options);
  const bench = new CosmosCrashBench(reddit);
  t.teardown(() => bench.close());
  await bench.start();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      print(`ended by ${signal}`);
      void bench.close().finally(() => process.exit(130));
    });
  }
  print(`seed ${SEED}, world at ${WORLD}, each ${STEP}. batch and ${OTHERS}. other request`);
  const results = await table(reddit, bench);
  const passed = results.filter((failure) => failure === null).length;
  print(`${passed} of ${results.length} points survived`);
  process.exitCode = passed === results.length ? 0 : 1;
} finally {
  for (const release of releases.reverse()) await release();
}

interface Scenario extends Undisturbed {
  /** Requests of its cycle. */
  batches: number;
  others: number;
  /** The account at every point of the cycle. */
  states: Map<string, string>;
}

async function table(reddit: Simulation, bench: CosmosCrashBench): Promise<(string | null)[]> {
  const empty = await bench.fresh();
  const known = await bench.fresh(empty);
  await bench.collectHere(known);
  // A later cycle meets known items, edits, deletions and moved votes in the overlap.
  reddit.pass(HOUR);
  const results: (string | null)[] = [];
  const began = performance.now();
  const record = (failure: string | null) => {
    results.push(failure);
    if (failure !== null) print(`FAILED ${failure}`);
    const seconds = Math.round((performance.now() - began) / 1000);
    if (results.length % TELL_EVERY === 0) print(`${results.length} points, ${seconds} s`);
  };
  for (const [name, from] of Object.entries({ 'a first cycle': empty, 'a later cycle': known })) {
    const scenario = await undisturbed(name, bench, from);
    record(mustShowAtBatches(scenario));
    await inLanes(AT_A_TIME, tasksOf(scenario, bench), async ({ what, run }) => {
      record(await survived(what, run));
    });
  }
  return results;
}

/** What the cycle gives when nothing happens to it, and what it asks the account for. */
async function undisturbed(name: string, bench: CosmosCrashBench, from: string): Promise<Scenario> {
  const database = await bench.fresh(from);
  const states = new Map<string, string>();
  const counts = { batch: 0, other: 0 };
  bench.watch(
    database,
    numbered((point) => {
      counts[point.sort] = Math.max(counts[point.sort], point.n);
      states.set(nameOf(point), stateOf(bench, database));
      return undefined;
    }),
  );
  const record = await bench.collect(database);
  bench.watch(database, null);
  const content = contentOf(bench, database);
  for (let cycle = 0; cycle < FURTHER_CYCLES; cycle += 1) await bench.collectHere(database);
  const further = contentOf(bench, database);
  bench.drop(database);
  const { batch: batches, other: others } = counts;
  const [posts, comments] = [content.posts.length, content.comments.length];
  const distinct = new Set(states.values()).size;
  print(
    `${name}: ${batches} batches and ${others} other requests show ${distinct} states; ${posts} posts, ${comments} comments`,
  );
  return { ...{ name, from, record, content, further }, ...{ batches, others, states } };
}

/** Null when no other request meets a state of the account that is not met at a batch too. */
function mustShowAtBatches({ name, batches, states }: Scenario): string | null {
  const atBatches = new Set(
    requests('batch', batches, 1)
      .flatMap(around)
      .map((point) => states.get(nameOf(point))),
  );
  const others = [...states].filter(([, state]) => !atBatches.has(state)).map(([point]) => point);
  return others.length === 0 ? null : `${name}: another state at ${others.join(', ')}`;
}

function requests<Sort extends Point['sort']>(sort: Sort, count: number, step: number) {
  const all = Array.from({ length: count }, (_, at) => ({ sort, n: at + 1 }));
  return all.filter(({ n }) => (n + SEED) % step === 0);
}

interface Task {
  what: string;
  run: () => Promise<void>;
}

function tasksOf(scenario: Scenario, bench: CosmosCrashBench): Task[] {
  const batches = requests('batch', scenario.batches, STEP);
  const all = [...batches, ...requests('other', scenario.others, OTHERS)];
  const recovered = new Map<string, Promise<void>>();
  const fates = {
    kills: (point: Point) => killed(bench, scenario, point, recovered),
    lost: (point: Point) => bereft(bench, scenario, point),
    zombies: (point: Point) => stopped(bench, scenario, point),
  };
  const points = {
    kills: all.flatMap(around),
    lost: all.map((request) => ({ ...request, phase: 'after' }) as const),
    zombies: batches.flatMap(around),
  };
  return (['kills', 'lost', 'zombies'] as const)
    .flatMap((kind) =>
      points[kind].map((point) => ({
        what: `${kind}, ${scenario.name}, ${nameOf(point)}`,
        run: () => fates[kind](point),
      })),
    )
    .filter(({ what }) => ONLY.test(what));
}

/** Null when the point was survived, otherwise what went wrong. */
async function survived(name: string, run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return `${name}: ${String(error)}`;
  }
}

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}
