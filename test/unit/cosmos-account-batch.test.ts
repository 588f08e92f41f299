import type { OperationInput } from '@azure/cosmos';
import test from 'ava';
import { all, refusal, startFixture } from '../support/cosmos.js';
import { inPartition, raw } from '../support/cosmos-http.js';

const item = (id: string, fields: Record<string, string | number> = {}) => ({
  ...{ id, subreddit: 'x' },
  ...fields,
});

const BATCH = { 'x-ms-cosmos-is-batch-request': 'True', 'x-ms-cosmos-batch-atomic': 'True' };

test('every kind of operation, with its own etag and charge', async (t) => {
  const { items } = await startFixture(t);
  const { etag } = await items.items.create(item('a'));
  const operations: OperationInput[] = [
    { operationType: 'Create', resourceBody: item('b') },
    { operationType: 'Upsert', resourceBody: item('c') },
    { operationType: 'Replace', id: 'a', resourceBody: item('a', { n: 1 }), ifMatch: etag },
    { operationType: 'Read', id: 'a' },
    { operationType: 'Delete', id: 'b' },
  ];
  const { code, result, headers } = await items.items.batch(operations, 'x');
  t.is(code, 200);
  t.deepEqual(
    result?.map(({ statusCode }) => statusCode),
    [201, 201, 200, 200, 204],
  );
  t.is(result?.[3]?.resourceBody?.n, 1);
  t.is(result?.[3]?.eTag, result?.[2]?.eTag ?? '');
  t.is(result?.[4]?.resourceBody, undefined);
  const sum = result?.reduce((total, { requestCharge }) => total + requestCharge, 0) ?? 0;
  t.true(Math.abs(sum - Number(headers?.['x-ms-request-charge'])) < 0.03);
  t.is((await items.item('a', 'x').read()).etag, result?.[2]?.eTag ?? '');
});

test('a batch that fails leaves everything as it was, also in indexes', async (t) => {
  const { items } = await startFixture(t);
  const before = await items.items.create(item('a', { n: 1 }));
  const query = 'SELECT VALUE c.id FROM c WHERE c.n >= 0 ORDER BY c.n';
  const ids = () => all<string>(items, query, {}, { partitionKey: 'x' });
  t.deepEqual(await ids(), ['a']);
  const failing = async (last: OperationInput) => {
    const operations: OperationInput[] = [
      { operationType: 'Replace', id: 'a', resourceBody: item('a', { n: 7 }) },
      { operationType: 'Create', resourceBody: item('b', { n: 2 }) },
      { operationType: 'Replace', id: 'b', resourceBody: item('b', { n: 0 }) },
      last,
      { operationType: 'Delete', id: 'a' },
    ];
    const { code, result } = await items.items.batch(operations, 'x');
    t.is(code, 207);
    t.deepEqual(await ids(), ['a']);
    return result?.map(({ statusCode }) => statusCode);
  };
  const others = (status: number) => [424, 424, 424, status, 424];
  t.deepEqual(await failing({ operationType: 'Create', resourceBody: item('a') }), others(409));
  t.deepEqual(await failing({ operationType: 'Delete', id: 'none' }), others(404));
  t.deepEqual(await failing({ operationType: 'Read', id: 'none' }), others(404));
  // The SDK's types do not have it, the protocol does.
  const stale = { operationType: 'Delete', id: 'a', ifMatch: '"other"' } as OperationInput;
  t.deepEqual(await failing(stale), others(412));
  const elsewhere = { operationType: 'Create', resourceBody: { id: 'd', subreddit: 'y' } } as const;
  t.deepEqual(await failing(elsewhere), others(400));
  const wrongTtl = { operationType: 'Create', resourceBody: item('d', { ttl: 0 }) } as const;
  t.deepEqual(await failing(wrongTtl), others(400));
  t.is((await items.item('a', 'x').read()).etag, before.etag);
});

test('a batch is bounded, and is one of a partition', async (t) => {
  const { account, items } = await startFixture(t);
  const send = (body: unknown, headers: Record<string, string> = BATCH) =>
    raw(account, {
      ...{ method: 'POST', path: '/dbs/test/colls/items/docs', body },
      headers: inPartition('x', headers),
    });
  const create = (id: string) => ({ operationType: 'Create', resourceBody: item(id) });
  const hundred = Array.from({ length: 100 }, (_, n) => create(`i${n}`));
  t.is((await send([...hundred, create('more')])).status, 400);
  t.is((await send(hundred)).status, 200);
  t.is((await send([])).status, 400);
  t.is((await send({})).status, 400);
  const large = Array.from({ length: 3 }, (_, n) => ({
    ...{ operationType: 'Create', resourceBody: item(`l${n}`, { text: 'x'.repeat(800_000) }) },
  }));
  t.is((await send(large)).status, 413);
  t.is((await items.item('l0', 'x').read()).statusCode, 404);
  const message = async (body: unknown, headers?: Record<string, string>) => {
    const made = await send(body, headers);
    return `${made.status} ${String(made.body.message).split('\r')[0]}`;
  };
  const patch = [{ operationType: 'Patch', id: 'i1', resourceBody: [] }];
  t.regex(await message(patch), /^400 The operation 'Patch' of a batch is not supported/);
  t.regex(await message([{ ...create('p'), foo: 1 }]), /^400 The field foo of an operation/);
  const other = [{ ...create('p'), partitionKey: '["y"]' }];
  t.regex(await message(other), /^400 All operations of a batch have the partition key/);
  const loose = { ...BATCH, 'x-ms-cosmos-batch-atomic': 'False' };
  t.regex(await message([create('p')], loose), /^400 A batch that is not atomic/);
  const bulk = items.items.bulk([{ operationType: 'Create', resourceBody: item('z') }]);
  t.not(await refusal(bulk), 'none');
});

test('a client that wants no bodies of what it wrote gets none', async (t) => {
  const { items } = await startFixture(t);
  const { result } = await items.items.batch(
    [
      { operationType: 'Create', resourceBody: item('a') },
      { operationType: 'Read', id: 'a' },
    ],
    'x',
    { contentResponseOnWriteEnabled: false },
  );
  t.is(result?.[0]?.resourceBody, undefined);
  t.truthy(result?.[0]?.eTag);
  t.is(result?.[1]?.resourceBody?.id, 'a');
});
