import test from 'ava';
import type { Comment } from '../../src/domain/item.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost } from '../support/items.js';
import { walk } from '../support/pages.js';

const V1 = '/api/v1';
const minute = (n: number) =>
  new Date(Date.parse('2026-01-15T10:00:00Z') + n * 60_000).toISOString();

test('comments of a post are answered exactly as they are stored, oldest first', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  const text = 'Ünïcode "quotes" </script> 🙂\u2028';
  const [late, early] = [
    aComment({ id: 'a', created_utc: minute(9), content: text, upvotes: -7 }),
    aComment({ id: 'b', created_utc: minute(2), parent_id: 't1_a' }),
  ];
  const other = aComment({ id: 'x', post_id: 'p2' });
  await fillStore(store, clock, { posts: [aPost()], comments: [late, other, early] });
  const reply = await app.inject(`${V1}/posts/p1/comments`);
  t.is(reply.statusCode, 200);
  t.is(reply.headers.link, undefined);
  const stamp = reply.json<Comment[]>()[0]?.collected_at;
  const shown = [early, late].map(({ excluded: _, edited_at: __, ...content }) => ({
    ...content,
    collected_at: stamp,
    updated_at: stamp,
  }));
  t.deepEqual<unknown, unknown>(reply.json(), shown);
});

test('a post without comments has none; comments without their post are served', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  await fillStore(store, clock, { posts: [aPost()], comments: [aComment({ post_id: 'gone' })] });
  const none = await app.inject(`${V1}/posts/p1/comments`);
  t.is(none.statusCode, 200);
  t.deepEqual(none.json(), []);
  t.is((await app.inject(`${V1}/posts/gone`)).statusCode, 404);
  const orphans = await app.inject(`${V1}/posts/gone/comments`);
  t.is(orphans.statusCode, 200);
  t.is(orphans.json<Comment[]>().length, 1);
});

test('an unknown post is 404, an impossible id and a bad limit are 400', async (t) => {
  const { app } = await buildTestApp(t);
  const detailOf = async (path: string, status: number) => {
    const reply = await app.inject(`${V1}/posts/${path}`);
    t.is(reply.statusCode, status, path);
    t.is(reply.headers['content-type'], 'application/problem+json');
    return reply.json<{ detail: string }>().detail;
  };
  t.is(await detailOf('abc/comments', 404), 'Neither a post "abc" nor a comment of it is stored');
  t.regex(await detailOf('T3_X!/comments', 400), /it takes Reddit's id of a post/);
  t.regex(await detailOf('abc/comments?limit=1001', 400), /a whole number from 1 to 1000/);
  t.regex(await detailOf('abc/comments?limit=0', 400), /a whole number from 1 to 1000/);
  t.regex(await detailOf('abc/comments?subreddit=aws', 400), /takes limit, cursor/);
  t.regex(await detailOf('abc/comments?cursor=eA', 400), /cursor is not one of ours/);
});

test('pages join to the whole thread, whatever their size and with equal times', async (t) => {
  const clock = new ManualClock();
  const { app, store } = await buildTestApp(t, { clock });
  const comments = Array.from({ length: 170 }, (_, n) =>
    aComment({ id: `c${n}`, created_utc: minute(n % 7) }),
  );
  await fillStore(store, clock, { comments });
  const url = `${V1}/posts/p1/comments`;
  const whole = (await app.inject(`${url}?limit=1000`)).json<Comment[]>();
  const order = (c: Pick<Comment, 'created_utc' | 'id'>) => `${c.created_utc} ${c.id}`;
  t.deepEqual(whole.map(order), comments.map(order).sort());
  t.is((await app.inject(url)).json<Comment[]>().length, 100);
  for (const limit of [1, 7, 169, 170, 171]) {
    const { entries, pages } = await walk<Comment>(app, `${url}?limit=${limit}`);
    t.deepEqual(entries, whole, `limit ${limit}`);
    t.is(pages.length, Math.ceil(170 / limit), `limit ${limit}`);
  }
});
