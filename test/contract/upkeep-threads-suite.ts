import { type NewComment, type NewPost } from '../../src/domain/item.js';
import { aComment, aPost } from '../support/items.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;
const EVERYTHING = { from: LONG_AGO, to: FAR_AHEAD };

/** How much of the threads is stored, what of it is out of reach, and posts that are not known. */
export function threadsSuite(implementation: Implementation): void {
  threads(implementation);
  readThreads(implementation);
}

const version = async (scene: Scene) => (await scene.reader.ping()).data_version;

const isClean = async (scene: Scene) =>
  (await scene.store.verify({ repair: false })).differences.length === 0;

const answers = (postId: string, count: number, overrides: Partial<NewComment> = {}) =>
  Array.from({ length: count }, (_, n) =>
    aComment({ post_id: postId, id: `${postId}c${n}`, ...overrides }),
  );

async function coverage(scene: Scene, hour = '11') {
  const { windows } = await scene.reader.hourlyCounts({ windows: [EVERYTHING] });
  const found = windows[0]?.find((counts) => counts.hour.slice(11, 13) === hour);
  return [found?.thread_comments, found?.thread_comments_stored];
}

function threads(implementation: Implementation): void {
  const short = (scene: Scene, limit = 10, since = LONG_AGO) =>
    scene.store.shortThreads({ subreddit: 'CLAUDE', since, limit });

  define(implementation, 'threads that lack comments, the newest first', async (t, scene) => {
    const posts: [string, number, Partial<NewPost>?][] = [
      ['little', 2],
      ['much', 9, { created_utc: at('08:00') }],
      ['newer', 3, { created_utc: at('11:31') }],
      ['complete', 1],
      ['none', 0],
      ['gone', 5, { excluded: 'removed' }],
      ['moderators', 5, { excluded: 'stickied' }],
    ];
    await scene.commit({
      posts: posts.map(([id, comment_count, more]) => aPost({ id, comment_count, ...more })),
      comments: [...answers('complete', 2), ...answers('newer', 1), ...answers('much', 1)],
    });
    await scene.commit({ posts: [aPost({ id: 'other', subreddit: 'aws' })] }, 'aws');
    t.deepEqual(await short(scene), [
      { id: 'newer', created_utc: at('11:31'), missing: 2 },
      { id: 'moderators', created_utc: at('11:30'), missing: 5 },
      { id: 'little', created_utc: at('11:30'), missing: 2 },
      { id: 'gone', created_utc: at('11:30'), missing: 5 },
      { id: 'much', created_utc: at('08:00'), missing: 8 },
    ]);
    t.is((await short(scene, 1)).length, 1);
    t.deepEqual(
      (await short(scene, 10, at('11:31'))).map(({ id }) => id),
      ['newer'],
    );
  });

  define(implementation, 'coverage is of the hour of the post', async (t, scene) => {
    const old = aPost({ created_utc: at('03:30'), comment_count: 4 });
    await scene.commit({ posts: [old] });
    t.deepEqual(await coverage(scene, '03'), [4, 0]);
    await scene.commit({ comments: answers('p1', 3) });
    t.deepEqual(await coverage(scene, '03'), [4, 3]);
    t.deepEqual(await coverage(scene), [0, 0], 'the hour of the comments has no post');
    await scene.store.importItems({
      ...{ subreddit: 'claude', posts: [], keepHistory: false },
      comments: [aComment({ id: 'imported' }), aComment({ id: 'more' })],
    });
    t.deepEqual(await coverage(scene, '03'), [4, 4], 'more in one make up for no other');
    await scene.commit({ posts: [aPost({ ...old, comment_count: 3 })] });
    t.deepEqual(await coverage(scene, '03'), [3, 3]);
    await scene.commit({ posts: [aPost({ ...old, excluded: 'stickied' })] });
    t.deepEqual(await coverage(scene, '03'), [undefined, undefined]);
    t.true(await isClean(scene));
  });

  define(implementation, 'comments that came before their post count', async (t, scene) => {
    await scene.commit({ comments: answers('p1', 2) });
    await scene.commit({ posts: [aPost({ comment_count: 3, created_utc: at('10:00') })] });
    t.deepEqual(await coverage(scene, '10'), [3, 2]);
    await scene.commit({ comments: [aComment({ id: 'p1c0', post_id: 'p9' })] });
    t.deepEqual(await coverage(scene, '10'), [3, 1]);
    t.true(await isClean(scene));
  });

  define(implementation, 'coverage of the last 24 whole hours', async (t, scene) => {
    const of = (id: string, created_utc: string) => aPost({ id, created_utc, comment_count: 4 });
    const posts = [
      of('before', '2026-01-14T11:59:59.000Z'),
      of('first', '2026-01-14T12:00:00.000Z'),
      of('now', at('12:00')),
    ];
    await scene.commit({ posts, comments: answers('first', 1) });
    t.like(await scene.reader.subreddits(at('12:30')), [{ coverage_24h: 0.25 }]);
    t.like(await scene.reader.subreddits(at('11:30')), [{ coverage_24h: 0.125 }]);
    t.like(await scene.reader.subreddits('2026-02-01T00:00:00.000Z'), [{ coverage_24h: null }]);
  });

  define(implementation, 'posts that only their comments tell of', async (t, scene) => {
    await scene.commit({
      posts: [aPost()],
      comments: [
        ...[
          ...answers('p1', 1),
          ...answers('s1', 2),
          ...answers('early', 1, { created_utc: at('09:59') }),
        ],
        ...answers('late', 1, { created_utc: at('12:00') }),
        ...answers('s2', 1, { created_utc: at('10:00'), excluded: 'automoderator' }),
      ],
    });
    await scene.commit(
      { comments: [aComment({ id: 'x', subreddit: 'aws', post_id: 's3' })] },
      'aws',
    );
    const window = { from: at('10:00'), to: at('12:00') };
    const stray = (limit: number) => scene.store.strayPosts({ subreddit: 'Claude', window, limit });
    t.deepEqual(await stray(9), ['s1', 's2']);
    t.is((await stray(1)).length, 1);
    t.deepEqual(await scene.store.strayPosts({ subreddit: 'aws', window, limit: 9 }), ['s3']);
  });

  define(implementation, 'posts that only comments stored since tell of', async (t, scene) => {
    const since = (storedSince: string, limit = 9) =>
      scene.store.strayPosts({ subreddit: 'Claude', storedSince, limit });
    await scene.commit({ posts: [aPost()], comments: [...answers('p1', 1), ...answers('s1', 1)] });
    const first = (await scene.reader.comments({ postId: 's1', limit: 1 }))?.asOf ?? '';
    await scene.commit({
      comments: [
        ...answers('s2', 1, { created_utc: LONG_AGO }),
        ...answers('s3', 1, { excluded: 'automoderator' }),
      ],
    });
    await scene.commit(
      { comments: [aComment({ id: 'x', subreddit: 'aws', post_id: 's4' })] },
      'aws',
    );
    t.deepEqual((await since(first)).sort(), ['s1', 's2', 's3']);
    const later = new Date(Date.parse(first) + 1).toISOString();
    t.deepEqual((await since(later)).sort(), ['s2', 's3']);
    t.deepEqual(await since(later, 1), ['s3'], 'the one with the newest comment');
    t.deepEqual(await since('2027-01-01T00:00:00.000Z'), []);
  });
}

