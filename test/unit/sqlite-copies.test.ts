import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compactStore } from '../../src/keep/compact.js';
import { openStore } from '../../src/store/open.js';
import { createConnection } from '../../src/store/sqlite/connection.js';
import { compact } from '../../src/store/sqlite/compact.js';
import { checkCopy } from '../../src/store/sqlite/copies.js';
import { type ReplaceOptions, replaceDatabase } from '../../src/store/sqlite/replace.js';
import { ManualClock } from '../support/clock.js';
import { testConfig } from '../support/config.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';
import { recordingLog, silentLog } from '../support/log.js';
import { beginTestCycle, temporaryStore } from '../support/store.js';

const STAMP = '20260115T120000Z';

async function copied(t: ExecutionContext) {
  const clock = new ManualClock();
  const { store, path } = await temporaryStore(t, { clock });
  await fillStore(store, clock, { posts: [aPost()] });
  const copy = join(dirname(path), 'copy.db');
  await store.copyTo(copy);
  const options: ReplaceOptions = {
    ...{ path, from: copy, aside: `${path}.replaced-${STAMP}`, clock },
    ...{ openersOf: () => [], holderIsDead: () => false },
  };
  return { clock, store, path, copy, options };
}

async function postsOf(path: string): Promise<string[]> {
  const config = testConfig({ SQLITE_PATH: path });
  const store = await openStore(config, { clock: new ManualClock(), log: silentLog });
  const posts = await store.recentPosts({ since: '2000-01-01T00:00:00.000Z', limit: 10 });
  await store.close();
  return posts.map(({ id }) => id);
}

test('a copy is whole, by itself, and for its owner alone', async (t) => {
  const { copy } = await copied(t);
  t.is(statSync(copy).mode & 0o777, 0o600);
  checkCopy(copy);
  t.false(existsSync(`${copy}-wal`));
  t.deepEqual(await postsOf(copy), ['p1']);
});

test('a copy never takes the place of a file, and leaves it alone', async (t) => {
  const { store, copy } = await copied(t);
  const before = readFileSync(copy);
  await t.throwsAsync(store.copyTo(copy), { code: 'backup_failed' });
  t.deepEqual(readFileSync(copy), before);
});

test('a copy into a folder that is not there fails, and says so', async (t) => {
  const { store, path } = await copied(t);
  const error = await t.throwsAsync(store.copyTo(join(dirname(path), 'no', 'x.db')));
  t.like(error, { code: 'backup_failed' });
});

test('what is no backup is refused', async (t) => {
  const { copy, path } = await copied(t);
  const other = join(dirname(path), 'other.db');
  const refused = (says: RegExp) =>
    t.throws(() => checkCopy(other), { code: 'store_unusable', message: says });
  refused(/no backup/);
  writeFileSync(other, '');
  refused(/none of our tables/);
  writeFileSync(other, 'not a database at all, whatever its name says'.repeat(100));
  refused(/not a database/);
  const bytes = readFileSync(copy);
  writeFileSync(other, bytes.subarray(0, bytes.length - 8192));
  refused(/no backup/);
  writeFileSync(other, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096)]));
  refused(/no backup/);
});

test('a backup takes the place of the database, which stays beside it', async (t) => {
  const { store, clock, path, copy, options } = await copied(t);
  await fillStore(store, clock, { posts: [aPost({ id: 'later' })], cycleId: 'two' });
  await store.close();
  const answer = replaceDatabase(options);
  t.is(answer.aside, options.aside);
  t.deepEqual(readdirSync(dirname(path)).sort(), [
    'copy.db',
    'store.db',
    `store.db.replaced-${STAMP}`,
  ]);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(await postsOf(path), ['p1']);
  t.deepEqual((await postsOf(options.aside)).sort(), ['later', 'p1']);
  t.true(existsSync(copy));
});

test('nothing is replaced while somebody uses the database', async (t) => {
  const { store, path, options, clock } = await copied(t);
  const refused = (says: RegExp, more: Partial<ReplaceOptions> = {}) =>
    t.throws(() => replaceDatabase({ ...options, ...more }), {
      ...{ code: 'already_running', message: says },
    });
  refused(/another process has the database/); // this one
  refused(/process 7 \(node x\) has/, { openersOf: () => [{ pid: 7, command: 'node x' }] });
  await store.heartbeat({ holder: 'far:1:2:3', pid: 1, memory_mb: 1, runs_skipped: 0 });
  await store.close();
  refused(/far:1:2:3 reported/);
  await clock.advance(21_000);
  const again = await openStore(testConfig({ SQLITE_PATH: path }), { clock, log: silentLog });
  await beginTestCycle(again, clock, { holder: 'far:9:9:9' });
  await again.close();
  refused(/far:9:9:9 is collecting/);
  t.false(existsSync(options.aside));
  t.false(existsSync(`${path}.restoring`));
  t.truthy(replaceDatabase({ ...options, holderIsDead: () => true }).aside);
});

test('a broken database is moved away as it is, with its log', async (t) => {
  const { store, path, options } = await copied(t);
  await store.close();
  writeFileSync(path, 'broken'.repeat(1000));
  writeFileSync(`${path}-wal`, 'its log');
  replaceDatabase(options);
  t.is(readFileSync(options.aside, 'utf8'), 'broken'.repeat(1000));
  t.is(readFileSync(`${options.aside}-wal`, 'utf8'), 'its log');
  t.deepEqual(await postsOf(path), ['p1']);
});

test('a bad backup changes nothing', async (t) => {
  const { store, path, copy, options } = await copied(t);
  await store.close();
  writeFileSync(copy, 'no');
  t.throws(() => replaceDatabase(options), { code: 'store_unusable' });
  t.deepEqual(await postsOf(path), ['p1']);
});

test('the compaction is left out where the disk lacks the room, and says what it needs', async (t) => {
  const { store, path, clock } = await copied(t);
  const connection = createConnection({
    ...{ path, busyTimeoutMs: 100, create: 'nothing', clock, onSlow: () => undefined },
  });
  t.teardown(() => connection.close());
  const found = compact(connection, clock.now(), () => 1000);
  t.like(found, { status: 'no_space', bytes_free: 1000 });
  const { log, lines } = recordingLog();
  const report = await compactStore(
    { store: { ...store, compact: async () => found }, clock, log },
    new AbortController().signal,
  );
  t.like(report, { done: false });
  t.regex(
    lines.find(({ level }) => level === 'warn')?.msg ?? '',
    /VACUUM was left out: it needs \d+ MB/,
  );
  t.is(await store.jobSuccess('vacuum'), null);
});

test('the compaction waits for the cycle that runs', async (t) => {
  const { store, clock } = await copied(t);
  const fence = await beginTestCycle(store, clock, { id: 'two', leaseMs: 9e6 });
  const stop = new AbortController();
  const waiting = compactStore({ store, clock, log: silentLog }, stop.signal);
  await clock.advance(10_000);
  const [cycle] = await store.cycles({ limit: 1 });
  if (cycle === undefined) throw new Error('no cycle');
  t.is(await store.jobSuccess('vacuum'), null);
  await store.finishCycle({ ...cycle, status: 'failed' }, fence);
  await clock.advance(4000);
  t.true((await waiting).done);
  t.truthy(await store.jobSuccess('vacuum'));
});
