import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/open.js';
import { SCHEMA_VERSION } from '../../src/store/sqlite/migrations.js';
import { SCHEMA_1 } from '../../src/store/sqlite/schema-1.js';
import { testConfig } from '../support/config.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle, temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';

const OLD_POST = `INSERT INTO posts (id, subreddit, author, title, content, url, permalink,
    comment_count, created_utc, upvotes, collected_at, updated_at, label, score, confidence,
    method, scorer_version)
  VALUES (?, 'claude', 'a', 't', 'c', 'u', '/p', 0, '2026-01-15T11:30:00.000Z', 1,
    '2026-01-15T12:00:00.000Z', '2026-01-15T12:00:00.000Z', 'positive', 0.5, 0.5, 'm', 'v')`;

/** What the release before wrote: its own schema text, and rows by its own statements. */
function oldDatabase(path: string): void {
  const db = new Database(path);
  db.exec(SCHEMA_1);
  db.prepare(OLD_POST).run('old');
  db.exec(`INSERT INTO rollups_hourly VALUES
      ('2026-01-15T11:00:00.000Z', 'claude', 1, 0, 1, 0, 0, 5000, '2026-01-15T11:30:00.000Z');
    INSERT INTO subreddits VALUES ('claude', 'active', NULL, 'old', '2026-01-15T11:30:00.000Z', NULL, NULL);
    UPDATE meta SET data_version = 7, last_collected_at = '2026-01-15T12:00:00.000Z'`);
  db.close();
}

test('a database of schema 1 is brought on with all that is in it, and its code can still use it', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  oldDatabase(path);
  const clock = new ManualClock();
  const store = await openStore(testConfig({ SQLITE_PATH: path }), { clock, log: silentLog });
  t.teardown(() => store.close());
  t.deepEqual(await store.ping(), { data_version: 7 });
  t.like(await store.post('old'), { id: 'old', collected_at: '2026-01-15T12:00:00.000Z' });
  t.is((await store.watermarks('claude')).post?.id, 'old');
  t.like(
    await store.importItems({
      ...{ subreddit: 'claude', keepHistory: true },
      posts: [aPost({ id: 'old' }), aPost()],
      comments: [],
    }),
    { posts_new: 1, known: 1 },
  );
  const { differences, items } = await store.verify({ repair: false });
  t.deepEqual([differences, items], [[], 2]);

  // The release before: admitted by oldest_code, writes by its own statements.
  const old = new Database(path);
  t.like(old.prepare('SELECT * FROM meta').get(), {
    schema_version: SCHEMA_VERSION,
    oldest_code: 1,
  });
  old.prepare(OLD_POST).run('later');
  old.exec(`INSERT INTO subreddits VALUES ('aws', 'active', NULL, NULL, NULL, NULL, NULL)`);
  const marks = old.prepare('SELECT id, keep_history FROM posts ORDER BY id').raw().all();
  t.deepEqual(marks, [
    ['later', 0],
    ['old', 1],
    ['p1', 1],
  ]);
  old.close();
});

test('the mark is set on what was known, never taken back, and survives a refresh', async (t) => {
  const clock = new ManualClock();
  const { store, path } = await temporaryStore(t, { clock });
  const fence = await beginTestCycle(store, clock);
  const batch = { subreddit: 'claude', posts: [aPost()], comments: [aComment()] };
  const db = new Database(path, { readonly: true });
  const marks = () =>
    ['posts', 'comments'].map((table) =>
      db.prepare(`SELECT keep_history FROM ${table}`).pluck().get(),
    );
  await store.commit({ ...batch, fence });
  t.deepEqual(marks(), [0, 0]);
  await store.importItems({ ...batch, keepHistory: false });
  t.deepEqual(marks(), [0, 0]);
  await store.importItems({ ...batch, keepHistory: true });
  t.deepEqual(marks(), [1, 1]);
  await store.importItems({ ...batch, keepHistory: false });
  await store.commit({ ...batch, fence, posts: [aPost({ title: 'edited' })] });
  t.deepEqual(marks(), [1, 1]);
  db.close();
});