function readThreads(implementation: Implementation): void {
  const read = (scene: Scene, commentCount: number, readAt = NOW, postId = 'p1') =>
    scene.store.threadRead({
      ...{ fence: scene.fence, subreddit: 'claude', postId, commentCount, readAt },
    });
  const missing = async (scene: Scene) =>
    (await scene.store.shortThreads({ subreddit: 'claude', since: LONG_AGO, limit: 9 }))[0]
      ?.missing ?? 0;

  define(
    implementation,
    'what was out of reach in a doubted reading is missing',
    async (t, scene) => {
      await scene.commit({ posts: [aPost({ comment_count: 7 })], comments: answers('p1', 4) });
      await read(scene, 7, at('11:50'));
      const doubting = async (from: string, to: string) => {
        const doubted = { from: at(from), to: at(to) };
        const query = { subreddit: 'claude', since: LONG_AGO, limit: 9, doubted };
        return (await scene.store.shortThreads(query)).map((thread) => thread.missing);
      };
      t.deepEqual(await doubting('11:50', '11:51'), [3]);
      t.deepEqual(await doubting('11:40', '11:50'), []);
      t.deepEqual(await doubting('11:51', '12:00'), []);
    },
  );

  define(implementation, 'what a whole thread does not show is out of reach', async (t, scene) => {
    await scene.commit({ posts: [aPost({ comment_count: 7 })], comments: answers('p1', 4) });
    const before = await version(scene);
    t.is(await missing(scene), 3);
    await read(scene, 7);
    t.is(await version(scene), before + 1);
    t.is(await missing(scene), 0);
    t.deepEqual(await coverage(scene), [4, 4]);
    await scene.commit({ posts: [aPost({ comment_count: 9 })] });
    t.is(await missing(scene), 2, 'counted later');
    t.deepEqual(await coverage(scene), [6, 4]);
    await read(scene, 11, at('12:01'));
    t.is((await scene.reader.post('p1'))?.comment_count, 11);
    t.deepEqual(await coverage(scene), [4, 4]);
    await read(scene, 3);
    t.deepEqual(await coverage(scene), [3, 3], 'Reddit counts less than there is');
    t.true(await isClean(scene));
  });

  define(implementation, 'a comment that turns up after all was in reach', async (t, scene) => {
    await scene.commit({ posts: [aPost({ comment_count: 4 })], comments: answers('p1', 1) });
    await read(scene, 4, at('11:50'));
    const late = (id: string, minute: number) =>
      aComment({ id, created_utc: at(`11:${minute}`), post_id: 'p1' });
    await scene.commit({ comments: [late('then', 50)] });
    t.deepEqual(await coverage(scene), [2, 2]);
    await scene.commit({ comments: [late('then', 50), late('afterwards', 51)] });
    t.deepEqual(await coverage(scene), [2, 2], 'one it did not count then');
    await scene.commit({ posts: [aPost({ comment_count: 5 })] });
    t.deepEqual(await coverage(scene), [3, 3]);
    await scene.commit({ comments: ['a', 'b', 'c', 'd'].map((id) => late(id, 40)) });
    t.deepEqual(await coverage(scene), [5, 5], 'never below none');
    t.true(await isClean(scene));
  });

  define(implementation, 'a thread of an unknown post is no news', async (t, scene) => {
    const before = await version(scene);
    await read(scene, 4, NOW, 'unknown');
    t.is(await version(scene), before);
  });
}
