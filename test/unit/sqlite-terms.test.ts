import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/open.js';
import { POSTS_OF_HOUR } from '../../src/store/sqlite/post-terms.js';
import { SCHEMA_1 } from '../../src/store/sqlite/schema-1.js';
import { SCHEMA_2 } from '../../src/store/sqlite/schema-2.js';
import type { Store, TrendingQuery } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { testConfig } from '../support/config.js';
import { aPost } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle, temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';

const QUERY: TrendingQuery = {
  window: { from: '2026-01-15T11:00:00.000Z', to: '2026-01-15T12:00:00.000Z' },
  baseline: { from: '2026-01-15T10:00:00.000Z', to: '2026-01-15T11:00:00.000Z' },
  names: [],
  limit: 20,
};
const facts = async (store: Store) =>
  (await store.trending(QUERY)).topics.map(({ theme, mentions }) => `${theme} ${mentions}`);

/** What the release before writes: by its own statements, without a word of terms. */
const OLD_POST = `INSERT INTO posts (id, subreddit, author, title, content, url, permalink,
    comment_count, created_utc, upvotes, collected_at, updated_at, label, score, confidence,
    method, scorer_version, excluded)
  VALUES (?, 'claude', 'a', ?, 'c', 'u', '/p', 0, ?, 1, '2026-01-15T12:00:00.000Z',
    '2026-01-15T12:00:00.000Z', 'positive', 0.5, 0.5, 'm', 'v', ?)`;
const IN_WINDOW = '2026-01-15T11:30:00.000Z';

async function storeWith(t: Parameters<typeof temporaryStore>[0], titles: string[]) {
  const clock = new ManualClock();
  const { store, path } = await temporaryStore(t, { clock });
  const fence = await beginTestCycle(store, clock);
  const commit = (posts: ReturnType<typeof aPost>[]) =>
    store.commit({ fence, subreddit: 'claude', posts, comments: [] });
  await commit(titles.map((title, n) => aPost({ id: `p${n}`, title })));
  const db = new Database(path);
  t.teardown(() => db.close());
  return { store, db, commit };
}

test('a database of schema 2 gets the terms of the posts it has', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  const old = new Database(path);
  old.exec(SCHEMA_1);
  old.exec(SCHEMA_2);
  old.exec('UPDATE meta SET schema_version = 2');
  for (const id of ['a', 'b', 'c']) old.prepare(OLD_POST).run(id, 'Outage again', IN_WINDOW, null);
  old.prepare(OLD_POST).run('d', 'Outage again', IN_WINDOW, 'deleted');
  old.prepare(OLD_POST).run('e', 'Elsewhere', '2026-01-15T09:59:59.999Z', null);
  old.exec(`INSERT INTO rollups_hourly VALUES
    ('2026-01-15T11:00:00.000Z', 'claude', 3, 0, 3, 0, 0, 15000, '2026-01-15T11:30:00.000Z'),
    ('2026-01-15T09:00:00.000Z', 'claude', 1, 0, 1, 0, 0, 5000, '2026-01-15T09:59:59.999Z')`);
  old.close();
  const clock = new ManualClock();
  const store = await openStore(testConfig({ SQLITE_PATH: path }), { clock, log: silentLog });
  t.teardown(() => store.close());
  t.deepEqual(await facts(store), ['outage 3']);
  t.like(await store.verify({ repair: false }), { differences: [], stale_terms: 0, items: 5 });
  const db = new Database(path, { readonly: true });
  t.is(db.prepare('SELECT count(*) FROM post_terms WHERE terms IS NOT NULL').pluck().get(), 2);
  db.close();
});

