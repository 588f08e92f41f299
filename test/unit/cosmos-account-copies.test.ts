import test from 'ava';
import { clientOf, refusal, startFixture } from '../support/cosmos.js';

test('a copy holds what the database held, and goes its own way', async (t) => {
  const { account, client, items } = await startFixture(t, {}, -1);
  await items.items.create({ id: 'a', subreddit: 'x', n: 1 });
  await items.items.create({ id: 'b', subreddit: 'y' });
  account.copy('test', 'copy');
  const copied = client.database('copy').container('items');
  t.like((await copied.item('a', 'x').read()).resource, { n: 1 });
  const { defaultTtl, partitionKey } = (await copied.read()).resource ?? {};
  t.is(defaultTtl, -1);
  t.like(partitionKey, { paths: ['/subreddit'] });

  await copied.items.upsert({ id: 'a', subreddit: 'x', n: 2 });
  t.like((await items.item('a', 'x').read()).resource, { n: 1 });
  t.deepEqual(
    account
      .documents('copy', 'items')
      .map(({ id, n = 0 }) => JSON.stringify([id, n]))
      .sort(),
    ['["a",2]', '["b",0]'],
  );
  t.throws(() => account.copy('test', 'copy'), { message: /already\s+exists/ });

  account.drop('copy');
  t.is((await copied.item('a', 'x').read()).statusCode, 404);
  t.is((await items.item('b', 'y').read()).statusCode, 200);
});

test('an answer is lost when whoever is told of requests says so', async (t) => {
  let losing = false;
  const { account, items } = await startFixture(t, {
    onRequest: async ({ phase, operation }) =>
      losing && phase === 'after' && operation === 'create' ? 'lost' : undefined,
  });
  losing = true;
  t.not(await refusal(items.items.create({ id: 'a', subreddit: 'x' })), 'none');
  losing = false;
  const client = clientOf(account);
  t.teardown(() => client.dispose());
  const read = await client.database('test').container('items').item('a', 'x').read();
  t.is(read.statusCode, 200);
});
