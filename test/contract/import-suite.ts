import type { ExecutionContext } from 'ava';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import type { ImportProgress } from '../../src/store/import-store.js';
import { MAX_BATCH } from '../../src/store/store.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';

/** What an import stores, leaves alone and remembers. */
export function importSuite(implementation: Implementation): void {
  storing(implementation);
  leavingAlone(implementation);
  subreddits(implementation);
  progress(implementation);
}

function load(
  scene: Scene,
  items: { posts?: NewPost[]; comments?: NewComment[]; keepHistory?: boolean },
  subreddit = 'claude',
) {
  const { posts = [], comments = [], keepHistory = false } = items;
  return scene.store.importItems({ subreddit, posts, comments, keepHistory });
}

async function counted(scene: Scene, subreddit?: string) {
  const query = { windows: [{ from: LONG_AGO, to: FAR_AHEAD }] };
  const { windows } = await scene.reader.hourlyCounts(
    subreddit === undefined ? query : { ...query, subreddit },
  );
  return (windows[0] ?? []).map(({ hour, posts, comments }) => [
    hour.slice(0, 13),
    posts,
    comments,
  ]);
}

async function consistent(t: ExecutionContext, scene: Scene) {
  t.deepEqual((await scene.store.verify({ repair: false })).differences, []);
}

function storing(implementation: Implementation): void {
  define(implementation, 'an import is stored, counted and seen', async (t, scene) => {
    const before = (await scene.reader.ping()).data_version;
    const old = '2013-02-03T04:05:06.000Z';
    const result = await load(scene, {
      posts: [aPost({ created_utc: old }), aPost({ id: 'p2', excluded: 'deleted' })],
      comments: [aComment()],
    });
    t.deepEqual(result, { posts_new: 2, comments_new: 1, known: 0, data_version: before + 1 });
    t.like(await scene.reader.post('p1'), { created_utc: old, collected_at: NOW, updated_at: NOW });
    t.deepEqual(await counted(scene), [
      ['2013-02-03T04', 1, 0],
      ['2026-01-15T11', 0, 1],
    ]);
    await consistent(t, scene);
  });

  define(implementation, 'imports and commits share collected_at', async (t, scene) => {
    await scene.commit({ posts: [aPost({ id: 'a' })] });
    await load(scene, { posts: [aPost({ id: 'b' })] });
    await scene.commit({ posts: [aPost({ id: 'c' })] });
    const at = async (id: string) => (await scene.reader.post(id))?.collected_at.slice(-4);
    t.deepEqual([await at('a'), await at('b'), await at('c')], ['000Z', '001Z', '002Z']);
  });

  define(
    implementation,
    'an import runs beside a cycle and moves no watermark',
    async (t, scene) => {
      t.like(await load(scene, { posts: [aPost()] }), { posts_new: 1 });
      t.deepEqual(await scene.store.watermarks('claude'), { post: null, comment: null });
      t.like(await scene.commit({ posts: [aPost({ id: 'p2' })] }), { posts_new: 1 });
    },
  );

  define(implementation, 'an import over the limit is refused whole', async (t, scene) => {
    const posts = Array.from({ length: MAX_BATCH }, (_, i) => aPost({ id: `p${i}` }));
    const internal = { code: 'internal' };
    await t.throwsAsync(load(scene, { posts, comments: [aComment()] }), internal);
    await t.throwsAsync(load(scene, { posts: [aPost(), aPost({ subreddit: 'aws' })] }), internal);
    t.deepEqual(await counted(scene), []);
    t.like(await load(scene, { posts }), { posts_new: MAX_BATCH });
  });
}

