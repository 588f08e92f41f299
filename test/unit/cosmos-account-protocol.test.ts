import { CosmosClient } from '@azure/cosmos';
import test from 'ava';
import { effectiveKey } from '../../src/cosmos-account/partition-hash.js';
import { clientOf, refusal, startFixture } from '../support/cosmos.js';
import { asQuery, inPartition, raw, signature } from '../support/cosmos-http.js';

const DOCS = '/dbs/test/colls/items/docs';

test('a signature is checked: key, verb, resource and date', async (t) => {
  const { account } = await startFixture(t);
  const status = async (authorization: string | null, date = new Date().toUTCString()) => {
    const made = await raw(account, { path: '/dbs/test', authorization, date });
    t.is(typeof made.body.message, made.status === 200 ? 'undefined' : 'string');
    return [made.status, made.body.code];
  };
  const date = new Date().toUTCString();
  const sign = (method: string, path: string, key = account.key) =>
    signature(key, method, path, date);
  t.deepEqual(await status(sign('GET', '/dbs/test'), date), [200, undefined]);
  t.deepEqual(await status(null), [401, 'Unauthorized']);
  t.deepEqual(await status('nonsense%'), [401, 'Unauthorized']);
  t.deepEqual(await status(sign('DELETE', '/dbs/test'), date), [401, 'Unauthorized']);
  t.deepEqual(await status(sign('GET', '/dbs/other'), date), [401, 'Unauthorized']);
  t.deepEqual(await status(sign('GET', '/dbs/test', 'AAAA'), date), [401, 'Unauthorized']);
  const otherDate = new Date(Date.now() + 1000).toUTCString();
  t.deepEqual(await status(sign('GET', '/dbs/test'), otherDate), [401, 'Unauthorized']);
  const old = new Date(Date.now() - 16 * 60_000).toUTCString();
  const valid = signature(account.key, 'GET', '/dbs/test', old);
  t.deepEqual(await status(valid, old), [403, 'Forbidden']);
  const late = new Date(Date.now() - 14 * 60_000).toUTCString();
  t.is((await status(signature(account.key, 'GET', '/dbs/test', late), late))[0], 200);
});

test('the SDK with another key is told 401', async (t) => {
  const { account } = await startFixture(t);
  const stranger = clientOf(account, Buffer.from('another').toString('base64'));
  t.is(await refusal(stranger.database('test').read()), '401');
  stranger.dispose();
});

