import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/clock.js';
import { openReadStore } from '../../src/store/open.js';
import { openReadClient } from '../../src/store/sqlite/client.js';
import { aPost } from '../support/items.js';
import { recordingLog, silentLog } from '../support/log.js';
import { beginTestCycle, temporaryReadStore, temporaryStore } from '../support/store.js';

const NOW = '2026-01-15T12:00:00.000Z';
/** Tests run one by one here: a stall of this thread by another test would look like a hang. */
const TIMEOUT_MS = 200;

/** A store whose thread hangs or dies when told. */
async function faulty(t: ExecutionContext, timeoutMs = TIMEOUT_MS) {
  const { log, lines } = recordingLog();
  const store = await openReadClient({
    path: '/nowhere/store.db',
    timeoutMs,
    clock: systemClock,
    log,
    threadUrl: new URL('../support/faulty-thread-root.js', import.meta.url),
  });
  t.teardown(() => store.close());
  return { store, lines };
}

/** Calls until it succeeds, for at most `ms`. */
async function eventually<T>(call: () => Promise<T>, ms = 5000): Promise<T> {
  const deadline = systemClock.monotonic() + ms;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (systemClock.monotonic() > deadline) throw error;
      await systemClock.sleep(20);
    }
  }
}

test.serial('a thread that hangs costs its calls a deadline, and is replaced', async (t) => {
  const { store, lines } = await faulty(t);
  const first = (await store.ping()).data_version;
  const began = systemClock.monotonic();
  const hanging = t.throwsAsync(store.post('hang'), { code: 'store_timeout' });
  await t.throwsAsync(store.ping(), { code: 'store_timeout' });
  await hanging;
  t.true(systemClock.monotonic() - began < 5 * TIMEOUT_MS);
  const second = (await eventually(() => store.ping())).data_version;
  t.not(second, first);
  t.true(lines.some((line) => line.level === 'error' && /hangs/.test(line.msg)));
});

test.serial('a slow answer to one call does not hide that the thread lives', async (t) => {
  const { store } = await faulty(t, 500);
  const first = await store.ping();
  const silent = Array.from({ length: 4 }, () =>
    t.throwsAsync(store.post('silence'), { code: 'store_timeout' }),
  );
  const until = systemClock.monotonic() + 4 * 500;
  while (systemClock.monotonic() < until) {
    t.deepEqual(await store.ping(), first);
    await systemClock.sleep(50);
  }
  await Promise.all(silent);
});

test.serial('a thread that dies is replaced, and its calls are rejected', async (t) => {
  for (const end of ['die', 'throw']) {
    const { store, lines } = await faulty(t);
    const first = (await store.ping()).data_version;
    const waiting = t.throwsAsync(store.post('silence'), { code: 'store_unreachable' });
    await t.throwsAsync(store.post(end), { code: 'store_unreachable' });
    await waiting;
    t.not((await eventually(() => store.ping())).data_version, first);
    t.true(lines.some((line) => /ended/.test(line.msg)));
  }
});

test.serial('calls beyond the bound are refused at once', async (t) => {
  const { store } = await faulty(t);
  const waiting = Array.from({ length: 128 }, () => t.throwsAsync(store.post('silence')));
  await t.throwsAsync(store.ping(), { code: 'store_busy' });
  await Promise.all(waiting);
});

test.serial('an error keeps code, message, cure and details on its way', async (t) => {
  const { config, path } = await temporaryStore(t);
  const reader = await temporaryReadStore(t, config, systemClock);
  const file = new Database(path);
  file.exec('DROP TABLE posts');
  file.close();
  const error = await t.throwsAsync(reader.post('x'), { code: 'internal' });
  t.regex(String((error?.cause as Error).stack), /no such table: posts/);
});

