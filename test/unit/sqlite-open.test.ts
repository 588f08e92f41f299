import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { openReadStore, openStore } from '../../src/store/open.js';
import { SCHEMA_1 } from '../../src/store/sqlite/schema-1.js';
import { SCHEMA_VERSION } from '../../src/store/sqlite/migrations.js';
import { testConfig } from '../support/config.js';
import { aPost } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle, temporaryReadStore, temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';

const deps = { clock: systemClock, log: silentLog };

/** Both ways of opening fail at once, with a cure that names the key. */
async function unusable(t: ExecutionContext, path: string, message: RegExp): Promise<void> {
  const config = testConfig({ SQLITE_PATH: path, DB_RETRY_MAX_ATTEMPTS: '3' });
  for (const open of [openStore, openReadStore]) {
    const error = await t.throwsAsync<AppError>(open(config, deps), {
      code: 'store_unusable',
      message,
    });
    t.regex(error?.cure ?? '', /SQLITE_PATH/);
    t.true(error?.message.includes(path));
  }
}

test('the first opening creates folder and schema, for this user only', async (t) => {
  const path = join(temporaryFolder(t), 'deep', 'down', 'store.db');
  const store = await openReadStore(testConfig({ SQLITE_PATH: path }), deps);
  t.deepEqual(await store.ping(), { data_version: 0 });
  await store.close();
  t.is(statSync(join(path, '..')).mode & 0o777, 0o700);
});

test('a file that is no database', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  writeFileSync(path, 'not a database, but a text that is long enough '.repeat(500));
  await unusable(t, path, /is not a database/);
});

test('a database that is damaged inside', async (t) => {
  const { store, path } = await temporaryStore(t);
  await store.close();
  const content = readFileSync(path);
  writeFileSync(path, content.fill(0xff, 4096)); // all pages but the first
  await unusable(t, path, /is corrupt/);
});

test('a directory', async (t) => {
  await unusable(t, temporaryFolder(t), /is a directory/);
});

test('a file where the folder should be', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  await unusable(t, join(file, 'store.db'), /cannot be created or written/);
});

test('a folder that nobody can write', async (t) => {
  if (!existsSync('/proc/self')) {
    t.log('skipped: there is no /proc');
    t.pass();
    return;
  }
  await unusable(t, '/proc/none/deep/store.db', /cannot be created or written/);
});

test("another program's database", async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  const other = new Database(path);
  other.exec('CREATE TABLE mine (x)');
  other.close();
  await unusable(t, path, /belongs to another program/);
});

test('a newer schema is refused, unless it names this code as good enough', async (t) => {
  const { path, store, config } = await temporaryStore(t);
  await store.close();
  const set = (oldest: number) => {
    const file = new Database(path);
    file.prepare('UPDATE meta SET schema_version = ?, oldest_code = ?').run(99, oldest);
    file.close();
  };
  set(SCHEMA_VERSION);
  const again = await openStore(config, deps);
  t.deepEqual(await again.ping(), { data_version: 0 });
  await again.close();
  set(98);
  await unusable(t, path, /has schema 99, which needs code of schema 98/);
});

test('a database of the first release is brought up to date, and that release can still use it', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  const old = new Database(path);
  old.exec(SCHEMA_1);
  old.close();
  const store = await openStore(testConfig({ SQLITE_PATH: path }), deps);
  t.deepEqual(await store.watermarks('claude'), { post: null, comment: null });
  await store.close();
  const file = new Database(path);
  const meta = file.prepare('SELECT schema_version, oldest_code FROM meta').get();
  file.close();
  t.deepEqual(meta, { schema_version: SCHEMA_VERSION, oldest_code: 1 });
});

test('a command that must not create a database does not', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  const config = testConfig({ SQLITE_PATH: path });
  await t.throwsAsync(openStore(config, { ...deps, ifMissing: 'refuse' }), {
    code: 'store_unusable',
  });
  t.false(existsSync(path));
});

test('a closed store stays closed', async (t) => {
  const { store, config } = await temporaryStore(t);
  const reader = await temporaryReadStore(t, config);
  await store.close();
  await store.close();
  await reader.close();
  await reader.close();
  await t.throwsAsync(store.ping(), { code: 'store_unreachable', message: /closed/ });
  await t.throwsAsync(reader.ping(), { code: 'store_unreachable', message: /closed/ });
});

