import { join } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/open.js';
import { SCHEMA_VERSION } from '../../src/store/sqlite/migrations.js';
import { fillTerms } from '../../src/store/sqlite/post-terms.js';
import { SCHEMA_1 } from '../../src/store/sqlite/schema-1.js';
import { SCHEMA_2 } from '../../src/store/sqlite/schema-2.js';
import { SCHEMA_3 } from '../../src/store/sqlite/schema-3.js';
import { testConfig } from '../support/config.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle, temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';

const HOUR = '2026-01-15T11:00:00.000Z';
const AT = '2026-01-15T11:30:00.000Z';
const ASSESSED = 'label, score, confidence, method, scorer_version, excluded';

/** The statements of the release before, column lists included. */
const OLD_POST = `INSERT INTO posts (id, subreddit, author, title, content, url, permalink,
    comment_count, created_utc, upvotes, collected_at, updated_at, ${ASSESSED})
  VALUES (@id, 'claude', 'Ann', 'Secret plans', 'c', 'https://example.org/secret', '/secret_plans',
    @comments, '${AT}', 1, '${AT}', '${AT}', 'positive', 0.5, 0.5, 'm', 'v', @excluded)`;
const OLD_COMMENT = `INSERT INTO comments (id, post_id, parent_id, subreddit, author, content,
    permalink, created_utc, upvotes, collected_at, updated_at, ${ASSESSED})
  VALUES (@id, @post, 't3_x', 'claude', 'Ann', 'Secret', '/secret_plans', '${AT}', 1, '${AT}',
    '${AT}', 'positive', 0.5, 0.5, 'm', 'v', @excluded)`;
const OLD_ROLLUP = `INSERT INTO rollups_hourly (hour, subreddit, posts, comments, positive, negative,
    neutral, score_sum, last_item_at)
  VALUES ('${HOUR}', 'claude', @posts, @comments, @items, 0, 0, @items * 5000, '${AT}')
  ON CONFLICT (hour, subreddit) DO UPDATE SET posts = excluded.posts,
    comments = excluded.comments, positive = excluded.positive, negative = excluded.negative,
    neutral = excluded.neutral, score_sum = excluded.score_sum, last_item_at = excluded.last_item_at`;

function oldDatabase(path: string): void {
  const db = new Database(path);
  for (const sql of [SCHEMA_1, SCHEMA_2, SCHEMA_3]) db.exec(sql);
  const post = db.prepare(OLD_POST);
  const comment = db.prepare(OLD_COMMENT);
  post.run({ id: 'a', comments: 3, excluded: null });
  post.run({ id: 'b', comments: 1, excluded: null });
  post.run({ id: 'gone', comments: 9, excluded: 'removed' });
  comment.run({ id: 'a1', post: 'a', excluded: null });
  for (const id of ['b1', 'b2']) comment.run({ id, post: 'b', excluded: null });
  comment.run({ id: 'gone', post: 'a', excluded: 'deleted' });
  comment.run({ id: 'under', post: 'gone', excluded: null });
  db.prepare(OLD_ROLLUP).run({ posts: 2, comments: 4, items: 6 });
  fillTerms(db);
  db.exec(`INSERT INTO gaps (subreddit, kind, from_utc, to_utc, status, found_at)
      VALUES ('claude', 'post', '${HOUR}', '${AT}', 'lost', '${AT}');
    UPDATE meta SET schema_version = 3, data_version = 7, last_collected_at = '${AT}'`);
  db.close();
}

