import type { ExecutionContext } from 'ava';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { define, type Implementation, type Scene } from './under-test.js';

const AT = (minute: number) => `2026-01-15T11:${String(minute).padStart(2, '0')}:00.000Z`;
const DIRECT = { direct: true } as const;

/** What of an item is kept when it is given again, is gone, or is too old for its text. */
export function mergeSuite(implementation: Implementation): void {
  gone(implementation);
  late(implementation);
  edited(implementation);
  expired(implementation);
}

const commentOf = async (scene: Scene, id = 'c1', postId = 'p1') =>
  (await scene.reader.comments({ postId, limit: 100 }))?.comments.find((each) => each.id === id);

async function wordless(t: ExecutionContext, scene: Scene, words: RegExp) {
  const shown = JSON.stringify([await scene.reader.post('p1'), await commentOf(scene)]);
  t.notRegex(shown, words);
}

function late(implementation: Implementation): void {
  define(implementation, 'what retention would take is not stored anew', async (t, scene) => {
    const { created_utc } = aPost({});
    const after = new Date(Date.parse(created_utc) + 1).toISOString();
    const items = { posts: [aPost({})], comments: [aComment({ created_utc })] };
    const nothing = await scene.commit(items, 'claude', { ...DIRECT, newSince: after });
    t.like(nothing, { posts_new: 0, comments_new: 0, updated: 0 });
    t.is(await scene.reader.post('p1'), null);
    const both = { posts_new: 1, comments_new: 1 };
    t.like(await scene.commit(items, 'claude', { ...DIRECT, newSince: created_utc }), both);
    const moved = { posts: [aPost({ title: 'Another' })], comments: [] };
    const known = await scene.commit(moved, 'claude', { ...DIRECT, newSince: after });
    t.like(known, { posts_new: 0, updated: 1 });
    t.deepEqual((await scene.store.verify({ repair: false })).differences, []);
  });
}

function gone(implementation: Implementation): void {
  const secret = {
    ...{ author: 'Secretive', content: 'My secret.', edited_at: AT(50) },
    sentiment: aSentiment({ label: 'negative', score: -0.5 }),
  };
  const nothing = { label: 'neutral', score: 0, confidence: 0, method: 'lexicon' };
  const aSecret = (excluded: NewPost['excluded']): [NewPost, NewComment] => [
    aPost({
      ...{ ...secret, title: 'The secret', excluded, url: 'https://example.org/secret' },
      permalink: '/r/claude/comments/p1/the_secret/',
    }),
    aComment({ ...secret, excluded, permalink: '/r/claude/comments/p1/the_secret/c1/' }),
  ];
  for (const excluded of ['deleted', 'removed'] as const) {
    const kept = { author: '[deleted]', content: `[${excluded}]` };
    const permalink = '/r/claude/comments/p1/';
    define(implementation, `what is ${excluded} keeps no word, known or new`, async (t, scene) => {
      for (const known of [true, false]) {
        const [post, comment] = aSecret(excluded);
        if (known) {
          const [before, answer] = aSecret(null);
          t.like(await scene.commit({ posts: [before], comments: [answer] }), { blanked: 0 });
        }
        const given = await scene.commit({ posts: [post], comments: [comment] });
        t.like(given, known ? { updated: 2, blanked: 2 } : { updated: 0, blanked: 0 });
        t.like(await scene.reader.post('p1'), {
          ...{ ...kept, title: `[${excluded}]`, permalink, upvotes: 10 },
          ...{ url: `https://www.reddit.com${permalink}`, created_utc: post.created_utc },
        });
        t.like((await scene.reader.post('p1'))?.sentiment, nothing);
        t.like(await commentOf(scene), { ...kept, permalink: `${permalink}_/c1/` });
        t.like((await commentOf(scene))?.sentiment, nothing);
        await wordless(t, scene, /secret/i);
        t.like(await scene.commit({ posts: [post], comments: [comment] }), {
          ...{ updated: 0, blanked: 0, data_version: given.data_version },
        });
        t.deepEqual((await scene.store.verify({ repair: false })).differences, []);
      }
    });
  }

  define(
    implementation,
    'gone stays gone on an older page, and comes back by name',
    async (t, scene) => {
      const [post, comment] = aSecret(null);
      const [gonePost, goneComment] = aSecret('removed');
      const page = { posts: [{ ...post, upvotes: 999 }], comments: [comment] };
      await scene.commit({ posts: [gonePost], comments: [goneComment] });
      const before = await scene.reader.post('p1');
      t.like(await scene.commit(page), { updated: 0 });
      t.deepEqual(await scene.reader.post('p1'), before);
      t.like(await scene.commit(page, 'claude', DIRECT), { updated: 2, blanked: 0 });
      t.like(await scene.reader.post('p1'), { title: 'The secret', author: 'Secretive' });
      t.is((await commentOf(scene))?.content, 'My secret.');
    },
  );

  define(implementation, 'what is removed can be deleted, not the reverse', async (t, scene) => {
    const content = async () => (await scene.reader.post('p1'))?.content;
    for (const excluded of ['removed', 'deleted', 'removed'] as const) {
      await scene.commit({ posts: [aPost({ excluded })] });
    }
    t.is(await content(), '[deleted]');
    await scene.commit({ posts: [aPost({ excluded: 'removed' })] }, 'claude', DIRECT);
    t.is(await content(), '[removed]');
  });

  define(implementation, 'an author who is gone stays gone on an older page', async (t, scene) => {
    await scene.commit({ posts: [aPost({ author: '[deleted]' })] });
    t.like(await scene.commit({ posts: [aPost()] }), { updated: 0 });
    await scene.commit({ posts: [aPost()] }, 'claude', DIRECT);
    t.is((await scene.reader.post('p1'))?.author, 'someone');
  });
}

