import {
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/clock.js';
import { moveAway } from '../../src/demo/store-files.js';
import { CHARTS, freshAfterMs, type Given, givenAll, staleAnswers } from '../support/charts.js';
import { servedStore } from '../support/served-store.js';
import { until } from '../support/jobs-process.js';
import { lockWhole } from '../support/locks.js';

/** What is promised, and what a busy machine may add. */
const FRESH_WITHIN_MS = 5000 + 5000;
const STALE_WITHIN_MS = 10_000;

const bodies = (answers: Given[]) => answers.map(({ body }) => body);

/** Asks for so long; every answer must be one of 200 with the body of before. */
async function mustGoOn(
  t: ExecutionContext,
  base: string,
  before: string[],
  forMs: number,
): Promise<Given[]> {
  const end = systemClock.monotonic() + forMs;
  let last: Given[] = [];
  while (systemClock.monotonic() < end) {
    last = await givenAll(base);
    for (const [n, { status, body }] of last.entries()) {
      t.deepEqual([status, body], [200, before[n]], CHARTS[n]);
    }
    await systemClock.sleep(100);
  }
  return last;
}

/** Asked twice a second apart, all are stale and all older the second time. */
async function mustAge(t: ExecutionContext, base: string, before: string[]): Promise<void> {
  const first = await staleAnswers(base, STALE_WITHIN_MS);
  const later = await mustGoOn(t, base, before, 1500);
  for (const [n, { stale, age }] of later.entries()) {
    t.true(stale, CHARTS[n]);
    t.true((age ?? -1) > (first[n]?.age ?? Infinity), CHARTS[n]);
  }
}

/** Away from the end of a minute, at which each answer is another one. */
async function earlyInMinute(): Promise<void> {
  const leftMs = 60_000 - (systemClock.now() % 60_000);
  if (leftMs < 25_000) await systemClock.sleep(leftMs + 100);
}

async function scene(t: ExecutionContext, posts = 30) {
  const served = await servedStore(t, posts);
  await earlyInMinute();
  await freshAfterMs(served.base, { withinMs: FRESH_WITHIN_MS });
  const before = bodies(await givenAll(served.base));
  return { ...served, before };
}

async function mustBeFresh(t: ExecutionContext, base: string): Promise<Given[]> {
  t.log(`fresh after ${await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS })} ms`);
  return givenAll(base);
}

test.serial('BEGIN EXCLUSIVE of another process for 4 s: answers stay fresh', async (t) => {
  const { base, path, before } = await scene(t);
  const locker = new Database(path);
  t.teardown(() => locker.close());
  locker.exec('BEGIN EXCLUSIVE');
  const last = await mustGoOn(t, base, before, 4000);
  t.true(
    last.every(({ stale }) => !stale),
    'the log keeps readers apart from writers',
  );
  locker.exec('ROLLBACK');
  t.deepEqual(bodies(await mustBeFresh(t, base)), before);
});

test.serial('back, but locked as a whole: stale until the lock is gone', async (t) => {
  const { base, path, store, before } = await scene(t);
  await store.close();
  const files = { path, awayFolder: `${path}.away` };
  moveAway(files);
  await staleAnswers(base, STALE_WITHIN_MS);
  const away = `${path}.away/store.db`;
  const locked = `${path}.locked`;
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(away + suffix)) renameSync(away + suffix, locked + suffix);
  }
  const unlock = lockWhole(t, locked);
  renameSync(locked, path);
  await mustAge(t, base, before);
  unlock();
  t.deepEqual(bodies(await mustBeFresh(t, base)), before);
});

test.serial('only its -wal is removed: never anything else, and fresh by itself', async (t) => {
  const { base, path, store, before } = await scene(t);
  await store.close();
  t.true(existsSync(`${path}-wal`), 'the api has one');
  rmSync(`${path}-wal`);
  await mustGoOn(t, base, before, 1000);
  t.deepEqual(bodies(await mustBeFresh(t, base)), before);
});

/** A copy of the database, the commits in its log included. */
async function backupOf(path: string): Promise<string> {
  const source = new Database(path);
  await source.backup(`${path}.backup`);
  // Or the log would go on answering in the database's place.
  source.pragma('wal_checkpoint(TRUNCATE)');
  source.close();
  return `${path}.backup`;
}

/** The broken files away together, then the backup in their place in one step. */
function restore(path: string, backup: string): void {
  moveAway({ path, awayFolder: `${path}.broken` });
  copyFileSync(backup, `${path}.new`);
  renameSync(`${path}.new`, path);
}

test.serial(
  'truncated to nothing, in place: stale; restored: fresh, with what was there',
  async (t) => {
    const { api, base, path, store, before } = await scene(t);
    await store.close();
    const backup = await backupOf(path);
    truncateSync(path, 0);
    await mustAge(t, base, before);
    t.is((await fetch(`${base}/livez`)).status, 200);
    t.is((await fetch(`${base}/readyz`)).status, 503);
    restore(path, backup);
    t.deepEqual(bodies(await mustBeFresh(t, base)), before);
    await until(async () => (await fetch(`${base}/health`)).status === 200);
    t.is(api.child.exitCode, null);
  },
);

test.serial('overwritten with garbage, in place: what is shown is right or refused', async (t) => {
  const { api, base, path, store, before } = await scene(t, 3000);
  await store.close();
  const posts = Array.from({ length: 60 }, (_, n) => `/api/v1/posts/pa${n * 50}`);
  const backup = await backupOf(path);
  writeFileSync(path, Buffer.alloc(statSync(path).size, 'garbage'));
  // SQLite may have every page that it needs in memory; then it goes on, and is right.
  await mustGoOn(t, base, before, 1000);
  const answers = await givenAll(base, posts);
  for (const [n, { status, body }] of answers.entries()) {
    t.true(status === 503 || (JSON.parse(body) as { id: string }).id === `pa${n * 50}`, body);
  }
  t.true(
    answers.some(({ status }) => status === 503),
    'not all of it is in memory',
  );
  await mustAge(t, base, before);
  t.is((await fetch(`${base}/livez`)).status, 200);
  t.is((await fetch(`${base}/readyz`)).status, 503);
  restore(path, backup);
  t.deepEqual(bodies(await mustBeFresh(t, base)), before);
  // Beyond 48 questions at once the api may refuse some, which on a busy machine it comes to.
  for (const some of [posts.slice(0, 30), posts.slice(30)]) {
    t.true((await givenAll(base, some)).every(({ status }) => status === 200));
  }
  t.is(api.child.exitCode, null);
});
