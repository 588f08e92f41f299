import test from 'ava';
import { all, refusal, startFixture } from '../support/cosmos.js';

test('an item is created, read, replaced and deleted', async (t) => {
  const { items } = await startFixture(t);
  const created = await items.items.create({ id: 'a', subreddit: 'x', n: 1 });
  t.is(created.statusCode, 201);
  const read = await items.item('a', 'x').read<{ n: number; _etag: string }>();
  t.is(read.resource?.n, 1);
  t.is(read.etag, read.resource?._etag ?? '');
  t.is((await items.item('b', 'x').read()).statusCode, 404);
  const replaced = await items.item('a', 'x').replace({ id: 'a', subreddit: 'x', n: 2 });
  t.is(replaced.statusCode, 200);
  t.is((await items.item('a', 'x').delete()).statusCode, 204);
  t.is(await refusal(items.item('a', 'x').delete()), '404');
});

test('a query within a partition and over all', async (t) => {
  const { items } = await startFixture(t);
  for (const [id, subreddit] of [
    ['a', 'x'],
    ['b', 'y'],
    ['c', 'z'],
    ['d', 'x'],
    ['e', 'q'],
  ]) {
    await items.items.upsert({
      id,
      subreddit,
      kind: 'post',
      collected_at: `2026-01-${String(id?.charCodeAt(0)).padStart(3, '0')}`,
    });
  }
  const single = await all(
    items,
    'SELECT * FROM c WHERE c.kind = @k',
    { '@k': 'post' },
    { partitionKey: 'x' },
  );
  t.deepEqual(
    single.map(({ id }) => id),
    ['a', 'd'],
  );
  const cross = await all(items, "SELECT * FROM c WHERE c.kind = 'post'");
  t.deepEqual(cross.map(({ id }) => id).sort(), ['a', 'b', 'c', 'd', 'e']);
  const latest = await all(
    items,
    "SELECT TOP @n * FROM c WHERE c.kind = 'post' ORDER BY c.kind DESC, c.collected_at DESC, c.id DESC",
    { '@n': 3 },
  );
  t.deepEqual(
    latest.map(({ id }) => id),
    ['e', 'd', 'c'],
  );
});

test('a batch is carried out whole or not at all', async (t) => {
  const { items } = await startFixture(t);
  const done = await items.items.batch(
    [
      { operationType: 'Create', resourceBody: { id: 'a', subreddit: 'x' } },
      { operationType: 'Upsert', resourceBody: { id: 'b', subreddit: 'x' } },
    ],
    'x',
  );
  t.deepEqual([done.code, done.result?.map(({ statusCode }) => statusCode)], [200, [201, 201]]);
  const undone = await items.items.batch(
    [
      { operationType: 'Delete', id: 'b' },
      { operationType: 'Create', resourceBody: { id: 'a', subreddit: 'x' } },
      { operationType: 'Read', id: 'a' },
    ],
    'x',
  );
  t.deepEqual(
    [undone.code, undone.result?.map(({ statusCode }) => statusCode)],
    [207, [424, 409, 424]],
  );
  t.is((await items.item('b', 'x').read()).statusCode, 200);
});