test.serial('while a writer holds the lock, reads go on and requests are busy', async (t) => {
  const { config, path } = await temporaryStore(t);
  const reader = await temporaryReadStore(t, config, systemClock);
  const writer = new Database(path);
  writer.exec('BEGIN IMMEDIATE');
  const busy = t.throwsAsync(reader.requestCycle('wish'), { code: 'store_busy' });
  t.deepEqual(await reader.ping(), { data_version: 0 });
  await busy;
  writer.exec('ROLLBACK');
  writer.close();
  t.like(await reader.requestCycle('wish'), { accepted: true });
});

test.serial('a database locked for good is busy at the opening, and well after', async (t) => {
  const { store, config, path } = await temporaryStore(t);
  await store.close();
  const locker = new Database(path);
  locker.pragma('locking_mode = EXCLUSIVE');
  locker.exec('BEGIN IMMEDIATE; COMMIT');
  const { log, lines } = recordingLog();
  const storeRetry = { retries: 2, baseDelayMs: 20 };
  const opening = openReadStore({ ...config, storeRetry }, { clock: systemClock, log });
  await t.throwsAsync(opening, { code: 'store_busy' });
  t.deepEqual(
    lines.map(({ code, attempt, delay_ms }) => [code, attempt, delay_ms]),
    [
      ['store_busy', 1, 20],
      ['store_busy', 2, 80],
    ],
  );
  locker.close();
  const again = await temporaryReadStore(t, config, systemClock);
  t.deepEqual(await again.ping(), { data_version: 0 });
});

test.serial('waiting calls are bounded by the deadline while the thread works', async (t) => {
  const { config, path } = await temporaryStore(t);
  const timeoutMs = 600;
  const reader = await openReadStore(
    { ...config, store: { ...config.store, timeoutMs } },
    { clock: systemClock, log: silentLog },
  );
  t.teardown(() => reader.close());
  const writer = new Database(path);
  writer.exec('BEGIN IMMEDIATE');
  const began = systemClock.monotonic();
  // Each waits 250 ms for the lock, so only the first two are reached in time.
  const calls = Array.from({ length: 8 }, () => reader.requestCycle('wish'));
  const outcomes = await Promise.allSettled(calls);
  t.true(systemClock.monotonic() - began < 5 * timeoutMs);
  const codes = outcomes.map((o) => o.status === 'rejected' && (o.reason as { code: string }).code);
  t.true(codes.includes('store_busy'));
  t.true(codes.includes('store_timeout'));
  t.true(codes.every((code) => code === 'store_busy' || code === 'store_timeout'));
  writer.exec('ROLLBACK');
  writer.close();
  // A call that timed out in the middle may have been carried out after all.
  t.regex((await eventually(() => reader.requestCycle('wish-2'))).cycle_id, /^wish/);
});

test.serial('the thread tells the time of the caller', async (t) => {
  const { store, config } = await temporaryStore(t, { clock: systemClock });
  const reader = await temporaryReadStore(t, config, systemClock);
  await beginTestCycle(store, systemClock);
  t.is((await reader.healthFacts(NOW)).running_cycle, 'cycle-1');
  t.like(await reader.requestCycle('wish'), { accepted: false, cycle_id: 'cycle-1' });
});

test.serial('a commit is seen through the thread at once', async (t) => {
  const { store, config } = await temporaryStore(t, { clock: systemClock });
  const reader = await temporaryReadStore(t, config, systemClock);
  const fence = await beginTestCycle(store, systemClock);
  for (let n = 0; n < 20; n += 1) {
    const posts = [aPost({ id: `p${n}` })];
    const { data_version } = await store.commit({
      fence,
      subreddit: 'claude',
      posts,
      comments: [],
    });
    t.deepEqual(await reader.ping(), { data_version });
    t.not(await reader.post(`p${n}`), null);
  }
});

test.serial('a call that reads a lot hangs: no other call waits, and it ends itself', async (t) => {
  const { store } = await faulty(t);
  const main = (await store.ping()).data_version;
  const heavy = t.throwsAsync(store.trending('hang' as never), { code: 'store_timeout' });
  for (let n = 0; n < 20; n += 1) t.is((await store.ping()).data_version, main);
  await heavy;
  t.is((await store.ping()).data_version, main, 'its thread was not replaced');
});

