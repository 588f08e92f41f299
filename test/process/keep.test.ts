import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { systemClock } from '../../src/clock.js';
import { backupName } from '../../src/keep/backup-names.js';
import { openReadStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';
import { until } from '../support/jobs-process.js';
import { ago, hoursFrom, KeepBench, MARKER, told } from '../support/keep-bench.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle } from '../support/store.js';

const BACKUP = fileURLToPath(new URL('../../src/cli/backup.js', import.meta.url));
const DAY = 24 * 3_600_000;
const clean = async (store: Store) => {
  const { differences, stale_terms } = await store.verify({ repair: false });
  return differences.length + stale_terms;
};
const leftOf = (bench: KeepBench) =>
  bench.sql((db) => db.prepare('SELECT count(*) FROM posts').pluck().get() as number);

test.serial('what is past its time leaves every byte of store and backups', async (t) => {
  const bench = new KeepBench(t, { TEXT_RETENTION_HOURS: '24' });
  const young = aPost({ id: 'young', created_utc: ago(1) });
  await bench.withStore(async (store) => {
    const { posts, comments } = told([...hoursFrom(50, 40), 30, 31]);
    await fillStore(store, systemClock, { posts: [...posts, young], comments });
  });
  t.true(bench.tellTales().length > 0);
  mkdirSync(bench.backups);
  const old = join(bench.backups, backupName(systemClock.now() - 2 * DAY));
  writeFileSync(old, MARKER);
  // As the API does: without it the last one to close the database would remove the log.
  const reader = await openReadStore(bench.config, { clock: systemClock, log: silentLog });
  t.teardown(() => reader.close());
  t.truthy(await reader.post('p50'));
  const { code, outcomes } = await bench.daily('prune', 'vacuum', 'backup').ended;
  t.is(code, 0);
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['succeeded', 'succeeded', 'succeeded'],
    JSON.stringify(outcomes),
  );
  t.deepEqual(bench.tellTales(), []);
  const [backup, ...others] = readdirSync(bench.backups);
  t.deepEqual(others, []);
  t.false(readFileSync(join(bench.backups, backup ?? '')).includes(MARKER));
  await bench.withStore(async (store) => {
    t.is(await clean(store), 0);
    t.like(await store.post('p30'), { title: '', author: '', upvotes: 10 });
    t.is(await store.post('p50'), null);
    t.truthy(await store.post('young'));
  });
  const expired = `SELECT kind, reason, items FROM blankings ORDER BY kind`;
  t.deepEqual(
    bench.sql((db) => db.prepare(expired).all()),
    [
      { kind: 'comment', reason: 'expired', items: 2 },
      { kind: 'post', reason: 'expired', items: 2 },
    ],
  );
});

test.serial('readers go on beside the pruning of many hours', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told(hoursFrom(50, 150))));
  const deps = { clock: systemClock, log: silentLog };
  const reader = await openReadStore(bench.config, deps);
  t.teardown(() => reader.close());
  const pruning = bench.daily('prune').ended;
  let over = false;
  void pruning.then(() => {
    over = true;
  });
  const seen = new Set<number>();
  while (!over) {
    const window = { from: ago(500), to: ago(0) };
    const { windows } = await reader.hourlyCounts({ windows: [window] });
    const hours = windows[0] ?? [];
    seen.add(hours.length);
    t.true(hours.every(({ posts, comments }) => posts === 1 && comments === 1));
  }
  t.like(await pruning, { code: 0, outcomes: [{ status: 'succeeded' }] });
  t.true(seen.size > 2, 'it looked at several moments of it');
  t.is(leftOf(bench), 0);
});

test.serial('killed in the middle of pruning: consistent, and the next run ends it', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told(hoursFrom(50, 150))));
  const { child, ended } = bench.daily('prune');
  await until(() => leftOf(bench) < 120);
  child.kill('SIGKILL');
  t.is((await ended).code, 'SIGKILL');
  t.true(leftOf(bench) > 0);
  await bench.withStore(async (store) => {
    t.is(await clean(store), 0);
    t.is(await store.jobSuccess('prune'), null);
  });
  t.is((await bench.daily('prune').ended).code, 0);
  t.is(leftOf(bench), 0);
  await bench.withStore(async (store) => {
    t.is(await clean(store), 0);
    t.truthy(await store.jobSuccess('prune'));
  });
});

test.serial('killed in the middle of a backup: half of one is never taken for one', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told([1])));
  bench.inflate(150);
  const { child, ended } = bench.daily('backup');
  await until(() => existsSync(bench.backups) && readdirSync(bench.backups).length > 0);
  child.kill('SIGKILL');
  t.is((await ended).code, 'SIGKILL');
  const names = readdirSync(bench.backups);
  t.true(
    names.every((name) => name.startsWith('.sentimentagent-')),
    names.join(),
  );
  await bench.withStore(async (store) => t.is(await clean(store), 0));
  const next = await bench.command('backup', ['--json']);
  t.is(next.code, 0, next.stderr);
  const whole = readdirSync(bench.backups).filter((name) => !name.startsWith('.'));
  t.deepEqual(whole, [(JSON.parse(next.stdout) as { file: string }).file.split('/').at(-1)]);
});

test.serial('a cycle beside the compaction of a large store loses nothing', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told([1])));
  bench.inflate(120);
  await bench.withStore(async (store) => {
    const compacting = bench.daily('vacuum').ended;
    let over = false;
    void compacting.then(() => {
      over = true;
    });
    await until(() => statSync(`${bench.database}-wal`).size > 1_000_000); // it writes
    const fence = await beginTestCycle(store, systemClock, { id: 'beside' });
    let stored = 0;
    do {
      const posts = [aPost({ id: `b${stored}`, created_utc: ago(1) })];
      const result = await store.commit({ fence, subreddit: 'claude', posts, comments: [] });
      stored += result.posts_new;
    } while (!over && stored < 2000);
    t.like(await compacting, { code: 0, outcomes: [{ status: 'succeeded' }] });
    t.is(leftOf(bench), stored + 1);
    t.is(await clean(store), 0);
  });
});

test.serial('without the room for it a backup says so, and old ones go all the same', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told([1])));
  bench.inflate(3);
  mkdirSync(bench.backups);
  const script = `mount -t tmpfs -o size=2m none "$1" || exit 99
    touch "$1/$2"; "$3" "$4"; code=$?; ls -A "$1"; exit $code`;
  const old = backupName(systemClock.now() - 3 * DAY);
  const { exitCode, stdout, stderr } = await execa(
    'unshare',
    ['-rm', 'sh', '-c', script, 'sh', bench.backups, old, process.execPath, BACKUP],
    { cwd: bench.commands.folder, env: bench.env, extendEnv: false, reject: false },
  );
  if (exitCode === undefined || /^(unshare|mount):/m.test(stderr)) {
    t.log('skipped: no file system can be mounted here');
    t.pass();
    return;
  }
  t.is(exitCode, 1);
  t.regex(stderr, /^backup: The backup .* needs \d+ MB, and the disk has \d+ MB free.*BACKUP_DIR/);
  t.is(stdout, '', 'neither the old one nor a part of the new one is left');
});
