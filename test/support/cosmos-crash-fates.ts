import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCycle } from '../../src/collect/cycle.js';
import { systemClock } from '../../src/clock.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { holderName } from '../../src/holder.js';
import { createRedditSource } from '../../src/reddit/client.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import type { CosmosCrashBench, Worker } from './cosmos-crash-bench.js';
import {
  type Content,
  contentOf,
  isAt,
  numbered,
  type Point,
  stateOf,
} from './cosmos-crash-state.js';
import { silentLog } from './log.js';

/** A cycle to which nothing happens, and what follows from it. */
export interface Undisturbed {
  name: string;
  /** The database before the cycle. */
  from: string;
  record: Cycle;
  content: Content;
  /** What all there is to be seen again has been seen in. */
  further: Content;
}

/** Time for the stand-in to see that who asked is gone. */
const GONE_MS = 20;

/** Ends a collector at a point, and lets the next cycle follow; throws what is wrong after that. */
export async function killed(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  point: Point,
  recovered: Map<string, Promise<void>>,
): Promise<void> {
  await withDatabase(bench, expected.from, async (database) => {
    await endAt(bench, database, point);
    const state = stateOf(bench, database);
    const before = recovered.get(state);
    if (before !== undefined) return before;
    const recovery = recover(bench, expected, database);
    recovered.set(state, recovery);
    return recovery;
  });
}

async function withDatabase(
  bench: CosmosCrashBench,
  from: string,
  use: (database: string) => Promise<void>,
): Promise<void> {
  const database = await bench.fresh(from);
  try {
    await use(database);
  } finally {
    bench.drop(database);
  }
}