const SCHEMA_4_GONE = `DROP INDEX posts_excluded; DROP INDEX comments_excluded;
    DROP TABLE upkeep; DROP TABLE omissions; DROP TABLE blankings; DROP TABLE pause; DROP TABLE job_runs;
    DROP TABLE forgotten_changes;
    ALTER TABLE posts DROP COLUMN edited_at; ALTER TABLE comments DROP COLUMN edited_at;
    ALTER TABLE posts DROP COLUMN unreachable; ALTER TABLE posts DROP COLUMN thread_read_at;
    ALTER TABLE rollups_hourly DROP COLUMN thread_comments;
    ALTER TABLE rollups_hourly DROP COLUMN thread_comments_stored;
    ALTER TABLE gaps DROP COLUMN missing; ALTER TABLE gaps DROP COLUMN settled_at;
    ALTER TABLE cycles DROP COLUMN upkeep;`;

/** Makes a database look like one of the release before. */
function downgrade(path: string): void {
  const db = new Database(path);
  for (const [name] of db
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
    .raw()
    .all() as [string][]) {
    db.exec(`DROP TRIGGER ${name}`);
  }
  db.exec(`DROP TABLE rollup_changes; DROP TABLE post_terms; DROP INDEX comments_post;
    ${SCHEMA_4_GONE}
    DROP INDEX cycles_status_started; DROP INDEX gaps_found; DROP INDEX gaps_status_found;
    UPDATE meta SET schema_version = 2`);
  db.close();
}

test.serial('a database of the release before is told, brought on and served', async (t) => {
  const { store, path, config } = await temporaryStore(t);
  await store.close();
  downgrade(path);

  const { log, lines } = recordingLog();
  const told = () => lines.some(({ msg }) => msg.includes('older release'));
  const reader = await openReadStore(config, { clock: systemClock, log });
  t.teardown(() => reader.close());
  t.true(told());
  t.is((await reader.ping()).data_version, 0, 'served as soon as it is brought on');
});

test.serial('something older restored into the same file is another opening', async (t) => {
  const { store, path, config } = await temporaryStore(t);
  const reader = await temporaryReadStore(t, config, systemClock);
  const backup = `${path}.backup`;
  const db = new Database(path);
  t.teardown(() => db.close());
  await db.backup(backup);
  const fence = await beginTestCycle(store, systemClock);
  await store.commit({ fence, subreddit: 'claude', posts: [aPost()], comments: [] });
  const before = await reader.rollups({ since: null, edges: [] });
  const old = new Database(backup, { readonly: true });
  const { data_version } = old.prepare('SELECT data_version FROM meta').get() as {
    data_version: number;
  };
  old.close();
  t.true(data_version < before.data_version);
  // What .restore does: the same file, other pages.
  db.exec(`DELETE FROM posts; DELETE FROM rollups_hourly; DELETE FROM rollup_changes;
    UPDATE meta SET data_version = ${data_version}`);
  const after = await reader.rollups({ since: before, edges: [] });
  t.is(after.data_version, data_version);
  t.not(after.opening, before.opening);
  t.deepEqual(after.rollups, []);
});

test.serial('an upgrade is not cut off: calls are refused at once until it is done', async (t) => {
  const { store, lines } = await faulty(t);
  const thread = (await store.ping()).data_version;
  await t.throwsAsync(store.post('upgrade'), { code: 'store_timeout' });
  const began = systemClock.monotonic();
  // Far longer than a thread may be silent otherwise.
  while (systemClock.monotonic() - began < 4 * TIMEOUT_MS) {
    await t.throwsAsync(store.ping(), { code: 'store_busy' });
    await systemClock.sleep(20);
  }
  t.is((await eventually(() => store.ping())).data_version, thread, 'the same thread');
  t.false(lines.some(({ msg }) => /hangs/.test(msg)));
});
