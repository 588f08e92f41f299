import type { Container, ItemDefinition } from '@azure/cosmos';
import test from 'ava';
import { all, refusal, startFixture } from '../support/cosmos.js';
import { inPartition, raw } from '../support/cosmos-http.js';
import { ManualClock } from '../support/clock.js';

const START = Date.UTC(2026, 0, 1);

test('the system gives an item its properties, whatever the writer says of them', async (t) => {
  const clock = new ManualClock(START);
  const { items } = await startFixture(t, { clock });
  const { resource } = await items.items.create({ id: 'a', subreddit: 'x', _ts: 1, _etag: 'mine' });
  t.is(resource?._ts, START / 1000);
  t.regex(String(resource?._etag), /^"[0-9a-f-]+"$/);
  t.is(Buffer.from(String(resource?._rid).replaceAll('-', '/'), 'base64').length, 16);
  t.regex(String(resource?._self), /^dbs\/.+\/colls\/.+\/docs\/.+\/$/);
  await clock.advance(2500);
  const next = await items.item('a', 'x').replace({ id: 'a', subreddit: 'x' });
  t.is(next.resource?._ts, START / 1000 + 2);
  t.false(next.resource?._etag === resource?._etag);
  const { _rid: rid } = next.resource as ItemDefinition & { _rid: string };
  t.true(rid === resource?._rid);
});

test('a condition that is not met is 412, an unchanged item 304', async (t) => {
  const { items } = await startFixture(t);
  const { etag } = await items.items.create({ id: 'a', subreddit: 'x' });
  const item = items.item('a', 'x');
  const ifMatch = (condition: string) => ({ accessCondition: { type: 'IfMatch', condition } });
  const body = { id: 'a', subreddit: 'x', n: 1 };
  t.is(await refusal(item.replace(body, ifMatch('"other"'))), '412');
  t.is(await refusal(items.items.upsert(body, ifMatch('"other"'))), '412');
  t.is(await refusal(item.delete(ifMatch('"other"'))), '412');
  t.is((await item.read()).resource?.n, undefined);
  const changed = await item.replace(body, ifMatch(etag));
  t.is(await refusal(item.replace(body, ifMatch(etag))), '412');
  const unchanged = { accessCondition: { type: 'IfNoneMatch', condition: changed.etag } };
  const read = await item.read(unchanged);
  t.deepEqual([read.statusCode, read.resource ?? null], [304, null]);
  const other = { accessCondition: { type: 'IfNoneMatch', condition: etag } };
  t.is((await item.read(other)).statusCode, 200);
  t.is(await refusal(items.items.upsert(body, unchanged)), '400');
  t.is((await item.delete(ifMatch(changed.etag))).statusCode, 204);
});

test('an id is unique within its partition, not beyond', async (t) => {
  const { items } = await startFixture(t);
  await items.items.create({ id: 'a', subreddit: 'x', n: 1 });
  t.is(await refusal(items.items.create({ id: 'a', subreddit: 'x' })), '409');
  await items.items.create({ id: 'a', subreddit: 'y', n: 2 });
  t.is((await items.item('a', 'x').read()).resource?.n, 1);
  t.is((await items.item('a', 'y').read()).resource?.n, 2);
  await items.item('a', 'x').delete();
  t.is((await items.item('a', 'y').read()).statusCode, 200);
});

test('an item of another partition than the header says is refused', async (t) => {
  const { account, items } = await startFixture(t);
  const path = '/dbs/test/colls/items/docs';
  const send = (method: string, to: string, body: unknown) =>
    raw(account, { method, path: to, headers: inPartition('x'), body });
  const made = await send('POST', path, { id: 'a', subreddit: 'y' });
  t.deepEqual([made.status, made.headers.get('x-ms-substatus')], [400, '1001']);
  t.is((await send('POST', path, { id: 'a' })).status, 400);
  await items.items.create({ id: 'a', subreddit: 'x' });
  t.is((await send('PUT', `${path}/a`, { id: 'a', subreddit: 'y' })).status, 400);
  t.is((await send('PUT', `${path}/a`, { id: 'b', subreddit: 'x' })).status, 400);
  t.is((await send('PUT', `${path}/b`, { id: 'b', subreddit: 'x' })).status, 404);
  t.is((await send('POST', path, '{"id":')).status, 400);
  t.is((await send('POST', path, [])).status, 400);
  t.is((await send('POST', path, { subreddit: 'x' })).status, 400);
});

