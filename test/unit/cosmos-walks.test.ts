import test from 'ava';
import type { SweepPlace } from '../../src/store/upkeep-store.js';
import { type CosmosScene, cosmosScene } from '../support/cosmos-scene.js';
import { aComment, aPost } from '../support/items.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;

async function page(scene: CosmosScene, after: SweepPlace | null, limit: number) {
  const subreddits = ['claude', 'AWS', 'unknown'];
  const { items, next } = await scene.walks.sweepPage({ after, subreddits, limit });
  return { names: items.map(({ kind, id }) => `${kind[0]} ${id}`), next };
}

async function walk(scene: CosmosScene, limit: number) {
  const seen: string[] = [];
  let after: SweepPlace | null = null;
  for (let n = 0; n < 99; n += 1) {
    const { names, next } = await page(scene, after, limit);
    seen.push(...names);
    if (next === null) return seen;
    after = next;
  }
  throw new Error('no end');
}

test('the sweep goes from hour to hour, through hours without such items', async (t) => {
  const scene = await cosmosScene(t);
  const hours = ['00', '01', '05', '06', '07', '08', '09', '10', '11'];
  const posts = hours.map((hour) => aPost({ id: `p${hour}`, created_utc: at(`${hour}:30`) }));
  const comments = hours.map((hour) => aComment({ id: `c${hour}`, created_utc: at(`${hour}:40`) }));
  // Stored in the opposite order, so that collected_at does not decide.
  for (const post of [...posts].reverse()) await scene.commit({ posts: [post] });
  await scene.commit({
    comments: [...comments, aComment({ id: 'g', excluded: 'removed', created_utc: at('00:10') })],
  });
  await scene.commit({ posts: [aPost({ id: 'x', subreddit: 'aws' })] }, 'aws');
  const wanted = [
    ...['p x', ...hours.map((hour) => `p p${hour}`)],
    ...hours.map((hour) => `c c${hour}`),
  ];
  for (const limit of [1, 4, 10, 99]) t.deepEqual(await walk(scene, limit), wanted, `${limit}`);
});

test('what is stored behind the walk is left to the next one, what is ahead is not', async (t) => {
  const scene = await cosmosScene(t);
  await scene.commit({
    posts: ['01', '02', '03'].map((hour) => aPost({ id: hour, created_utc: at(`${hour}:30`) })),
  });
  const { names, next } = await page(scene, null, 2);
  t.deepEqual(names, ['p 01', 'p 02']);
  t.like(next, { id: '02', hour: at('02:00') });
  await scene.commit({
    posts: [
      aPost({ id: 'behind', created_utc: at('01:10') }),
      aPost({ id: '00', created_utc: at('02:10') }),
      aPost({ id: 'ahead', created_utc: at('02:59') }),
      aPost({ id: 'new', created_utc: at('11:10') }),
    ],
  });
  t.deepEqual((await page(scene, next, 9)).names, ['p 00', 'p ahead', 'p 03', 'p new']);
  t.deepEqual((await walk(scene, 9)).length, 7);
  const place = { kind: 'post', id: '02', subreddit: 'claude', collected_at: at('12:00') } as const;
  t.is(
    (await page(scene, place, 9)).names.length,
    7,
    'a place without an hour: from the beginning',
  );
});

test('walks read hours, not items', async (t) => {
  const scene = await cosmosScene(t);
  const posts = Array.from({ length: 60 }, (_, n) => aPost({ id: `p${n}`, comment_count: 1 }));
  await scene.commit({ posts });
  scene.calls();
  await page(scene, null, 50);
  t.deepEqual(scene.calls(), { hours: 2 }, 'of two subreddits');
  await scene.walks.shortThreads({ subreddit: 'claude', since: at('00:00'), limit: 50 });
  await scene.walks.itemsCreated({
    ...{ windows: [{ from: at('00:00'), to: at('12:00') }], subreddits: ['claude'], limit: 9 },
  });
  t.deepEqual(scene.calls(), { hours: 2 });
  t.is(await scene.walks.itemCount(), 60);
});

test('windows and kinds of items created', async (t) => {
  const scene = await cosmosScene(t);
  await scene.commit({
    posts: [aPost({ id: 'a', created_utc: at('09:00') }), aPost({ id: 'b' })],
    comments: [
      aComment({ id: 'c', created_utc: at('09:59') }),
      aComment({ id: 'd', excluded: 'deleted', created_utc: at('09:59') }),
    ],
  });
  const ask = async (from: string, to: string, kind?: 'comment') => {
    const query = { windows: [{ from: at(from), to: at(to) }], subreddits: ['Claude'], limit: 9 };
    const { items } = await scene.walks.itemsCreated({ ...query, ...(kind && { kind }) });
    return items.map(({ id }) => id);
  };
  t.deepEqual(await ask('09:00', '12:00'), ['b', 'a', 'c']);
  t.deepEqual(await ask('09:01', '11:30'), ['c']);
  t.deepEqual(await ask('09:00', '12:00', 'comment'), ['c']);
  t.deepEqual(await ask('09:00', '09:00'), []);
});

test('short threads are found by the mark of their hours, doubted ones without', async (t) => {
  const scene = await cosmosScene(t);
  await scene.commit({
    posts: [
      aPost({ id: 'full', comment_count: 1, created_utc: at('08:00') }),
      aPost({ id: 'lacks', comment_count: 3, created_utc: at('09:00') }),
    ],
    comments: [aComment({ post_id: 'full' })],
  });
  const short = async (more = {}) => {
    const query = { subreddit: 'CLAUDE', since: at('00:00'), limit: 9, ...more };
    return (await scene.walks.shortThreads(query)).map(({ id, missing }) => `${id} ${missing}`);
  };
  t.deepEqual(await short(), ['lacks 3']);
  t.deepEqual(await short({ since: at('09:01') }), []);
  const doubted = { from: at('10:00'), to: at('11:00') };
  t.deepEqual(await short({ doubted }), ['lacks 3'], 'nothing was read then');
});

test('posts that only comments tell of, beyond one question', async (t) => {
  const scene = await cosmosScene(t);
  const id = (n: number) => String(n).padStart(3, '0');
  for (let from = 0; from < 150; from += 50) {
    const comments = Array.from({ length: 50 }, (_, n) =>
      aComment({ id: id(from + n), post_id: `s${id(from + n)}` }),
    );
    // Those that would be found first are stored.
    const posts = from === 100 ? comments.map(({ post_id }) => aPost({ id: post_id })) : [];
    if (posts.length > 0) await scene.commit({ posts });
    await scene.commit({ comments });
  }
  const window = { from: at('11:00'), to: at('12:00') };
  const found = await scene.walks.strayPosts({ subreddit: 'Claude', window, limit: 70 });
  t.is(found.length, 70);
  t.deepEqual(found.slice(0, 2), ['s099', 's098']);
  const all = await scene.walks.strayPosts({
    subreddit: 'claude',
    storedSince: at('12:00'),
    limit: 999,
  });
  t.is(all.length, 100);
});
