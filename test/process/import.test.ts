import { closeSync, mkdirSync, writeFileSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { systemClock } from '../../src/clock.js';
import { openStore } from '../../src/store/open.js';
import { MAX_BATCH } from '../../src/store/store.js';
import { testConfig } from '../support/config.js';
import { dumpComment, dumpPost, ndjson } from '../support/dump.js';
import { ImportBench } from '../support/import-process.js';
import { aPost } from '../support/items.js';
import { inLanes } from '../support/lanes.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle } from '../support/store.js';

/** Commands that are refused share nothing. */
const AT_A_TIME = 2;

const many = (count: number, more: (n: number) => object = () => ({})) =>
  ndjson(...Array.from({ length: count }, (_, n) => dumpPost(`p${n}`, { ...more(n) })));

function write(bench: ImportBench, name: string, content: string | Buffer): string {
  writeFileSync(join(bench.folder, name), content);
  return name;
}

test.serial('files and standard input, plain and gzip, all hold the same', async (t) => {
  const text = ndjson(dumpPost('a'), { kind: 't1', data: dumpComment('b') });
  for (const content of [Buffer.from(text), gzipSync(text)]) {
    const bench = new ImportBench(t);
    const file = write(bench, 'dump', content);
    const first = await bench.run(['--keep-history', file]);
    t.is(first.code, 0, first.stderr);
    t.is(first.stdout, 'dump: 2 lines, 1 posts and 1 comments new, 0 known\n');
    t.is(first.stderr, '');
    t.like(await bench.report(['--keep-history', '-'], content), {
      ...{ code: 0, posts_new: 0, comments_new: 0, known: 2, interrupted: false, shift_ms: null },
      ...{ skipped: {}, stderr: '' },
    });
    const other = new ImportBench(t);
    t.like(await other.report(['--keep-history', '-'], content), { posts_new: 1, comments_new: 1 });
    t.like(await other.run([], '', 'verify-store'), { code: 0 });
  }
});

test.serial('a pipe that is no standard input is read once', async (t) => {
  const bench = new ImportBench(t);
  const pipe = join(bench.folder, 'pipe');
  await execa('mkfifo', [pipe]);
  const { ended } = bench.start(['--json', '--keep-history', pipe]);
  writeFileSync(pipe, many(3));
  t.like(await ended, { code: 0 });
  const refused = await bench.run(['--retime', pipe]);
  t.is(refused.code, 64);
  t.regex(refused.stderr, /--retime reads everything twice, and .*pipe can be read only once/);
});

test.serial(
  'every line that is not stored is named, with its file, number and reason',
  async (t) => {
    const bench = new ImportBench(t);
    const old = many(3);
    write(bench, 'a', ndjson('{', dumpPost('a', { created_utc: 'x' })) + old);
    write(bench, 'b', `${old}${ndjson('[]', dumpPost('z'))}\n${ndjson({ kind: 't5', data: {} })}`);
    const { code, stderr, stdout } = await bench.run(['a', 'b']);
    t.is(code, 1);
    t.is(
      stderr,
      [
        ...['a line 1: not_json', 'a line 2: invalid_created_utc', 'a lines 3-5: past_retention'],
        ...['b lines 1-3: past_retention', 'b line 4: not_an_object', 'b line 5: past_retention'],
        ...['b line 7: unknown_kind', ''],
      ].join('\n'),
    );
    t.regex(
      stdout,
      /^a: 5 lines, 0 posts and 0 comments new, 0 known\n {2}1 skipped: not_json \(line 1\)/,
    );
    t.regex(stdout, /3 skipped: past_retention \(line 3, 4, 5\); --keep-history stores them/);
    const aged = await bench.report([write(bench, 'c', old)]);
    t.like(aged, { code: 0, posts_new: 0, skipped: { past_retention: 3 } }, 'age is no fault');
  },
);

test.serial('wrong usage and unreadable files are refused before anything is stored', async (t) => {
  const bench = new ImportBench(t);
  write(bench, 'good', many(1));
  mkdirSync(join(bench.folder, 'folder'));
  const wrong: [string[], RegExp][] = [
    [[], /^import: No file is given\. Cure: /],
    [['--nonsense', 'good'], /Unknown option '--nonsense'/],
    [['--retime=5', 'good'], /--retime/],
    [['-', 'good', '-'], /Standard input \(-\) can be given only once/],
    [['--retime', 'good', '-'], /--retime reads everything twice, and standard input/],
    [['/dev/null'], /\/dev\/null cannot be read: it is neither a file nor a pipe/],
    [['good', 'none'], /^import: none cannot be read: there is no such file\. Cure: /],
    [['good', 'folder'], /^import: folder cannot be read: it is a directory/],
    [['good', 'good/x'], /^import: good\/x cannot be read: ENOTDIR/],
  ];
  await inLanes(AT_A_TIME, wrong, async ([args, message]) => {
    const { code, stderr, stdout } = await bench.run(args);
    t.deepEqual([code, stdout], [64, ''], args.join(' '));
    t.regex(stderr, message);
    t.is(stderr.trim().split('\n').length, 1);
  });
  t.regex((await bench.run([], '', 'verify-store')).stderr, /There is no database/);
  const help = await bench.run(['--help']);
  t.is(help.code, 0);
  for (const word of ['--keep-history', '--retime', '--json', '130', 'FILE']) {
    t.true(help.stdout.includes(word), word);
  }
});

test.serial('a wrong setting ends with 78, a store that cannot be used, too', async (t) => {
  const bench = new ImportBench(t);
  const file = write(bench, 'good', many(1));
  for (const env of [{ SQLITE_PAHT: 'x' }, { SQLITE_PATH: bench.folder }]) {
    const { child, ended } = bench.start([file], 'import', env);
    child.stdin?.end();
    t.is((await ended).code, 78);
  }
});

test.serial('a truncated gzip is stored to where it ends, and named', async (t) => {
  const bench = new ImportBench(t);
  const text = many(9000, (n) => ({ title: `${Math.sin(n)}` }));
  const packed = gzipSync(text);
  const file = write(bench, 'cut.gz', packed.subarray(0, Math.floor(packed.length / 2)));
  const first = await bench.report(['--keep-history', file]);
  const stored = first.posts_new;
  t.is(first.code, 1);
  t.true(stored > 3000 && stored < 6000, `${stored}`);
  t.like(first.files, [{ lines: stored, finished: false, error: 'unexpected end of file' }]);
  t.is(
    first.stderr,
    `import: cut.gz line ${stored + 1}: unexpected end of file; what precedes is stored\n`,
  );
  const again = await bench.report(['--keep-history', file]);
  t.like(again, { code: 1, posts_new: stored, known: 0 });
  t.like(again.files, [{ lines: stored, resumed_after: stored }]);
  const whole = await bench.report(['--keep-history', write(bench, 'whole.gz', packed)]);
  t.like(whole, { code: 0, posts_new: 9000 - stored, known: stored });
});

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  test.serial(
    `${name}: the batch is finished, the progress saved, the rest comes later`,
    async (t) => {
      const bench = new ImportBench(t);
      const file = write(
        bench,
        'dump',
        `{\n${many(5000, () => ({ selftext: 'Good. '.repeat(150) }))}`,
      );
      const args = ['--json', '--keep-history', file];
      const { child, ended, said } = bench.start(args);
      await said(/dump line 1: not_json/); // the first line of all: it has begun
      child.kill(name);
      const { code, stdout, stderr } = await ended;
      t.is(code, 130);
      t.regex(stderr, /import: interrupted; run the same command again to resume\n$/);
      const stopped = JSON.parse(stdout) as { files: { lines: number }[]; posts_new: number };
      const lines = stopped.files[0]?.lines ?? 0;
      t.true(lines >= 1 && lines < 5001, `${lines} lines`);
      t.is(stopped.posts_new, lines - 1, 'all that was read is stored');
      t.like(await bench.run([], '', 'verify-store'), { code: 0 });

      const rest = await bench.report(['--keep-history', file]);
      t.like(rest, { code: 1, posts_new: 5000, known: 0, skipped: { not_json: 1 } });
      t.like(rest.files, [{ resumed_after: lines, finished: true }]);
      t.like(await bench.run([], '', 'verify-store'), { code: 0 });
    },
  );
}

