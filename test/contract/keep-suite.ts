import type { ExecutionContext } from 'ava';
import { newCycle } from '../../src/domain/cycle.js';
import { aComment, aPost } from '../support/items.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';

/** Letting go of data: what goes, what stays, and that the rest still adds up. */
export function keepSuite(implementation: Implementation): void {
  items(implementation);
  texts(implementation);
  records(implementation);
  following(implementation);
  pausing(implementation);
}

const HOUR = '2025-10-01T08:00:00.000Z';
const AT = '2025-10-01T08:15:00.000Z';
const LATER = '2025-10-01T09:15:00.000Z';
const place = { subreddit: 'claude', hour: HOUR };

async function consistent(t: ExecutionContext, { store }: Scene) {
  const { differences, stale_terms } = await store.verify({ repair: false });
  t.deepEqual(differences, []);
  t.is(stale_terms, 0);
}

async function totals({ reader }: Scene) {
  const { windows } = await reader.hourlyCounts({ windows: [{ from: LONG_AGO, to: FAR_AHEAD }] });
  return (windows[0] ?? []).map(({ hour, posts, comments, score_sum }) => [
    hour.slice(0, 13),
    posts,
    comments,
    score_sum,
  ]);
}

/** Those in which there is something to lose; a store may name others as well. */
async function allHours({ store }: Scene, losing: 'items' | 'texts', before = FAR_AHEAD) {
  const found: string[] = [];
  let from = LONG_AGO;
  for (;;) {
    const next = await store.nextHour({ from, before, losing });
    if (next === null) return found;
    const { hour, subreddits } = next;
    if (subreddits.length > 0) found.push(`${hour.slice(0, 13)} ${subreddits.join(',')}`);
    from = `${next.hour.slice(0, 13)}:59:59.999Z`;
  }
}

function items(implementation: Implementation): void {
  define(implementation, 'an hour goes whole, the one after it stays', async (t, scene) => {
    await scene.commit({
      posts: [
        aPost({ id: 'old', created_utc: AT }),
        aPost({ id: 'gone', created_utc: AT, excluded: 'deleted' }),
        aPost({ id: 'sticky', created_utc: AT, excluded: 'stickied' }),
        aPost({ id: 'young', created_utc: LATER }),
      ],
      comments: [
        aComment({ id: 'c1', post_id: 'old', created_utc: AT }),
        aComment({ id: 'c2', created_utc: AT, excluded: 'automoderator' }),
        aComment({ id: 'c3', created_utc: LATER }),
      ],
    });
    const before = (await scene.reader.ping()).data_version;
    t.deepEqual(await scene.store.expireItems(place), { posts: 3, comments: 2 });
    t.true((await scene.reader.ping()).data_version > before);
    t.deepEqual(await totals(scene), [['2025-10-01T09', 1, 1, 5000]]);
    for (const id of ['old', 'gone', 'sticky']) t.is(await scene.reader.post(id), null);
    t.truthy(await scene.reader.post('young'));
    await consistent(t, scene);
    const after = (await scene.reader.ping()).data_version;
    t.deepEqual(await scene.store.expireItems(place), { posts: 0, comments: 0 });
    t.is((await scene.reader.ping()).data_version, after, 'nothing has changed');
  });

  define(implementation, 'only the subreddit that is named, in any case', async (t, scene) => {
    await scene.commit({ posts: [aPost({ created_utc: AT })] });
    await scene.commit({ posts: [aPost({ id: 'p2', subreddit: 'aws', created_utc: AT })] }, 'aws');
    t.like(await scene.store.expireItems({ ...place, subreddit: 'CLAUDE' }), { posts: 1 });
    t.deepEqual(await allHours(scene, 'items'), ['2025-10-01T08 aws']);
    await consistent(t, scene);
  });

  define(
    implementation,
    'exempt items stay, and what is left is counted anew',
    async (t, scene) => {
      const kept = aPost({ id: 'kept', created_utc: AT, comment_count: 2 });
      await scene.store.importItems({
        ...{ subreddit: 'claude', keepHistory: true, posts: [kept] },
        comments: [aComment({ id: 'k1', post_id: 'kept', created_utc: LATER })],
      });
      await scene.commit({
        posts: [aPost({ id: 'old', created_utc: AT })],
        comments: [aComment({ id: 'c1', post_id: 'kept', created_utc: LATER })],
      });
      t.deepEqual(await scene.store.expireItems(place), { posts: 1, comments: 0 });
      // The comment that goes counted as stored in the thread of a post of another hour.
      t.like(await scene.store.expireItems({ ...place, hour: LATER.replace('15', '00') }), {
        comments: 1,
      });
      t.deepEqual(await totals(scene), [
        ['2025-10-01T08', 1, 0, 5000],
        ['2025-10-01T09', 0, 1, 0],
      ]);
      const { rollups } = await scene.reader.rollups({
        ...{ since: null, edges: [] },
        hours: { from: LONG_AGO, to: FAR_AHEAD },
      });
      const thread = rollups.find(({ hour }) => hour === HOUR);
      t.like(thread, { thread_comments: 2, thread_comments_stored: 1 });
      await consistent(t, scene);
      t.deepEqual(await allHours(scene, 'items'), [], 'exempt items do not expire');
    },
  );

  define(implementation, 'hours are found in their order, before the end', async (t, scene) => {
    await scene.commit({
      posts: [aPost({ id: 'a', created_utc: LATER, excluded: 'removed' })],
      comments: [aComment({ created_utc: AT })],
    });
    t.deepEqual(await allHours(scene, 'items'), ['2025-10-01T08 claude', '2025-10-01T09 claude']);
    t.deepEqual(await allHours(scene, 'items', '2025-10-01T09:00:00.000Z'), [
      '2025-10-01T08 claude',
    ]);
    t.deepEqual(await allHours(scene, 'items', '2025-10-01T08:00:00.000Z'), []);
  });

  define(implementation, 'an item that goes is no omission any more', async (t, scene) => {
    const post = aPost({ created_utc: AT });
    await scene.commit({ posts: [post] });
    const omitted = [{ kind: 'post' as const, id: post.id, subreddit: 'claude' }];
    await scene.store.noteAnswers({ fence: scene.fence, omitted, given: [] });
    t.is((await scene.store.omissions(5)).length, 1);
    await scene.store.expireItems(place);
    t.deepEqual(await scene.store.omissions(5), []);
  });
}