/** Runs a collector that is killed when it comes to the point. */
async function endAt(bench: CosmosCrashBench, database: string, point: Point): Promise<void> {
  const collector = bench.startCollector(database);
  const kill = async () => {
    collector.signal('SIGKILL');
    await collector.ended;
    await sleep(GONE_MS);
    return undefined;
  };
  bench.watch(
    database,
    numbered((at) => (isAt(at, point) ? kill() : undefined)),
  );
  const { by, errors } = await collector.ended;
  if (by !== 'SIGKILL') throw new Error(`it ended with ${by}, not by SIGKILL: ${errors.trim()}`);
  await sleep(2 * GONE_MS);
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

async function mustVerify(bench: CosmosCrashBench, database: string): Promise<void> {
  const { differences } = await bench.withStore(database, (store) =>
    store.verify({ repair: false }),
  );
  if (differences.length === 0) return;
  throw new Error(`${differences.length} differ: ${JSON.stringify(differences[0])}`);
}

/** What a record calls new is what came; posts that only their comments tell of come with the refresh. */
function mustCount({ subreddits, upkeep }: Cycle, before: Content, after: Content): void {
  const sum = (field: 'posts_new' | 'comments_new') =>
    subreddits.reduce((total, one) => total + one[field], upkeep?.repair[field] ?? 0);
  const posts = after.posts.length - before.posts.length - sum('posts_new');
  const comments = after.comments.length - before.comments.length - sum('comments_new');
  const asked = upkeep?.refresh.asked ?? 0;
  if (posts < 0 || posts > asked || comments < 0 || comments > asked) {
    throw new Error(`${posts} posts and ${comments} comments came beside those it records`);
  }
}

/** Each item is what one undisturbed cycle makes of it, or what the ones that follow make of it. */
function mustEqual(found: Content, { content, further }: Pick<Undisturbed, 'content' | 'further'>) {
  for (const table of ['posts', 'comments'] as const) {
    const [rows, once, later] = [found, content, further].map((one) => byId(one[table]));
    const missing = [...(once?.keys() ?? [])].filter((id) => rows?.has(id) !== true);
    if (missing.length > 0) throw new Error(`${table} ${missing.join(' ')} are missing`);
    const strange = [...(rows ?? [])].find(
      ([id, row]) => ![once, later].some((known) => isDeepStrictEqual(known?.get(id), row)),
    );
    if (strange === undefined) continue;
    const [id, row] = strange;
    const shown = [row, once?.get(id)].map((one) => JSON.stringify(one)).join(' instead of ');
    throw new Error(`${table} ${shown}`);
  }
}

function byId(rows: Content['posts']): Map<unknown, Content['posts'][number]> {
  return new Map(rows.map((row) => [row.id, row]));
}

async function mustBeClosed(bench: CosmosCrashBench, database: string): Promise<void> {
  const running = await bench.withStore(database, (store) =>
    store.cycles({ limit: 10, status: 'running' }),
  );
  if (running.length > 0) throw new Error('a dead cycle is still called running');
}

/** Takes the answer to a request away; the cycle must be as an undisturbed one, its record included. */
export async function bereft(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  point: Point,
): Promise<void> {
  await withDatabase(bench, expected.from, async (database) => {
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

/**
 * Stops a collector at a point, and lets it go on when another one has taken its lease over and collected.
 * It must not have written any more.
 */
export async function stopped(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  point: Point,
): Promise<void> {
  await withDatabase(bench, expected.from, async (database) => {
    await bench.withWorker((zombie) => haunted(bench, { database, zombie, point }));
    await mustVerify(bench, database);
    mustEqual(contentOf(bench, database), expected);
    await mustBeClosed(bench, database);
  });
}

async function haunted(
  bench: CosmosCrashBench,
  { database, zombie, point }: { database: string; zombie: Worker; point: Point },
): Promise<void> {
  let left: Left | null = null;
  let had = false;
  let untold: number | null = null;
  const stop = async () => {
    zombie.signal('SIGSTOP');
    had = holds(bench, database, zombie.pid);
    const mayTell = untold === versionOf(bench, database);
    bench.watch(database, null);
    try {
      await takeOver(bench, database);
      left = { documents: leftIn(bench, database), version: versionOf(bench, database), mayTell };
    } finally {
      zombie.signal('SIGCONT');
    }
    return undefined;
  };
  bench.watch(
    database,
    numbered((at, { operation, container, status }) => {
      const isDone = at.phase === 'after' && status === 200;
      if (isDone && operation === 'batch' && container === 'items') {
        untold = versionOf(bench, database);
      }
      return isAt(at, point) ? stop() : undefined;
    }),
  );
  const end = await zombie.collect(database);
  bench.watch(database, null);
  if (left === null) throw new Error(`it never came there, or nobody took over: ${end}`);
  if (end !== (had ? 'lease_lost' : 'succeeded')) throw new Error(`woken up, it ended: ${end}`);
  const written = had ? writtenSince(left, bench, database) : [];
  if (written.length > 0) throw new Error(`woken up, it wrote ${written.join(', ')}`);
}

interface Left {
  documents: Map<string, string>;
  version: number;
  /** It was stopped between a batch and the move of the version that tells of it, which may still come. */
  mayTell: boolean;
}

function writtenSince(left: Left, bench: CosmosCrashBench, database: string): string[] {
  const moves = versionOf(bench, database) - left.version;
  return [
    ...changesOf(left.documents, leftIn(bench, database)),
    ...(moves > (left.mayTell ? 1 : 0) ? [`the version ${moves} times`] : []),
  ];
}

function versionOf(bench: CosmosCrashBench, database: string): number {
  const version = bench.documents(database, 'control').find(({ kind }) => kind === 'version');
  return Number(version?.n ?? 0);
}

/** What a collector without the lease may not change, the version apart: items, records, what the upkeep remembers. */
function leftIn(bench: CosmosCrashBench, database: string): Map<string, string> {
  const documents = (['items', 'control'] as const).flatMap((container) =>
    bench.documents(database, container),
  );
  const kept = documents.filter(({ kind }) => kind !== 'rate_budget' && kind !== 'version');
  return new Map(
    kept.map((one) => [JSON.stringify([one.subreddit ?? null, one.id]), JSON.stringify(one)]),
  );
}

function changesOf(before: Map<string, string>, after: Map<string, string>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${before.get(name) ?? 'nothing'} → ${after.get(name) ?? 'nothing'}`);
}

function holds(bench: CosmosCrashBench, database: string, pid: number): boolean {
  const lease = bench.documents(database, 'control').find(({ kind }) => kind === 'lease');
  return typeof lease?.holder === 'string' && lease.holder.split(':')[1] === String(pid);
}

/** A cycle of somebody to whom the holder of the lease, whoever it is, is dead. */
async function takeOver(bench: CosmosCrashBench, database: string): Promise<void> {
  const { config, secrets } = bench.settings(database);
  const { reddit } = config;
  const { redditClientSecret: secret } = secrets;
  if (reddit === null || secret === null) throw new Error('nothing to collect from');
  await bench.withStore(database, async (store) => {
    const deps = { clock: systemClock, log: silentLog };
    const source = createRedditSource(reddit, secret, { ...deps, budget: store });
    try {
      const { status } = await runCycle(
        { id: 'takes-over', trigger: 'manual' },
        {
          ...{ ...deps, store, source, config, scorer: createLexiconScorer() },
          ...{ holder: `${holderName()}:takes-over`, holderIsDead: () => true },
          memory: () => process.memoryUsage.rss(),
        },
        AbortSignal.timeout(60_000),
      );
      if (status !== 'succeeded') throw new Error(`the cycle that took over ${status}`);
    } finally {
      await source.close();
    }
  });
}
