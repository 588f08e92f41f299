import { runCycle } from '../../src/collect/cycle.js';
import { systemClock } from '../../src/clock.js';
import { holderName } from '../../src/holder.js';
import { createRedditSource } from '../../src/reddit/client.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import type { CosmosCrashBench, Worker } from './cosmos-crash-bench.js';
import { mustBeClosed, mustEqual, mustVerify, type Undisturbed } from './cosmos-crash-checks.js';
import { contentOf, isAt, numbered, type Point } from './cosmos-crash-state.js';
import { silentLog } from './log.js';

/**
 * Stops a collector at a point, and lets it go on when another one has taken its lease over and collected.
 * It must not have written any more.
 */
export async function stopped(
  bench: CosmosCrashBench,
  expected: Undisturbed,
  point: Point,
): Promise<void> {
  await bench.withCopy(expected.from, async (database) => {
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
  const met: { left: Left | null; had: boolean } = { left: null, had: false };
  let untold: number | null = null;
  const stop = async () => {
    zombie.signal('SIGSTOP');
    met.had = holds(bench, database, zombie.pid);
    const mayTell = untold === versionOf(bench, database);
    bench.watch(database, null);
    try {
      await takeOver(bench, database);
      const [version, epoch] = [versionOf(bench, database), epochOf(bench, database)];
      met.left = { documents: leftIn(bench, database), version, epoch, mayTell };
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
  const { left, had } = met;
  if (left === null) throw new Error(`it never came there, or nobody took over: ${end}`);
  // Whoever slept too long to hear that it had got the lease asks again, and gets it when it is free.
  const isHolder = had && epochOf(bench, database) === left.epoch;
  if (end !== (isHolder ? 'lease_lost' : 'succeeded'))
    throw new Error(`woken up, it ended: ${end}`);
  const written = isHolder ? writtenSince(left, bench, database) : [];
  if (written.length > 0) throw new Error(`woken up, it wrote ${written.join(', ')}`);
}

interface Left {
  documents: Map<string, string>;
  version: number;
  /** Of the lease of who took over. */
  epoch: number;
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

const versionOf = (bench: CosmosCrashBench, database: string) =>
  Number(controlOf(bench, database, 'version').n ?? 0);

const epochOf = (bench: CosmosCrashBench, database: string) =>
  Number(controlOf(bench, database, 'lease').epoch ?? 0);

function controlOf(bench: CosmosCrashBench, database: string, kind: string) {
  return bench.documents(database, 'control').find((document) => document.kind === kind) ?? {};
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
  const { holder } = controlOf(bench, database, 'lease');
  return typeof holder === 'string' && holder.split(':')[1] === String(pid);
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