function texts(implementation: Implementation): void {
  define(implementation, 'texts go, counts and scores stay', async (t, scene) => {
    const word = 'xylophone';
    const told = { title: word, content: word, author: word, url: `https://e.org/${word}` };
    const permalink = `/r/claude/comments/p1/${word}/`;
    await scene.commit({
      posts: [aPost({ ...told, permalink, created_utc: AT, edited_at: AT })],
      comments: [
        aComment({ content: word, author: word, created_utc: AT, permalink: `${permalink}c1/` }),
        aComment({ id: 'c2', content: 'young', created_utc: LATER }),
      ],
    });
    const before = await totals(scene);
    const post = await scene.reader.post('p1');
    await scene.clock.advance(60_000);
    t.deepEqual(await scene.store.expireTexts({ ...place, job: 'prune-1' }), {
      posts: 1,
      comments: 1,
    });
    t.deepEqual(await totals(scene), before);
    const erased = await scene.reader.post('p1');
    t.like(erased, { author: '', title: '', content: '', upvotes: 10, comment_count: 2 });
    t.deepEqual(erased?.sentiment, post?.sentiment);
    t.is(erased?.collected_at, post?.collected_at);
    t.true((erased?.updated_at ?? '') > (post?.updated_at ?? ''));
    const thread = await scene.reader.comments({ postId: 'p1', limit: 5 });
    t.deepEqual(
      thread?.comments.map(({ content }) => content),
      ['', 'young'],
    );
    t.false(JSON.stringify([erased, thread]).includes(word));
    const window = { from: HOUR, to: LATER };
    const { topics } = await scene.reader.trending({
      ...{ window, baseline: { from: '2025-09-30T08:00:00.000Z', to: HOUR }, names: [], limit: 5 },
    });
    t.deepEqual(topics, []);
    await consistent(t, scene);
    t.deepEqual(await allHours(scene, 'texts'), ['2025-10-01T09 claude']);
    const again = await scene.store.expireTexts({ ...place, job: 'prune-2' });
    t.deepEqual(again, { posts: 0, comments: 0 });
  });

  define(implementation, 'exempt and gone items keep what they have', async (t, scene) => {
    await scene.store.importItems({
      ...{ subreddit: 'claude', keepHistory: true, comments: [] },
      posts: [aPost({ id: 'kept', title: 'History', created_utc: AT })],
    });
    await scene.commit({ posts: [aPost({ id: 'g', created_utc: AT, excluded: 'deleted' })] });
    t.like(await scene.store.expireTexts({ ...place, job: 'x' }), { posts: 0 });
    t.is((await scene.reader.post('kept'))?.title, 'History');
    t.is((await scene.reader.post('g'))?.author, '[deleted]');
    t.deepEqual(await allHours(scene, 'texts'), []);
  });
}