test('items without the key are a partition of their own, and every type can be a key', async (t) => {
  const { account } = await startFixture(t);
  const path = '/dbs/test/colls/items/docs';
  for (const key of [1, true, null, 'text', {}]) {
    const none = typeof key === 'object' && key !== null;
    const body = none ? { id: 'a' } : { id: 'a', subreddit: key };
    const made = await raw(account, { method: 'POST', path, headers: inPartition(key), body });
    t.is(made.status, 201, JSON.stringify(key));
  }
  const wrong = await raw(account, { path: `${path}/a`, headers: inPartition([]) });
  t.is(wrong.status, 400);
});

test('names that the service refuses are refused', async (t) => {
  const { account } = await startFixture(t);
  const path = '/dbs/test/colls/items/docs';
  const status = async (id: unknown) => {
    const body = { id, subreddit: 'x' };
    return (await raw(account, { method: 'POST', path, headers: inPartition('x'), body })).status;
  };
  for (const id of [
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'end ',
    '',
    7,
    null,
    'x'.repeat(256),
    'ä'.repeat(128),
  ]) {
    t.is(await status(id), 400, String(id).slice(0, 8));
  }
  for (const id of ['x'.repeat(255), 'a b', 'ä€😀', 'a%b', "it's"]) t.is(await status(id), 201, id);
});

test('an id with signs that a path escapes is read by the SDK', async (t) => {
  const { items } = await startFixture(t);
  for (const id of ['a b', 'ä€😀', 'a%b', "it's", 'a+b&c=d']) {
    await items.items.create({ id, subreddit: 'ü😀' });
    t.is((await items.item(id, 'ü😀').read()).resource?.id, id);
  }
});

test('an item has at most 2 MB', async (t) => {
  const { items } = await startFixture(t);
  const sized = (length: number) => ({ id: 'a', subreddit: 'x', text: 'x'.repeat(length) });
  t.is(await refusal(items.items.create(sized(2 * 1024 * 1024))), '413');
  t.is(await refusal(items.items.create(sized(9 * 1024 * 1024))), '413');
  t.is(await refusal(items.items.create(sized(2 * 1024 * 1024 - 100))), 'none');
});

async function ids(items: Container): Promise<string[]> {
  return (await all(items, 'SELECT * FROM c', {}, { partitionKey: 'x' })).map(({ id }) => id ?? '');
}

test('an item is gone when its time to live has passed since it was written', async (t) => {
  const clock = new ManualClock(START);
  const { items } = await startFixture(t, { clock }, 60);
  await items.items.create({ id: 'default', subreddit: 'x' });
  await items.items.create({ id: 'short', subreddit: 'x', ttl: 10 });
  await items.items.create({ id: 'kept', subreddit: 'x', ttl: -1 });
  await clock.advance(9_999);
  t.deepEqual(await ids(items), ['default', 'short', 'kept']);
  await clock.advance(1);
  t.is((await items.item('short', 'x').read()).statusCode, 404);
  t.deepEqual(await ids(items), ['default', 'kept']);
  t.is(await refusal(items.item('short', 'x').delete()), '404');
  await items.items.create({ id: 'short', subreddit: 'x', ttl: 10 });
  await items.items.upsert({ id: 'default', subreddit: 'x' });
  await clock.advance(59_000);
  t.deepEqual(await ids(items), ['default', 'kept']);
  await clock.advance(1_000);
  t.deepEqual(await ids(items), ['kept']);
  const count = 'SELECT VALUE COUNT(1) FROM c';
  t.deepEqual(await all<number>(items, count, {}, { partitionKey: 'x' }), [1]);
});

test('without a time to live of the container, that of an item does nothing', async (t) => {
  const clock = new ManualClock(START);
  const { items } = await startFixture(t, { clock });
  await items.items.create({ id: 'a', subreddit: 'x', ttl: 1 });
  await clock.advance(10_000);
  t.deepEqual(await ids(items), ['a']);
  for (const ttl of [0, -2, 1.5, 2_147_483_648, 'soon']) {
    t.is(
      await refusal(items.items.create({ id: 'b', subreddit: 'x', ttl: ttl as number })),
      '400',
      String(ttl),
    );
  }
});
