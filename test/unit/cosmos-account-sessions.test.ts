import test from 'ava';
import { all, clientOf, startFixture } from '../support/cosmos.js';
import { asQuery, inPartition, raw } from '../support/cosmos-http.js';

const DOCS = '/dbs/test/colls/items/docs';

test('tokens count the commits of a range', async (t) => {
  const { items } = await startFixture(t);
  const lsn = (headers: Record<string, unknown>) =>
    Number(String(headers['x-ms-session-token']).split('#')[1]);
  const first = lsn((await items.items.create({ id: 'a', subreddit: 'x' })).headers);
  const second = await items.items.batch(
    [
      { operationType: 'Create', resourceBody: { id: 'b', subreddit: 'x' } },
      { operationType: 'Create', resourceBody: { id: 'c', subreddit: 'x' } },
    ],
    'x',
  );
  t.is(lsn((second.headers ?? {}) as Record<string, unknown>), first + 1);
  t.is(lsn((await items.item('a', 'x').read()).headers), first + 1);
});

test('a session ahead of its range is 404 with 1002, one of the other range is nothing', async (t) => {
  const { account, items } = await startFixture(t);
  const { headers } = await items.items.create({ id: 'a', subreddit: 'x' });
  const token = String(headers['x-ms-session-token']);
  const range = token.split(':')[0] ?? '';
  const other = range === '0' ? '1' : '0';
  const read = async (session: string, more: Record<string, string> = {}) => {
    const made = await raw(account, {
      path: `${DOCS}/a`,
      headers: inPartition('x', { 'x-ms-session-token': session, ...more }),
    });
    return `${made.status}/${made.headers.get('x-ms-substatus') ?? '-'}`;
  };
  t.is(await read(token), '200/-');
  t.is(await read(`${range}:-1#99`), '404/1002');
  t.is(await read(`${other}:-1#99`), '200/-');
  t.is(await read(`${other}:-1#99,${range}:-1#99`), '404/1002');
  t.is(await read('nonsense'), '400/-');
  t.is(await read(`${range}:-1#99`, { 'x-ms-consistency-level': 'Eventual' }), '200/-');
  t.is(await read(token, { 'x-ms-consistency-level': 'Strong' }), '400/-');
  const query = await raw(account, {
    ...{ method: 'POST', path: DOCS, body: { query: 'SELECT * FROM c' } },
    headers: { ...inPartition('x'), ...asQuery({ 'x-ms-session-token': `${range}:-1#99` }) },
  });
  t.deepEqual([query.status, query.headers.get('x-ms-substatus')], [404, '1002']);
});

test('with a lagging replica a reader without the session sees what was, the writer what is', async (t) => {
  const { account, items } = await startFixture(t, { replicaLag: 2 });
  await items.items.create({ id: 'a', subreddit: 'x', n: 1 });
  await items.items.create({ id: 'gone', subreddit: 'x', n: 0 });
  await items.items.upsert({ id: 'settled', subreddit: 'x', n: 9 });
  await items.items.upsert({ id: 'settled', subreddit: 'x', n: 9 });
  await items.items.batch(
    [
      { operationType: 'Upsert', resourceBody: { id: 'a', subreddit: 'x', n: 2 } },
      { operationType: 'Delete', id: 'gone' },
    ],
    'x',
  );
  await items.items.create({ id: 'new', subreddit: 'x', n: 3 });
  const reader = clientOf(account);
  t.teardown(() => reader.dispose());
  const stale = reader.database('test').container('items');
  const query = 'SELECT VALUE [c.id, c.n] FROM c WHERE c.n < 9 ORDER BY c.n';
  const pairs = (container: typeof items) => all(container, query, {}, { partitionKey: 'x' });
  t.deepEqual(await pairs(items), [
    ['a', 2],
    ['new', 3],
  ] as never);
  t.is((await items.item('new', 'x').read()).statusCode, 200);
  // A session begins with what is read first, so every look is a new client's.
  const fresh = async () => {
    const client = clientOf(account);
    t.teardown(() => client.dispose());
    return client.database('test').container('items');
  };
  t.deepEqual(await pairs(await fresh()), [
    ['gone', 0],
    ['a', 1],
  ] as never);
  t.is((await (await fresh()).item('a', 'x').read()).resource?.n, 1);
  t.is((await stale.item('new', 'x').read()).statusCode, 404);
});

test('writes are judged by what is, whatever a replica has seen', async (t) => {
  const { account, items } = await startFixture(t, { replicaLag: 5 });
  await items.items.create({ id: 'a', subreddit: 'x' });
  const other = clientOf(account);
  t.teardown(() => other.dispose());
  const replaced = await other
    .database('test')
    .container('items')
    .item('a', 'x')
    .replace({ id: 'a', subreddit: 'x', n: 1 });
  t.is(replaced.statusCode, 200);
});
