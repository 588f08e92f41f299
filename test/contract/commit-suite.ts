import type { ExecutionContext } from 'ava';
import type { Exclusion, NewPost } from '../../src/domain/item.js';
import { MAX_BATCH } from '../../src/store/store.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';

/** What a commit stores, counts and refuses. */
export function commitSuite(implementation: Implementation): void {
  storing(implementation);
  changing(implementation);
  times(implementation);
  refusing(implementation);
}

async function counted(scene: Scene, subreddit?: string) {
  const window = { from: LONG_AGO, to: FAR_AHEAD };
  const query = { windows: [window], ...(subreddit === undefined ? {} : { subreddit }) };
  const { windows } = await scene.reader.hourlyCounts(query);
  return (windows[0] ?? []).map(({ hour, posts, comments, positive, negative, neutral }) => ({
    hour: hour.slice(11, 13),
    posts,
    comments,
    labels: [positive, negative, neutral],
  }));
}

async function consistent(t: ExecutionContext, scene: Scene) {
  const { differences } = await scene.store.verify({ repair: false });
  t.deepEqual(differences, []);
}

function storing(implementation: Implementation): void {
  define(implementation, 'a commit repeated counts nothing twice', async (t, scene) => {
    const items = { posts: [aPost()], comments: [aComment(), aComment({ id: 'c2' })] };
    const first = await scene.commit(items);
    t.like(first, { posts_new: 1, comments_new: 2, updated: 0 });
    const stored = await scene.reader.post('p1');
    await scene.clock.advance(60_000);
    t.deepEqual(await scene.commit(items), {
      posts_new: 0,
      comments_new: 0,
      updated: 0,
      blanked: 0,
      data_version: first.data_version,
    });
    t.deepEqual(await scene.reader.post('p1'), stored);
    t.deepEqual(await counted(scene), [{ hour: '11', posts: 1, comments: 2, labels: [1, 0, 2] }]);
  });

  define(implementation, 'a post and a comment may share an id', async (t, scene) => {
    await scene.commit({ posts: [aPost({ id: 'same' })], comments: [aComment({ id: 'same' })] });
    t.deepEqual(await counted(scene), [{ hour: '11', posts: 1, comments: 1, labels: [1, 0, 1] }]);
    await consistent(t, scene);
  });

  define(
    implementation,
    'an id twice in a batch: the last wins, counted once',
    async (t, scene) => {
      const posts = [aPost({ title: 'first' }), aPost({ title: 'second' })];
      t.like(await scene.commit({ posts }), { posts_new: 1, updated: 0 });
      t.is((await scene.reader.post('p1'))?.title, 'second');
    },
  );

  define(implementation, 'hostile text comes back as it went in', async (t, scene) => {
    const text = `'; DROP TABLE posts; -- <script>&amp;\\u0000 👩‍👩‍👧‍👦 שלום عربي \u202Eabc \uFFFD\r\n\t`;
    const long = text + '𝕏'.repeat(20_000);
    const post = aPost({ title: text, url: text, author: '[deleted]', content: long });
    await scene.commit({ posts: [post] });
    const stored = await scene.reader.post('p1');
    t.like(stored, { title: text, url: text, author: '[deleted]' });
    t.true(stored?.content === long, 'not deepEqual: its report would be as long');
  });

  define(implementation, 'the subreddit is the same in any case', async (t, scene) => {
    await scene.commit({ posts: [aPost({ subreddit: 'Claude' })] }, 'Claude');
    await scene.commit({ posts: [aPost({ id: 'p2', subreddit: 'claude' })] }, 'CLAUDE');
    t.deepEqual(await counted(scene, 'cLAUDE'), [
      { hour: '11', posts: 2, comments: 0, labels: [2, 0, 0] },
    ]);
    t.is((await scene.reader.subreddits(NOW)).length, 1);
  });
}