function edited(implementation: Implementation): void {
  const first = aPost();
  const second = aPost({
    ...{ title: 'Second', content: 'Second.', edited_at: AT(45) },
    ...{ sentiment: aSentiment({ label: 'negative', score: -0.5 }) },
  });
  const third = aPost({ title: 'Third', content: 'Third.', edited_at: AT(46) });

  define(implementation, 'an earlier edit gives its votes, not its text', async (t, scene) => {
    await scene.commit({ posts: [second] });
    const counts = { upvotes: 500, comment_count: 3 };
    t.like(await scene.commit({ posts: [{ ...first, ...counts }] }), { updated: 1 });
    t.like(await scene.reader.post('p1'), { ...counts, title: 'Second', author: 'someone' });
    t.is((await scene.reader.post('p1'))?.sentiment.label, 'negative');
    await scene.commit({ posts: [third] });
    t.like(await scene.commit({ posts: [second, first] }), { updated: 0 });
    t.is((await scene.reader.post('p1'))?.content, 'Third.');
    await scene.commit({ posts: [second] }, 'claude', DIRECT);
    t.is((await scene.reader.post('p1'))?.content, 'Second.');
  });

  define(implementation, 'the later edit wins within a batch, too', async (t, scene) => {
    t.like(await scene.commit({ posts: [third, second, first] }), { posts_new: 1, updated: 0 });
    t.is((await scene.reader.post('p1'))?.title, 'Third');
  });
}

function expired(implementation: Implementation): void {
  const since = (minute: number) => ({ textSince: AT(minute) });
  const bare = {
    ...{ author: '', title: '', content: '', permalink: '/r/claude/comments/p1/' },
    url: 'https://www.reddit.com/r/claude/comments/p1/',
  };

  define(implementation, 'what is older than its text is kept without it', async (t, scene) => {
    const posts = [aPost(), aPost({ id: 'p2' })];
    const comments = [aComment({ created_utc: AT(29) })];
    await scene.commit({ posts: [aPost({ id: 'p2', created_utc: AT(31) })] });
    await scene.commit({ posts, comments }, 'claude', since(31));
    t.like(await scene.reader.post('p1'), { ...bare, upvotes: 10, comment_count: 2 });
    t.is((await scene.reader.post('p1'))?.sentiment.label, 'positive');
    t.like(await commentOf(scene), {
      author: '',
      content: '',
      permalink: `${bare.permalink}_/c1/`,
    });
    t.like(await scene.reader.post('p2'), { title: '' });
    t.deepEqual((await scene.store.verify({ repair: false })).differences, []);
  });

  define(implementation, 'the text goes, its assessment stays as it was', async (t, scene) => {
    await scene.commit({ posts: [aPost()] });
    const sad = aSentiment({ label: 'negative', score: -1 });
    const again = aPost({ upvotes: 99, sentiment: sad, edited_at: AT(45), content: 'Edited.' });
    for (const how of [{}, DIRECT]) {
      await scene.commit({ posts: [again] }, 'claude', { ...how, ...since(31) });
      t.like(await scene.reader.post('p1'), { ...bare, upvotes: 99 });
      t.is((await scene.reader.post('p1'))?.sentiment.label, 'positive');
    }
    t.like(await scene.commit({ posts: [again] }, 'claude', since(31)), { updated: 0 });
  });

  define(implementation, 'the moment itself still has its text', async (t, scene) => {
    await scene.commit({ posts: [aPost()] }, 'claude', since(30));
    t.is((await scene.reader.post('p1'))?.title, 'A title');
  });

  define(implementation, 'what is gone is blank, however old', async (t, scene) => {
    await scene.commit({ posts: [aPost({ excluded: 'deleted' })] }, 'claude', since(31));
    t.is((await scene.reader.post('p1'))?.content, '[deleted]');
  });
}
