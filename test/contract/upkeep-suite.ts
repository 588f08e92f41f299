import { MAX_BATCH } from '../../src/store/store.js';
import { aComment, aPost } from '../support/items.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';
import { gapsSuite } from './upkeep-gaps-suite.js';
import { threadsSuite } from './upkeep-threads-suite.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;
const FENCE_LOST = { code: 'lease_lost' };
const EVERYTHING = { from: LONG_AGO, to: FAR_AHEAD };

/** Every sentence of src/store/upkeep-store.ts. */
export function upkeepSuite(implementation: Implementation): void {
  threadsSuite(implementation);
  created(implementation);
  sweep(implementation);
  state(implementation);
  omissions(implementation);
  blanking(implementation);
  gapsSuite(implementation);
}

const version = async (scene: Scene) => (await scene.reader.ping()).data_version;
const isClean = async (scene: Scene) =>
  (await scene.store.verify({ repair: false })).differences.length === 0;

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
    t.deepEqual(await scene.reader.hourlyCounts({ windows: [EVERYTHING] }), {
      ...{ data_version: before + 1, windows: [[]] },
    });
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