test('a file that is moved away is missed, never recreated, and used when back', async (t) => {
  const { store, path, config } = await temporaryStore(t, { clock: systemClock });
  const reader = await temporaryReadStore(t, config, systemClock);
  const fence = await beginTestCycle(store, systemClock);
  const batch = { fence, subreddit: 'claude', posts: [aPost()], comments: [] };
  await store.commit(batch);
  const files = readdirSync(join(path, '..'));
  for (const moved of [['store.db'], files]) {
    const elsewhere = join(temporaryFolder(t), 'elsewhere');
    mkdirSync(elsewhere);
    for (const name of moved) renameSync(join(path, '..', name), join(elsewhere, name));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const gone = { code: 'store_unreachable' };
      await t.throwsAsync(reader.ping(), gone);
      await t.throwsAsync(reader.recentPosts({ since: '2000', limit: 1 }), gone);
      await t.throwsAsync(reader.requestCycle('wish'), gone);
      await t.throwsAsync(store.commit(batch), gone);
    }
    t.false(existsSync(path));
    for (const name of moved) renameSync(join(elsewhere, name), join(path, '..', name));
    t.is((await reader.recentPosts({ since: '2000', limit: 9 })).length, 1);
    t.like(await store.commit({ ...batch, posts: [aPost()] }), { posts_new: 0 });
  }
});

test('another database in its place is noticed, then used', async (t) => {
  const { path, config, store } = await temporaryStore(t, { clock: systemClock });
  await store.close();
  const other = await temporaryStore(t, { clock: systemClock });
  const fence = await beginTestCycle(other.store, systemClock);
  await other.store.commit({ fence, subreddit: 'claude', posts: [aPost()], comments: [] });
  await other.store.close();
  const reader = await temporaryReadStore(t, config, systemClock);
  t.deepEqual(await reader.ping(), { data_version: 0 });
  for (const suffix of ['', '-wal', '-shm']) renameSync(path + suffix, `${path}.old${suffix}`);
  renameSync(other.path, path);
  await t.throwsAsync(reader.ping(), { code: 'store_unreachable' });
  t.deepEqual(await reader.ping(), { data_version: 2 });
});

test('an emptied file is no empty database', async (t) => {
  const { store, path, config } = await temporaryStore(t);
  await store.close();
  const reader = await temporaryReadStore(t, config, systemClock);
  renameSync(path, `${path}.old`);
  writeFileSync(path, '');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await t.throwsAsync(reader.healthFacts('2026-01-01T00:00:00.000Z'), {
      code: 'store_unreachable',
    });
  }
});

for (const suffix of ['-wal', '-shm']) {
  test(`a ${suffix} file removed under it is noticed by every connection, and nothing is lost`, async (t) => {
    const { store, path, config } = await temporaryStore(t, { clock: systemClock });
    const reader = await temporaryReadStore(t, config, systemClock);
    const fence = await beginTestCycle(store, systemClock);
    await store.commit({
      fence,
      subreddit: 'claude',
      posts: [aPost({ id: 'before' })],
      comments: [],
    });
    t.truthy(await reader.post('before'));
    unlinkSync(path + suffix);
    await t.throwsAsync(reader.ping(), { code: 'store_unreachable' });
    await t.throwsAsync(store.ping(), { code: 'store_unreachable' });
    await store.commit({
      fence,
      subreddit: 'claude',
      posts: [aPost({ id: 'after' })],
      comments: [],
    });
    for (const id of ['before', 'after']) t.truthy(await reader.post(id), id);
    t.deepEqual((await store.verify({ repair: false })).differences, []);
  });
}

test('an empty file in the place of a database that was seen is left alone', async (t) => {
  const { path, config } = await temporaryStore(t);
  const reader = await temporaryReadStore(t, config, systemClock);
  await reader.ping();
  renameSync(path, `${path}.away`);
  writeFileSync(path, '');
  for (let n = 0; n < 3; n += 1) {
    await t.throwsAsync(reader.ping(), { code: 'store_unreachable' });
  }
  t.is(statSync(path).size, 0, 'nobody wrote into it');
  unlinkSync(path);
  renameSync(`${path}.away`, path);
  await t.notThrowsAsync(reader.ping());
});
