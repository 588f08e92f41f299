import { type NewComment, type NewPost } from '../../src/domain/item.js';
import { MAX_BATCH } from '../../src/store/store.js';
import { aComment, aPost } from '../support/items.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';
import { gapsSuite } from './upkeep-gaps-suite.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;
const FENCE_LOST = { code: 'lease_lost' };
const EVERYTHING = { from: LONG_AGO, to: FAR_AHEAD };

/** Every sentence of src/store/upkeep-store.ts. */
export function upkeepSuite(implementation: Implementation): void {
  threads(implementation);
  readThreads(implementation);
  created(implementation);
  sweep(implementation);
  state(implementation);
  omissions(implementation);
  blanking(implementation);
  gapsSuite(implementation);
}

const answers = (postId: string, count: number, overrides: Partial<NewComment> = {}) =>
  Array.from({ length: count }, (_, n) =>
    aComment({ post_id: postId, id: `${postId}c${n}`, ...overrides }),
  );

async function coverage(scene: Scene, hour = '11') {
  const { windows } = await scene.reader.hourlyCounts({ windows: [EVERYTHING] });
  const found = windows[0]?.find((counts) => counts.hour.slice(11, 13) === hour);
  return [found?.thread_comments, found?.thread_comments_stored];
}

const version = async (scene: Scene) => (await scene.reader.ping()).data_version;
const isClean = async (scene: Scene) =>
  (await scene.store.verify({ repair: false })).differences.length === 0;

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

function created(implementation: Implementation): void {
  define(implementation, 'items by the windows they were created in', async (t, scene) => {
    const posts = ['a', 'b', 'c'].map((id, n) =>
      aPost({ id, created_utc: at(`0${n}:00`), excluded: n === 1 ? 'stickied' : null }),
    );
    const comments = ['a', 'b'].map((id, n) => aComment({ id, created_utc: at(`0${n}:30`) }));
    const gone = { created_utc: at('00:10'), excluded: 'deleted' as const };
    await scene.commit({
      posts: [...posts, aPost({ id: 'gone', ...gone })],
      comments: [...comments, aComment({ id: 'gone', ...gone, excluded: 'removed' })],
    });
    await scene.commit(
      { posts: [aPost({ id: 'x', subreddit: 'aws', created_utc: at('00:20') })] },
      'aws',
    );
    const windows = [
      { from: at('02:00'), to: at('03:00') },
      { from: at('00:00'), to: at('02:00') },
    ];
    const ask = async (limit: number, subreddits = ['CLAUDE', 'aws']) => {
      const query = { windows, subreddits, limit };
      const { items, left } = await scene.store.itemsCreated(query);
      return [items.map(({ kind, id, subreddit }) => `${subreddit} ${kind} ${id}`), left];
    };
    const all = ['claude post c', 'claude post b', 'aws post x', 'claude post a'];
    const wanted = [...all, 'claude comment b', 'claude comment a'];
    t.deepEqual(await ask(9), [wanted, 0]);
    for (const limit of [0, 1, 3, 5])
      t.deepEqual(await ask(limit), [wanted.slice(0, limit), 6 - limit]);
    t.deepEqual(await ask(9, ['aws']), [['aws post x'], 0]);
    t.deepEqual(await ask(9, []), [[], 0]);
    t.is(await scene.store.itemCount(), 8);
  });
}

function sweep(implementation: Implementation): void {
  async function walk(scene: Scene, limit: number, between: () => Promise<unknown>) {
    const seen: string[] = [];
    let after = null;
    for (let page = 0; page < 99; page += 1) {
      const subreddits = ['claude', 'AWS', 'unknown'];
      const { items, next } = await scene.store.sweepPage({ after, subreddits, limit });
      seen.push(...items.map(({ kind, id, subreddit }) => `${subreddit} ${kind} ${id}`));
      if (next === null) return seen;
      after = next;
      await between();
    }
    throw new Error('no end');
  }

  define(implementation, 'the sweep passes everything once, in order', async (t, scene) => {
    for (const subreddit of ['claude', 'windsurf', 'aws']) {
      const named = (id: string) => ({ id: `${subreddit}-${id}`, subreddit });
      await scene.commit({ posts: [aPost(named('b')), aPost(named('a'))] }, subreddit);
      const more = [aPost(named('0')), aPost({ ...named('gone'), excluded: 'deleted' })];
      await scene.commit({ posts: more, comments: [aComment(named('c'))] }, subreddit);
    }
    const wanted = [
      ...['aws post aws-a', 'aws post aws-b', 'aws post aws-0'],
      ...['claude post claude-a', 'claude post claude-b', 'claude post claude-0'],
      ...['aws comment aws-c', 'claude comment claude-c'],
    ];
    for (const limit of [1, 2, 3, 4, 8, 9]) {
      t.deepEqual(await walk(scene, limit, async () => undefined), wanted, `pages of ${limit}`);
    }
    let more = 0;
    const seen = await walk(scene, 2, () =>
      scene.commit({ comments: [aComment({ id: `new${(more += 1)}` })] }),
    );
    t.deepEqual(seen.slice(0, wanted.length), wanted);
    t.is(new Set(seen).size, seen.length, 'new ones join behind');
  });
}