test('a database of schema 3 is brought on, and its code goes on working on it', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  oldDatabase(path);
  const clock = new ManualClock();
  const store = await openStore(testConfig({ SQLITE_PATH: path }), { clock, log: silentLog });
  t.teardown(() => store.close());
  t.deepEqual(await store.ping(), { data_version: 7 });
  const window = { from: HOUR, to: '2026-01-15T12:00:00.000Z' };
  const threads = async () => {
    const { windows } = await store.hourlyCounts({ windows: [window] });
    return windows[0]?.map((hour) => [hour.thread_comments, hour.thread_comments_stored]);
  };
  t.deepEqual(await threads(), [[4, 3]]);
  t.deepEqual(await store.verify({ repair: false }), {
    ...{ items: 8, rollups: 1, differences: [], stale_terms: 0, repaired: false },
  });
  t.like(await store.post('gone'), { author: '[deleted]', title: '[removed]' });
  t.notRegex(JSON.stringify(await store.post('gone')), /secret/i);
  const under = await store.comments({ postId: 'gone', limit: 9 });
  t.deepEqual(
    under?.comments.map(({ permalink, content }) => [permalink, content]),
    [['/r/claude/comments/gone/_/under/', 'Secret']],
    'no word of the title',
  );
  const page = await store.comments({ postId: 'a', limit: 9 });
  t.deepEqual(
    page?.comments.map(({ content }) => content),
    ['Secret', '[deleted]'],
  );
  t.like(await store.gaps({ limit: 1 }), [{ status: 'lost', missing: null, settled_at: null }]);

  const old = new Database(path);
  t.like(old.prepare('SELECT * FROM meta').get(), {
    schema_version: SCHEMA_VERSION,
    oldest_code: 1,
  });
  old.prepare(OLD_POST).run({ id: 'later', comments: 2, excluded: null });
  old.prepare(OLD_COMMENT).run({ id: 'later', post: 'later', excluded: null });
  old.prepare(OLD_ROLLUP).run({ posts: 3, comments: 4, items: 7 });
  old.exec('UPDATE meta SET data_version = data_version + 1');
  const { differences, stale_terms } = await store.verify({ repair: false });
  t.is(stale_terms, 1, 'triggers note what it does not know');
  t.like(differences, [
    { stored: { thread_comments: 4 }, recomputed: { thread_comments: 6, posts: 3 } },
  ]);
  t.true((await store.verify({ repair: true })).repaired);
  t.deepEqual(await threads(), [[6, 4]]);
  t.deepEqual((await store.verify({ repair: false })).differences, []);
  old.close();
});

test('coverage that is wrong is found and repaired', async (t) => {
  const clock = new ManualClock();
  const { store, path } = await temporaryStore(t, { clock });
  const fence = await beginTestCycle(store, clock);
  const batch = { subreddit: 'claude', posts: [aPost()], comments: [aComment()] };
  await store.commit({ ...batch, fence });
  const db = new Database(path);
  for (const column of ['thread_comments', 'thread_comments_stored']) {
    db.exec(`UPDATE rollups_hourly SET ${column} = ${column} + 1`);
    t.is((await store.verify({ repair: true })).differences.length, 1, column);
    t.deepEqual((await store.verify({ repair: false })).differences, []);
  }
  db.close();
});

test('blankings are counted by cycle, reason and kind, without names', async (t) => {
  const clock = new ManualClock();
  const { store, path } = await temporaryStore(t, { clock });
  const fence = await beginTestCycle(store, clock);
  const commit = (posts: ReturnType<typeof aPost>[], comments: ReturnType<typeof aComment>[]) =>
    store.commit({ fence, subreddit: 'claude', posts, comments });
  const ids = ['a', 'b', 'c', 'd'];
  const posts = ids.map((id) => aPost({ id }));
  const comments = ids.map((id) => aComment({ id }));
  await commit(posts, comments);
  const [a, b, c] = posts.map((post) => ({ ...post, excluded: 'deleted' as const }));
  const [answer] = comments;
  if (!a || !b || !c || !answer) throw new Error('four of each');
  await commit([a, { ...b, excluded: 'removed' }], [{ ...answer, excluded: 'removed' }]);
  await clock.advance(60_000);
  await commit([a, c, aPost({ id: 'new', excluded: 'deleted' })], []);
  const items = [{ kind: 'post' as const, id: 'd' }];
  await store.blank({ fence, subreddit: 'claude', items });
  const db = new Database(path, { readonly: true });
  const sql = 'SELECT cycle_id, reason, kind, items, at FROM blankings ORDER BY reason, kind';
  const [first, then] = ['2026-01-15T12:00:00.001Z', '2026-01-15T12:01:00.000Z'];
  t.deepEqual(db.prepare(sql).raw().all(), [
    ['cycle-1', 'deleted', 'post', 2, then],
    ['cycle-1', 'omitted', 'post', 1, '2026-01-15T12:01:00.001Z'],
    ['cycle-1', 'removed', 'comment', 1, first],
    ['cycle-1', 'removed', 'post', 1, first],
  ]);
  db.close();
});