test.serial('SIGINT ends an import that waits for a pipe, with and without a writer', async (t) => {
  const bench = new ImportBench(t);
  const pipe = join(bench.folder, 'pipe');
  await execa('mkfifo', [pipe]);
  const broken = write(bench, 'broken', '{');
  const unwritten = bench.start(['--json', broken, pipe]);
  await unwritten.said(/broken line 1: not_json/);
  unwritten.child.kill('SIGINT');
  t.is((await unwritten.ended).code, 130);

  const { child, ended, said } = bench.start(['--json', '--keep-history', pipe]);
  const writer = openSync(pipe, 'r+');
  t.teardown(() => closeSync(writer));
  writeSync(writer, `${many(10)}{\n`);
  await said(/pipe line 11: not_json/);
  child.kill('SIGINT');
  const { code, stdout } = await ended;
  t.is(code, 130);
  t.like(JSON.parse(stdout), { interrupted: true, posts_new: 10, files: [{ error: null }] });
});

test.serial('SIGINT ends an import that waits for its input', async (t) => {
  const bench = new ImportBench(t);
  const { child, ended, said } = bench.start(['--json', '--keep-history', '-']);
  child.stdin?.write(`{\n${many(100)}{\n`);
  await said(/- line 102: not_json/);
  child.kill('SIGINT');
  const { code, stdout } = await ended;
  t.is(code, 130);
  t.like(JSON.parse(stdout), { interrupted: true, posts_new: 100, files: [{ error: null }] });
});