function state(implementation: Implementation): void {
  define(implementation, 'where upkeep has got to is remembered', async (t, scene) => {
    const { store, fence } = scene;
    t.deepEqual(await store.upkeepState(), { refreshed_at: null, sweep: null });
    const before = await version(scene);
    const place = { kind: 'post' as const, id: 'p1', subreddit: 'claude', collected_at: NOW };
    const first = { refreshed_at: NOW, sweep: { began_at: NOW, asked: 7, place } };
    await store.saveUpkeepState(first, fence);
    t.deepEqual(await store.upkeepState(), first);
    const second = { refreshed_at: at('13:00'), sweep: null };
    await store.saveUpkeepState(second, fence);
    t.deepEqual(await store.upkeepState(), second);
    t.is(await version(scene), before);
  });

  define(implementation, 'upkeep writes nothing after its lease', async (t, scene) => {
    await scene.commit({ posts: [aPost()] });
    await scene.store.abandon('test-host:1:0:0', 'gone');
    const { store, fence } = scene;
    const item = { kind: 'post' as const, id: 'p1', subreddit: 'claude' };
    const named = { fence, subreddit: 'claude' };
    const reading = { ...named, postId: 'p1', commentCount: 9, readAt: NOW };
    await t.throwsAsync(store.threadRead(reading), FENCE_LOST);
    await t.throwsAsync(store.saveUpkeepState(await store.upkeepState(), fence), FENCE_LOST);
    await t.throwsAsync(store.noteAnswers({ fence, omitted: [item], given: [] }), FENCE_LOST);
    await t.throwsAsync(store.blank({ ...named, items: [item] }), FENCE_LOST);
    t.deepEqual(await store.omissions(9), []);
    t.is((await scene.reader.post('p1'))?.title, 'A title');
  });
}

function omissions(implementation: Implementation): void {
  define(implementation, 'what is left out is counted until it is given', async (t, scene) => {
    const { store, fence } = scene;
    const item = (kind: 'post' | 'comment', id: string) => ({ kind, id, subreddit: 'claude' });
    const note = (omitted: ReturnType<typeof item>[], given = [] as typeof omitted) =>
      store.noteAnswers({ fence, omitted, given });
    const before = await version(scene);
    await note([item('post', 'a'), item('comment', 'a')]);
    await scene.clock.advance(60_000);
    await note([item('post', 'b'), item('comment', 'a')], [item('post', 'unknown')]);
    const later = '2026-01-15T12:01:00.000Z';
    t.deepEqual(await store.omissions(9), [
      { ...item('post', 'a'), times: 1, first_at: NOW },
      { ...item('comment', 'a'), times: 2, first_at: NOW },
      { ...item('post', 'b'), times: 1, first_at: later },
    ]);
    t.is((await store.omissions(1)).length, 1);
    await note([], [item('post', 'a'), item('comment', 'a')]);
    t.deepEqual(
      (await store.omissions(9)).map(({ id }) => id),
      ['b'],
    );
    t.is(await version(scene), before);
  });
}

function blanking(implementation: Implementation): void {
  define(implementation, 'items are blanked by name', async (t, scene) => {
    const { store, fence } = scene;
    await scene.commit({ posts: [aPost(), aPost({ id: 'p2', excluded: 'removed' })] });
    await scene.commit({ comments: [aComment()] });
    const items = [
      ...(['p1', 'p2', 'unknown'] as const).map((id) => ({ kind: 'post' as const, id })),
      { kind: 'comment' as const, id: 'c1' },
    ];
    const omitted = items.map((item) => ({ ...item, subreddit: 'claude' }));
    await store.noteAnswers({ fence, omitted, given: [] });
    const before = await version(scene);
    await scene.clock.advance(60_000);
    t.is(await store.blank({ fence, subreddit: 'aws', items: [] }), 0);
    t.is(await store.blank({ fence, subreddit: 'CLAUDE', items }), 2);
    t.is(await version(scene), before + 1);
    t.like(await scene.reader.post('p1'), {
      ...{ author: '[deleted]', title: '[deleted]', content: '[deleted]' },
      ...{ permalink: '/r/claude/comments/p1/', updated_at: '2026-01-15T12:01:00.000Z' },
    });
    t.is(
      (await scene.reader.comments({ postId: 'p1', limit: 1 }))?.comments[0]?.author,
      '[deleted]',
    );
    t.is((await scene.reader.post('p2'))?.content, '[removed]');
    t.deepEqual(await store.omissions(9), []);
    t.deepEqual(await coverage(scene), [undefined, undefined], 'out of the aggregates');
    t.is(await store.blank({ fence, subreddit: 'claude', items }), 0);
    t.is(await version(scene), before + 1);
    t.true(await isClean(scene));
  });

  define(implementation, 'what a commit blanks is no omission any more', async (t, scene) => {
    const { store, fence } = scene;
    await scene.commit({ posts: [aPost()] });
    const omitted = [{ kind: 'post' as const, id: 'p1', subreddit: 'claude' }];
    await store.noteAnswers({ fence, omitted, given: [] });
    t.like(await scene.commit({ posts: [aPost({ excluded: 'deleted' })] }), { blanked: 1 });
    t.deepEqual(await store.omissions(9), []);
  });

  define(implementation, 'blanking over the limit is refused', async (t, scene) => {
    const items = Array.from({ length: MAX_BATCH + 1 }, (_, n) => ({
      ...{ kind: 'post' as const, id: `p${n}` },
    }));
    const { store, fence } = scene;
    await t.throwsAsync(store.blank({ fence, subreddit: 'claude', items }), { code: 'internal' });
  });
}