test('what older code writes beside is read from the posts until it is written anew', async (t) => {
  const { store, db, commit } = await storeWith(t, ['Outage', 'Outage', 'Outage', 'Price']);
  t.deepEqual(await facts(store), ['outage 3']);
  const stale = async () => (await store.verify({ repair: false })).stale_terms;

  db.prepare(OLD_POST).run('x', 'Outage', IN_WINDOW, null);
  t.deepEqual(await facts(store), ['outage 4'], 'added');
  t.is(await stale(), 1);
  db.exec(`UPDATE posts SET title = 'Price' WHERE id IN ('p0', 'x')`);
  t.deepEqual(await facts(store), ['price 3'], 'changed');
  db.exec(`UPDATE posts SET created_utc = '2026-01-15T10:30:00.000Z' WHERE id = 'x'`);
  t.deepEqual(await facts(store), [], 'moved: both hours');
  t.is(await stale(), 2);
  db.exec(`UPDATE posts SET created_utc = '${IN_WINDOW}' WHERE id = 'x'`);
  db.exec(`DELETE FROM posts WHERE id = 'p3'`);
  t.deepEqual(await facts(store), [], 'deleted');
  db.exec(`UPDATE posts SET subreddit = 'aws' WHERE id = 'x'`);
  t.is(await stale(), 3, 'an hour of each subreddit, and the one that the post came back from');
  db.exec(`UPDATE posts SET subreddit = 'claude' WHERE id = 'x'`);

  await commit([aPost({ id: 'p4', title: 'Price' })]);
  t.deepEqual(await facts(store), ['price 3'], 'this code writes the hour anew');
  t.is(await stale(), 2, 'the hours that nothing touched since');
  await store.verify({ repair: true });
  t.like(await store.verify({ repair: false }), { differences: [], stale_terms: 0 });
  t.deepEqual(await facts(store), ['price 3']);
});

test('a mark for history leaves the terms as they are', async (t) => {
  const { store } = await storeWith(t, ['Outage', 'Outage', 'Outage']);
  const posts = [aPost({ id: 'p0', title: 'Outage' })];
  await store.importItems({ subreddit: 'claude', posts, comments: [], keepHistory: true });
  t.like(await store.verify({ repair: false }), { differences: [], stale_terms: 0 });
});

test('terms of another version are not believed, and written anew by a repair', async (t) => {
  const { store, db } = await storeWith(t, ['Outage', 'Outage', 'Outage']);
  for (const blob of ["x'00'", 'zeroblob(64)', "x''", 'NULL']) {
    db.exec(`UPDATE post_terms SET terms = ${blob}`);
    t.deepEqual(await facts(store), ['outage 3'], blob);
    t.like(await store.verify({ repair: false }), { differences: [], stale_terms: 1 });
  }
  t.true((await store.verify({ repair: true })).repaired);
  t.like(await store.verify({ repair: false }), { differences: [], stale_terms: 0 });
});

test('verify finds terms that are wrong, missing or too many, and repairs them', async (t) => {
  const { store, db } = await storeWith(t, ['Outage', 'Outage', 'Outage']);
  const blob = db.prepare('SELECT terms FROM post_terms').pluck().get() as Buffer;
  const wrong = async () =>
    (await store.verify({ repair: false })).differences.map(({ hour, wrong_terms }) => [
      hour?.slice(11, 13),
      wrong_terms,
    ]);
  const change = db.prepare('UPDATE post_terms SET terms = ?');
  // Every byte of the blob that a reader would believe.
  let believed = 0;
  for (let at = 0; at < blob.length; at += 1) {
    const tampered = Buffer.from(blob);
    tampered[at] = (tampered[at] ?? 0) ^ 1;
    change.run(tampered);
    const { differences, stale_terms } = await store.verify({ repair: false });
    t.is(differences.length + stale_terms, 1, `byte ${at}`);
    believed += differences.length;
    await store.trending(QUERY);
  }
  t.true(believed > blob.length / 2);
  db.exec('DELETE FROM post_terms');
  t.deepEqual(await wrong(), [['11', true]]);
  db.prepare('INSERT INTO post_terms VALUES (?, ?, ?)').run(
    '2026-01-15T07:00:00.000Z',
    'aws',
    blob,
  );
  t.deepEqual(await wrong(), [
    ['07', true],
    ['11', true],
  ]);
  await store.verify({ repair: true });
  t.deepEqual(await wrong(), []);
  t.deepEqual(await facts(store), ['outage 3']);
  t.deepEqual(db.prepare('SELECT terms FROM post_terms').pluck().all(), [blob]);
});

test('the posts of an hour are found by an index', async (t) => {
  const { db } = await storeWith(t, []);
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${POSTS_OF_HOUR}`).all('', '', '') as {
    detail: string;
  }[];
  t.regex(plan.map(({ detail }) => detail).join('\n'), /posts USING INDEX posts_subreddit_created/);
});
