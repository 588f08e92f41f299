import { statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { systemClock } from '../../src/clock.js';
import { openReadStore, openStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { type CommandEnd, ImportBench } from '../support/import-process.js';
import { inLanes } from '../support/lanes.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle } from '../support/store.js';
import { storedIds } from '../support/stored-ids.js';

/** Commands that are refused share nothing. */
const AT_A_TIME = 2;
const SMALL = ['--days', '1', '--posts', '100', '--comments', '500'];

const generate = (bench: ImportBench, args: string[]) => bench.run(args, '', 'generate');
const verify = (bench: ImportBench) => bench.run(['--json'], '', 'verify-store');

async function report(bench: ImportBench, args: string[]) {
  const { code, stdout, stderr } = await generate(bench, ['--json', ...args]);
  if (!stdout.startsWith('{')) throw new Error(`no report: ${stderr}`);
  return { code, ...(JSON.parse(stdout) as Record<string, unknown>) };
}

/** Resolves when the database has become that large. */
async function grown(bench: ImportBench, bytes: number, ended: Promise<CommandEnd>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  const size = (suffix: string) =>
    statSync(bench.database + suffix, { throwIfNoEntry: false })?.size ?? 0;
  while (size('') + size('-wal') < bytes) {
    if (over) throw new Error('it ended before');
    await systemClock.sleep(20);
  }
}

test.serial('fills a store, once, and the rest of the system can use it', async (t) => {
  const bench = new ImportBench(t);
  const first = await generate(bench, [...SMALL, '--seed', '7']);
  t.is(first.code, 0, first.stderr);
  t.regex(first.stdout, /^100 posts and 500 comments stored, 0 known, in 4[89] cycles\n/);
  t.regex(first.stdout, /1 days until .*Z, seed 7, invented texts\n.* items a second\n$/);
  t.is(first.stderr, '');
  const { code, stdout } = await verify(bench);
  t.is(code, 0);
  t.like(JSON.parse(stdout), { items: 600, differences: [] });

  const config = testConfig({ SQLITE_PATH: bench.database });
  const store = await openReadStore(config, { clock: systemClock, log: silentLog });
  t.teardown(() => store.close());
  const since = new Date(systemClock.now() - 3_600_000).toISOString();
  const facts = await store.healthFacts(new Date(systemClock.now()).toISOString());
  t.true((facts.last_collection_at ?? '') > since, 'fresh');
  t.true((await store.subreddits(facts.last_collection_at ?? '')).length >= 14);

  const before = storedIds(bench.database);
  const again = await generate(bench, SMALL);
  t.is(again.code, 64);
  t.regex(again.stderr, /^generate: The store holds items already\. Cure: .*--append/);
  t.deepEqual(storedIds(bench.database), before);
  t.like(await report(bench, [...SMALL, '--append', '--seed', '8']), {
    ...{ code: 0, posts_new: 100, comments_new: 500, known: 0, seed: 8, interrupted: false },
  });
  t.is((await verify(bench)).code, 0);
});

test.serial('the same seed and end give the same content', async (t) => {
  const args = [...SMALL, '--until', new Date(systemClock.now()).toISOString()];
  const benches = [new ImportBench(t), new ImportBench(t)];
  for (const bench of benches) t.is((await report(bench, args)).code, 0);
  const [ids, others] = benches.map((bench) => storedIds(bench.database));
  t.deepEqual(ids, others);
});

test.serial('wrong options are refused before anything is there', async (t) => {
  const bench = new ImportBench(t);
  const wrong: [string[], RegExp][] = [
    [['--days', '91'], /--days 91 is more than DATA_RETENTION_DAYS keeps \(90\)\. Cure: /],
    [['--posts', 'many'], /--posts many is not accepted\. Cure: give a whole number/],
    [['--scale', '0'], /--scale 0 is not accepted/],
    [['--until', '2999-01-01'], /--until 2999-01-01 is not accepted/],
    [['--texts', 'nowhere'], /nowhere has no recorded posts and comments/],
    [['--post', '5'], /Unknown option '--post'/],
    [['90'], /"90" is not expected/],
  ];
  await inLanes(AT_A_TIME, wrong, async ([args, message]) => {
    const { code, stdout, stderr } = await generate(bench, args);
    t.deepEqual([code, stdout], [64, ''], args.join(' '));
    t.regex(stderr, message);
    t.is(stderr.trim().split('\n').length, 1);
  });
  t.regex((await verify(bench)).stderr, /There is no database/);
  const help = await generate(bench, ['--help']);
  t.is(help.code, 0);
  for (const word of ['--days', '--scale', '--until', '--append', '--texts', '--json', '130']) {
    t.true(help.stdout.includes(word), word);
  }
});

test.serial(
  'killed in the middle, it is consistent, and completed by the same again',
  async (t) => {
    const bench = new ImportBench(t);
    const until = new Date(systemClock.now()).toISOString();
    const args = ['--days', '3', '--posts', '500', '--comments', '2500', '--until', until];
    const { child, ended } = bench.start(args, 'generate');
    await grown(bench, 900_000, ended);
    child.kill('SIGKILL');
    t.is((await ended).code, 'SIGKILL');
    const { code, stdout } = await verify(bench);
    const { items } = JSON.parse(stdout) as { items: number };
    t.is(code, 0);
    t.true(items > 0 && items < 3000, `${items} items were stored`);
    const rest = await report(bench, [...args, '--append']);
    t.like(rest, { code: 0, known: items });
    const { posts, comments } = storedIds(bench.database);
    t.deepEqual([posts.length, comments.length], [500, 2500]);
    t.is((await verify(bench)).code, 0);
  },
);

test.serial('Ctrl-C ends it at once and in order', async (t) => {
  t.timeout(60_000); // it would go on for minutes
  const bench = new ImportBench(t);
  const { child, ended } = bench.start(['--json'], 'generate');
  await grown(bench, 900_000, ended);
  const began = performance.now();
  child.kill('SIGINT');
  const { code, stdout, stderr } = await ended;
  t.log(`${Math.round(performance.now() - began)} ms`);
  t.is(code, 130);
  const { interrupted, until } = JSON.parse(stdout) as { interrupted: boolean; until: string };
  t.true(interrupted);
  t.is(
    stderr,
    `generate: interrupted; the same command with --append --seed 1 --until ${until} completes it\n`,
  );
  t.is((await verify(bench)).code, 0);
  const config = testConfig({ SQLITE_PATH: bench.database });
  const store = await openStore(config, { clock: systemClock, log: silentLog });
  t.teardown(() => store.close());
  t.not((await store.cycles({ limit: 1 }))[0]?.status, 'running');
});

test.serial('it does not collect beside somebody else', async (t) => {
  const bench = new ImportBench(t);
  const config = testConfig({ SQLITE_PATH: bench.database });
  const store = await openStore(config, { clock: systemClock, log: silentLog });
  t.teardown(() => store.close());
  await beginTestCycle(store, systemClock);
  const { code, stderr } = await generate(bench, SMALL);
  t.is(code, 78);
  t.regex(stderr, /test-host:1:0:0 is collecting into this store\. Cure: end it/);
});

test.serial('a disk without room is named, and what is stored is consistent', async (t) => {
  const bench = new ImportBench(t);
  const command = new URL('../../src/cli/generate.js', import.meta.url).pathname;
  // A limit on the size of files, in blocks of 512 bytes: there is no small disk at hand.
  const limited = `ulimit -f 4000; exec ${process.execPath} ${command}`;
  const { exitCode, stderr } = await execa('sh', ['-c', limited], {
    cwd: bench.folder,
    env: { SQLITE_PATH: join(bench.folder, 'store.db'), DB_RETRY_MAX_ATTEMPTS: '0' },
    extendEnv: false,
    reject: false,
  });
  t.is(exitCode, 69, stderr);
  t.regex(stderr, /generate: stopped; the same command with --append/);
  t.regex(stderr, /The database .* cannot (be read or written|grow): the disk/);
  const { code, stdout } = await verify(bench);
  t.is(code, 0);
  t.true((JSON.parse(stdout) as { items: number }).items > 0);
});