test('an error has the form of the service', async (t) => {
  const { account } = await startFixture(t);
  const headers = inPartition('x', { 'x-ms-activity-id': 'mine' });
  const made = await raw(account, { path: `${DOCS}/none`, headers });
  t.is(made.status, 404);
  t.deepEqual(Object.keys(made.body), ['code', 'message']);
  t.is(made.body.code, 'NotFound');
  t.regex(
    String(made.body.message),
    /^Message: \{"Errors":\["Resource Not Found.*ActivityId: mine$/s,
  );
  t.is(made.headers.get('x-ms-activity-id'), 'mine');
  t.is(made.headers.get('x-ms-request-charge'), '1');
  t.regex(made.headers.get('x-ms-session-token') ?? '', /^[01]:-1#\d+$/);
});

test('the SDK finds its way with endpoint discovery on', async (t) => {
  const { account } = await startFixture(t);
  const client = new CosmosClient({ endpoint: account.url, key: account.key });
  t.teardown(() => client.dispose());
  const { resource } = await client.getDatabaseAccount();
  t.deepEqual(resource?.writableLocations.length, 1);
  const container = client.database('test').container('items');
  await container.items.create({ id: 'a', subreddit: 'x' });
  t.is((await container.item('a', 'x').read()).statusCode, 200);
});

test('databases and containers: created once, described, deleted', async (t) => {
  const { account, client } = await startFixture(t);
  t.is(await refusal(client.databases.create({ id: 'test' })), '409');
  const named = await raw(account, { method: 'POST', path: '/dbs', body: { id: 'a?b' } });
  t.is(named.status, 400);
  const database = client.database('test');
  t.is(await refusal(database.containers.create({ id: 'items', partitionKey: '/x' })), '409');
  const again = await database.containers.createIfNotExists({ id: 'items', partitionKey: '/x' });
  t.is(again.statusCode, 200);
  t.deepEqual(again.resource?.partitionKey?.paths, ['/subreddit']);
  t.is(again.resource?.indexingPolicy?.compositeIndexes?.length, 3);
  const { resources } = await database.containers.readAll().fetchAll();
  t.deepEqual(
    resources.map(({ id }) => id),
    ['items', 'control'],
  );
  await database.container('control').delete();
  t.is(await refusal(database.container('control').read()), '404');
  t.is((await client.databases.readAll().fetchAll()).resources.length, 1);
  await database.delete();
  t.is(await refusal(database.read()), '404');
});

test('a container that the service would refuse is refused', async (t) => {
  const { account } = await startFixture(t);
  const status = async (definition: Record<string, unknown>) => {
    const body = { id: 'new', partitionKey: { paths: ['/a'], version: 2 }, ...definition };
    const made = await raw(account, { method: 'POST', path: '/dbs/test/colls', body });
    return `${made.status} ${String(made.body.message).split('\r')[0]}`;
  };
  t.regex(await status({ partitionKey: undefined }), /^400 Partition key definition is missing/);
  t.regex(await status({ partitionKey: { paths: ['a'] } }), /^400 .*path '"a"' is invalid/);
  t.regex(await status({ partitionKey: { paths: ['/a', '/b'] } }), /^400 .*several paths is not/);
  t.regex(await status({ partitionKey: { paths: ['/a'], version: 1 } }), /^400 .*version 1 is not/);
  t.regex(await status({ defaultTtl: 0 }), /^400 The input defaultTtl '0' is invalid/);
  t.regex(await status({ uniqueKeyPolicy: {} }), /^400 The property uniqueKeyPolicy/);
  const policy = (given: unknown) => status({ indexingPolicy: given });
  t.regex(await policy({ excludedPaths: [{ path: '/a/?' }] }), /^400 The special mandatory/);
  t.regex(await policy({ includedPaths: [{ path: 'a' }] }), /^400 The indexing path '"a"'/);
  const one = { compositeIndexes: [[{ path: '/a' }]] };
  t.regex(await policy(one), /^400 A composite index must have at least two paths/);
});

test('a container takes another policy and time to live, but no other partition key', async (t) => {
  const { client } = await startFixture(t);
  const container = client.database('test').container('control');
  const partitionKey = { paths: ['/scope'] };
  const changed = await container.replace({ id: 'control', partitionKey, defaultTtl: -1 });
  t.is(changed.resource?.defaultTtl, -1);
  t.is((await container.read()).resource?.defaultTtl, -1);
  await container.replace({ id: 'control', partitionKey });
  t.is((await container.read()).resource?.defaultTtl, undefined);
  const other = { id: 'control', partitionKey: { paths: ['/other'] } };
  t.is(await refusal(container.replace(other)), '400');
});

test('throughput is offered and told', async (t) => {
  const { client } = await startFixture(t);
  const database = client.database('test');
  const partitionKey = { paths: ['/a'] };
  const made = await database.containers.createIfNotExists({
    ...{ id: 'paid', partitionKey, throughput: 1000 },
  });
  const offer = await made.container.readOffer();
  t.is(offer.resource?.content?.offerThroughput, 1000);
  t.is((await database.container('items').readOffer()).resource, undefined);
  const cheap = { id: 'cheap', partitionKey, throughput: 10 };
  t.is(await refusal(database.containers.create(cheap)), '400');
});

test('a container has two ranges, and the hash of the key decides between them', async (t) => {
  const { account, items } = await startFixture(t);
  const made = await raw(account, { path: '/dbs/test/colls/items/pkranges' });
  const ranges = made.body.PartitionKeyRanges as Record<string, string>[];
  t.deepEqual(
    ranges.map(({ id, minInclusive, maxExclusive }) => [id, minInclusive, maxExclusive]),
    [
      ['0', '', '1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'],
      ['1', '1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', 'FF'],
    ],
  );
  const seen = new Set<string>();
  for (const key of ['aws', 'azure', 'devops', 'sysadmin', 'kubernetes', 'linux']) {
    const { headers } = await items.items.create({ id: 'a', subreddit: key });
    const range = effectiveKey(key) < '1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' ? '0' : '1';
    t.is(headers['x-ms-documentdb-partitionkeyrangeid'], range);
    seen.add(range);
  }
  t.is(seen.size, 2);
});

test('the hash is that of the clients', (t) => {
  // As hashV2PartitionKey of @azure/cosmos 4.9.3 has them.
  for (const [key, hash] of [
    ['aws', '2378016159927DB4577D8DCC4EA47F39'],
    ['sysadmin', '021E0064186A1C6D95835889F31D9B11'],
    ['ü😀 long enough for two blocks', '2BAF670675DE8C20DA0789EC51B621E3'],
    [1, '20CD98B339BA78A5D0CF6953B87070B0'],
    [true, '0E711127C5B5A8E4726AC6DD306A3E59'],
    [null, '378867E4430E67857ACE5C908374FE16'],
  ] as const) {
    t.is(effectiveKey(key), hash);
  }
});

test('what is not supported is refused by name', async (t) => {
  const { account } = await startFixture(t);
  const refused = async (request: Parameters<typeof raw>[1]) => {
    const made = await raw(account, request);
    return `${made.status} ${String(made.body.message).split('\r')[0]}`;
  };
  t.regex(await refused({ path: DOCS, headers: inPartition('x') }), /^400 GET of .*docs is not/);
  const patch = { method: 'PATCH', path: `${DOCS}/a`, headers: inPartition('x') };
  t.regex(await refused(patch), /^400 PATCH of .* is not supported/);
  t.regex(await refused({ path: '/dbs/test/users' }), /^400 GET of .*users is not supported/);
  const sprocs = '/dbs/test/colls/items/sprocs';
  t.regex(await refused({ method: 'POST', path: sprocs, body: {} }), /^400 POST of .*sprocs/);
  const query = { method: 'POST', path: '/dbs', headers: asQuery(), body: {} };
  t.regex(await refused(query), /^400 A query for databases is not supported/);
  const directed = inPartition('x', { 'x-ms-indexing-directive': 'Exclude' });
  const create = { method: 'POST', path: DOCS, headers: directed, body: {} };
  t.regex(await refused(create), /^400 The header x-ms-indexing-directive is not supported/);
  t.regex(
    await refused({ method: 'POST', path: DOCS, body: { id: 'a' } }),
    /^400 PartitionKey value/,
  );
});