test.serial('a collection and an import of the same items lose and double none', async (t) => {
  const bench = new ImportBench(t);
  const config = testConfig({ SQLITE_PATH: bench.database, DB_RETRY_MAX_ATTEMPTS: '3' });
  const store = await openStore(config, { clock: systemClock, log: silentLog });
  t.teardown(() => store.close());
  const fence = await beginTestCycle(store, systemClock);
  const count = 6000;
  const lines = many(count, () => ({ subreddit: 'claude' })).split('\n');
  const quarter = lines.splice(0, count / 4).join('\n');
  const { child, ended, said } = bench.start(['--json', '--keep-history', '-']);
  child.stdin?.end(`${quarter}\n{\n${lines.join('\n')}`);
  await said(/line 1501: not_json/); // by then it has stored much of the first quarter

  let collected = 0;
  let last = -1;
  // From the end to the start, so that they meet; the event loop turns between commits.
  for (let end = count; end > 0; end -= MAX_BATCH) {
    const ids = Array.from({ length: Math.min(MAX_BATCH, end) }, (_, i) => `p${end - 1 - i}`);
    const posts = ids.map((id) => aPost({ id, created_utc: '2013-02-19T03:26:50.000Z' }));
    const { posts_new, data_version } = await store.commit({
      ...{ fence, subreddit: 'claude', posts, comments: [] },
    });
    collected += posts_new;
    t.true(data_version > last);
    last = data_version;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { code, stdout } = await ended;
  t.is(code, 1, 'for the line that is none');
  const imported = (JSON.parse(stdout) as { posts_new: number }).posts_new;
  t.log(`${collected} collected, ${imported} imported`);
  t.is(collected + imported, count);
  const { differences, items } = await store.verify({ repair: false });
  t.deepEqual([items, differences], [count, []]);
  const db = new Database(bench.database, { readonly: true });
  const rollups = 'SELECT sum(posts) FROM rollups_hourly';
  t.is(db.prepare(rollups).pluck().get(), count);
  db.close();
});