function leavingAlone(implementation: Implementation): void {
  define(implementation, 'what is stored already stays as it is', async (t, scene) => {
    const blanked = { author: '[deleted]', content: '[deleted]', excluded: 'deleted' as const };
    await scene.commit({ posts: [aPost(blanked)], comments: [aComment({ upvotes: 99 })] });
    const before = await scene.reader.post('p1');
    const { data_version } = await scene.reader.ping();
    await scene.clock.advance(60_000);
    for (const keepHistory of [false, true]) {
      const result = await load(scene, {
        posts: [aPost({ content: 'as it was', upvotes: 1, sentiment: aSentiment({ score: 1 }) })],
        comments: [aComment({ upvotes: 1, created_utc: '2026-01-15T09:00:00.000Z' })],
        keepHistory,
      });
      t.deepEqual(result, { posts_new: 0, comments_new: 0, known: 2, data_version });
      t.deepEqual(await scene.reader.post('p1'), before);
    }
    t.deepEqual(await counted(scene), [['2026-01-15T11', 0, 1]]);
    t.like(await scene.commit({ posts: [aPost(blanked)], comments: [aComment({ upvotes: 99 })] }), {
      updated: 0,
      posts_new: 0,
    });
    await consistent(t, scene);
  });

  define(implementation, 'the first version of an id wins', async (t, scene) => {
    const posts = [aPost({ title: 'first' }), aPost({ title: 'second' })];
    t.like(await load(scene, { posts }), { posts_new: 1, known: 1 });
    t.like(await load(scene, { posts: [aPost({ title: 'third' })] }), { posts_new: 0, known: 1 });
    t.like(await scene.reader.post('p1'), { title: 'first', subreddit: 'claude' });
    await consistent(t, scene);
    if (implementation.idsBySubreddit) return;
    const elsewhere = aPost({ title: 'fourth', subreddit: 'aws' });
    t.like(await load(scene, { posts: [elsewhere] }, 'aws'), { posts_new: 0, known: 1 });
    t.like(await scene.reader.post('p1'), { title: 'first', subreddit: 'claude' });
    t.deepEqual(await counted(scene, 'aws'), []);
    await consistent(t, scene);
  });

  define(implementation, 'what was imported is refreshed by a commit', async (t, scene) => {
    await load(scene, { posts: [aPost({ upvotes: 1 })], keepHistory: true });
    t.like(await scene.commit({ posts: [aPost({ upvotes: 500 })] }), { posts_new: 0, updated: 1 });
    t.is((await scene.reader.post('p1'))?.upvotes, 500);
    await consistent(t, scene);
  });
}

function subreddits(implementation: Implementation): void {
  define(implementation, 'an unknown subreddit becomes known', async (t, scene) => {
    await load(scene, { posts: [aPost({ subreddit: 'Advice', excluded: 'removed' })] }, 'Advice');
    t.like(await scene.reader.subreddits(NOW), [
      { name: 'Advice', state: 'unknown', last_success_at: null, watermark_at: null, items_24h: 0 },
    ]);
  });

  define(implementation, 'a known subreddit keeps its spelling and state', async (t, scene) => {
    const complete = {
      ...{ watermarks: { post: null, comment: null }, gaps: [] },
      state: 'active' as const,
    };
    const { fence, store } = scene;
    await store.commit({ fence, subreddit: 'claude', posts: [], comments: [], complete });
    await load(scene, { posts: [aPost({ subreddit: 'CLAUDE' })] }, 'CLAUDE');
    t.is((await scene.reader.post('p1'))?.subreddit, 'claude');
    t.like(await scene.reader.subreddits(NOW), [{ name: 'claude', state: 'active', items_24h: 1 }]);
    await consistent(t, scene);
  });
}

function progress(implementation: Implementation): void {
  define(implementation, 'the progress of an import is remembered', async (t, scene) => {
    const { store } = scene;
    const skipped = { not_json: { count: 7, lines: [1, 2, 3] } };
    const first: ImportProgress = {
      ...{ key: 'k', file: 'dump.ndjson', lines: 4000, shift_ms: null, finished: false },
      counts: { posts_new: 1, comments_new: 2, known: 3, skipped },
    };
    const { data_version } = await scene.reader.ping();
    t.is(await store.importProgress('k'), null);
    await store.saveImport(first);
    t.deepEqual(await store.importProgress('k'), first);
    const second = { ...first, lines: 5000, shift_ms: -86_400_000, finished: true };
    await store.saveImport(second);
    t.deepEqual(await store.importProgress('k'), second);
    t.is(await store.importProgress('other'), null);
    t.is((await scene.reader.ping()).data_version, data_version, 'readers do not see it');
  });
}