function records(implementation: Implementation): void {
  define(implementation, 'old records go, the running cycle stays', async (t, scene) => {
    const { store, reader, fence } = scene;
    const gap = { kind: 'comment' as const, missing: null };
    const gaps = [
      { ...gap, from: '2025-09-30T08:00:00.000Z', to: AT },
      { ...gap, from: AT, to: '2026-01-15T11:00:00.000Z' },
    ];
    const watermarks = { post: null, comment: null };
    await store.commit({
      ...{ fence, subreddit: 'claude', posts: [], comments: [] },
      complete: { watermarks, state: 'active', gaps },
    });
    const old = newCycle('cycle-1', AT, 'manual', 50);
    await store.finishCycle({ ...old, status: 'failed', finished_at: LATER }, fence);
    const cycle = newCycle('old-and-running', AT, 'manual', 50);
    const start = { cycle, holder: 'h', leaseMs: 1000, holderIsDead: () => false };
    t.true((await store.beginCycle(start)).granted);
    t.is((await reader.cycles({ limit: 9 })).length, 2);
    const before = '2025-10-15T00:00:00.000Z';
    t.is(await store.expireRecords({ before, limit: 10 }), 2);
    t.deepEqual(
      (await reader.cycles({ limit: 9 })).map(({ status }) => status),
      ['running'],
    );
    t.deepEqual(
      (await reader.gaps({ limit: 9 })).map(({ to }) => to),
      ['2026-01-15T11:00:00.000Z'],
    );
    t.is(await store.expireRecords({ before, limit: 10 }), 0);
  });

  define(implementation, 'no more of them at once than the limit', async (t, scene) => {
    const { store, fence } = scene;
    const gaps = [1, 2, 3].map((n) => ({
      kind: 'post' as const,
      ...{ from: `2025-09-0${n}T08:00:00.000Z`, to: AT, missing: null },
    }));
    const watermarks = { post: null, comment: null };
    await store.commit({
      ...{ fence, subreddit: 'claude', posts: [], comments: [] },
      complete: { watermarks, state: 'active', gaps },
    });
    const expiry = { before: NOW, limit: 2 };
    t.is(await store.expireRecords(expiry), 2);
    t.is(await store.expireRecords(expiry), 1);
  });
}

function following(implementation: Implementation): void {
  define(implementation, 'a follower sees an hour go', async (t, scene) => {
    const { store, reader } = scene;
    await scene.commit({ posts: [aPost({ created_utc: AT }), aPost({ id: 'new' })] });
    const hours = { from: LONG_AGO, to: FAR_AHEAD };
    const asked = await reader.rollups({ since: null, edges: [], hours });
    await store.expireItems(place);
    const moved = await reader.rollups({ since: asked, edges: [] });
    t.is(moved.opening, asked.opening);
    t.like(
      moved.rollups.find(({ hour }) => hour === HOUR),
      { posts: 0, last_item_at: null },
    );
  });
}

/** For a store that keeps notes of hours that are gone, and forgets them. */
export function forgettingSuite(implementation: Implementation): void {
  define(
    implementation,
    'a follower that missed what is forgotten begins anew',
    async (t, scene) => {
      const { store, reader, clock } = scene;
      await scene.commit({ posts: [aPost({ created_utc: AT }), aPost({ id: 'new' })] });
      const hours = { from: LONG_AGO, to: FAR_AHEAD };
      const asleep = await reader.rollups({ since: null, edges: [], hours });
      await store.expireItems(place);
      const awake = await reader.rollups({ since: asleep, edges: [] });
      t.is(awake.opening, asleep.opening);
      t.like(awake.rollups, [{ hour: HOUR, posts: 0, last_item_at: null }]);
      const expiry = { before: NOW, limit: 10 };
      t.is(await store.expireRecords(expiry), 0, 'noted since the last prune');
      await store.noteJobSuccess('prune');
      t.is(await store.expireRecords(expiry), 0, 'just now');
      await clock.advance(24 * 3_600_000);
      t.is(await store.expireRecords(expiry), 1);
      const still = await reader.rollups({ since: awake, edges: [] });
      t.deepEqual([still.opening, still.rollups], [asleep.opening, []]);
      t.not((await reader.rollups({ since: asleep, edges: [] })).opening, asleep.opening);
      const anew = await reader.rollups({ since: null, edges: [], hours });
      t.is(anew.opening, asleep.opening);
      t.deepEqual(
        anew.rollups.map(({ posts }) => posts),
        [1],
      );
    },
  );
}

function pausing(implementation: Implementation): void {
  define(
    implementation,
    'a pause lasts until it is ended, and is the first one',
    async (t, scene) => {
      const { store, reader, clock } = scene;
      t.is(await store.pauseState(), null);
      t.is((await reader.healthFacts(NOW)).paused, null);
      const begun = { since: NOW, reason: 'moving' };
      t.deepEqual(await reader.pause('moving'), begun);
      await clock.advance(1000);
      t.deepEqual(await store.pause('again'), begun);
      t.deepEqual(await store.pauseState(), begun);
      t.deepEqual((await reader.healthFacts(NOW)).paused, begun);
      t.deepEqual(await reader.resume(), begun);
      t.is(await store.resume(), null);
      t.is(await store.pauseState(), null);
    },
  );

  define(implementation, 'the last success of a job is known', async (t, { store, clock }) => {
    t.is(await store.jobSuccess('prune'), null);
    await store.noteJobSuccess('prune');
    await clock.advance(1000);
    await store.noteJobSuccess('backup');
    t.is(await store.jobSuccess('prune'), NOW);
    await store.noteJobSuccess('prune');
    t.is(await store.jobSuccess('prune'), '2026-01-15T12:00:01.000Z');
  });
}