function changing(implementation: Implementation): void {
  const changes: [string, Partial<NewPost>][] = [
    ['title', { title: 'Another' }],
    ['content', { content: '' }],
    ['author', { author: '[deleted]' }],
    ['url', { url: 'https://example.org/other' }],
    ['permalink', { permalink: '/elsewhere' }],
    ['created_utc', { created_utc: '2026-01-15T11:30:01.000Z' }],
    ['score', { sentiment: aSentiment({ score: 0.5001 }) }],
    ['scorer_version', { sentiment: aSentiment({ scorer_version: 'test-2' }) }],
    ['confidence', { sentiment: aSentiment({ confidence: 0.1 }) }],
    ['exclusion', { excluded: 'stickied' }],
    ['votes by much', { upvotes: 13 }],
    ['comments, however few', { comment_count: 3 }],
    ['time of the edit', { edited_at: NOW }],
  ];
  for (const [what, change] of changes) {
    define(implementation, `a change of ${what} is stored`, async (t, scene) => {
      const first = await scene.commit({ posts: [aPost()] });
      const before = await scene.reader.post('p1');
      await scene.clock.advance(60_000);
      const second = await scene.commit({ posts: [aPost(change)] });
      t.like(second, { posts_new: 0, updated: 1, data_version: first.data_version + 1 });
      const after = await scene.reader.post('p1');
      const { excluded, edited_at, ...shown } = change;
      if (excluded === undefined && edited_at === undefined) t.like(after, shown);
      t.is(after?.collected_at, before?.collected_at);
      t.is(after?.updated_at, '2026-01-15T12:01:00.000Z');
      await consistent(t, scene);
    });
  }

  define(implementation, 'votes that moved a little rewrite nothing', async (t, scene) => {
    await scene.commit({ posts: [aPost()], comments: [aComment()] });
    const again = await scene.commit({
      posts: [aPost({ upvotes: 12 })],
      comments: [aComment({ upvotes: 3 })],
    });
    t.is(again.updated, 0);
    t.is((await scene.reader.post('p1'))?.upvotes, 10);
  });

  define(implementation, 'exclusion takes an item out and lets it in again', async (t, scene) => {
    const states: (Exclusion | null)[] = [null, 'removed', null, 'deleted'];
    for (const excluded of states) {
      const items = { posts: [aPost({ excluded })], comments: [aComment()] };
      await scene.commit(items, 'claude', { direct: true });
      t.is((await counted(scene))[0]?.posts, excluded === null ? 1 : 0);
      await consistent(t, scene);
    }
    t.not(await scene.reader.post('p1'), null, 'it is still served by itself');
  });

  define(implementation, 'an hour whose last item is excluded is gone', async (t, scene) => {
    await scene.commit({ comments: [aComment()] });
    await scene.commit({ comments: [aComment({ excluded: 'automoderator' })] });
    t.deepEqual(await counted(scene), []);
    await consistent(t, scene);
  });

  define(implementation, 'a new label moves between counts', async (t, scene) => {
    await scene.commit({ comments: [aComment()] });
    const sentiment = aSentiment({ label: 'negative', score: -0.25 });
    await scene.commit({ comments: [aComment({ sentiment })] });
    t.deepEqual((await counted(scene))[0]?.labels, [0, 1, 0]);
  });

  define(implementation, 'an item that changes its hour leaves the old one', async (t, scene) => {
    await scene.commit({ posts: [aPost()] });
    await scene.commit({ posts: [aPost({ created_utc: '2026-01-15T09:00:00.000Z' })] });
    t.deepEqual(await counted(scene), [{ hour: '09', posts: 1, comments: 0, labels: [1, 0, 0] }]);
    await consistent(t, scene);
  });

  if (implementation.idsBySubreddit) return;
  define(
    implementation,
    'an item that changes its subreddit leaves the old one',
    async (t, scene) => {
      await scene.commit({ posts: [aPost()] });
      await scene.commit({ posts: [aPost({ subreddit: 'aws' })] }, 'aws');
      t.deepEqual(await counted(scene, 'claude'), []);
      t.deepEqual(await counted(scene, 'aws'), [
        { hour: '11', posts: 1, comments: 0, labels: [1, 0, 0] },
      ]);
      await consistent(t, scene);
    },
  );
}

function times(implementation: Implementation): void {
  define(implementation, 'one collected_at per commit, after all before', async (t, scene) => {
    await scene.commit({ posts: [aPost({ id: 'a' }), aPost({ id: 'b' })] });
    await scene.commit({ posts: [aPost({ id: 'c' })] });
    const at = async (id: string) => (await scene.reader.post(id))?.collected_at;
    t.is(await at('a'), '2026-01-15T12:00:00.000Z');
    t.is(await at('b'), await at('a'));
    t.is(await at('c'), '2026-01-15T12:00:00.001Z');
  });

  define(implementation, 'collected_at never goes back when the clock does', async (t, scene) => {
    const at = async (id: string, time: string) => {
      scene.clock.jumpTo(time);
      await scene.commit({ posts: [aPost({ id })] });
      return (await scene.reader.post(id))?.collected_at;
    };
    t.is(await at('a', '2026-01-15T12:00:00.000Z'), '2026-01-15T12:00:00.000Z');
    t.is(await at('b', '2027-01-15T12:00:00.000Z'), '2027-01-15T12:00:00.000Z');
    t.is(await at('c', '2026-01-15T12:00:01.000Z'), '2027-01-15T12:00:00.001Z');
    t.is(await at('d', '2020-01-01T00:00:00.000Z'), '2027-01-15T12:00:00.002Z');
    t.is(await at('e', '2027-01-15T12:00:01.000Z'), '2027-01-15T12:00:01.000Z');
  });
}

function refusing(implementation: Implementation): void {
  define(implementation, 'a batch over the limit is refused whole', async (t, scene) => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => aPost({ id: `p${i}` }));
    await t.throwsAsync(scene.commit({ posts: many(MAX_BATCH), comments: [aComment()] }), {
      code: 'internal',
    });
    t.deepEqual(await counted(scene), []);
    t.like(await scene.commit({ posts: many(MAX_BATCH) }), { posts_new: MAX_BATCH });
  });

  define(implementation, "another subreddit's item is refused, with all", async (t, scene) => {
    const posts = [aPost(), aPost({ id: 'p2', subreddit: 'aws' })];
    await t.throwsAsync(scene.commit({ posts }), { code: 'internal' });
    t.is(await scene.reader.post('p1'), null);
  });
}
