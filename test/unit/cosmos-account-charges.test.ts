import test from 'ava';
import {
  insertCharge,
  queryCharge,
  readCharge,
  replaceCharge,
} from '../../src/cosmos-account/charges.js';
import { ManualClock } from '../support/clock.js';
import { all, refusal, startFixture } from '../support/cosmos.js';

const KB = 1024;
const near = (actual: number, expected: number) => Math.abs(actual - expected) < 0.011;

test('the published charges', (t) => {
  t.is(readCharge(KB), 1);
  t.is(readCharge(100), 1);
  t.true(near(readCharge(100 * KB), 10));
  t.is(insertCharge(KB, 0), 5.5);
  t.true(near(insertCharge(100 * KB, 0), 50));
  t.is(replaceCharge(KB, 4), 2 * insertCharge(KB, 4));
});

test('the assumed ones stay where they were put', (t) => {
  t.true(near(insertCharge(KB, 10), 7));
  const work = { loadedItems: 100, loadedBytes: 100 * KB, indexEntries: 100 };
  t.true(near(queryCharge(work), 12));
});

test('requests are charged by size, by indexed values and by what a query loads', async (t) => {
  const { items } = await startFixture(t);
  const text = 'x'.repeat(KB - 80);
  const fields = { subreddit: 'x', kind: 'post', a: 1, b: 2, c: 3 };
  const made = await items.items.create({ id: 'i0', ...fields, text });
  // id, subreddit, kind, a, b, c and _ts; three composite indexes; not the text
  t.true(near(made.requestCharge, 5.5 + 10 * 0.15));
  const more = await items.items.create({ id: 'i1', ...fields, d: 4, text });
  t.true(near(more.requestCharge - made.requestCharge, 0.15));
  const read = await items.item('i0', 'x').read();
  t.is(read.requestCharge, 1);
  const replaced = await items.item('i0', 'x').replace({ id: 'i0', ...fields, text });
  t.true(near(replaced.requestCharge, 2 * made.requestCharge));
  const charge = async (query: string) => {
    const iterator = items.items.query(query, { partitionKey: 'x' });
    return (await iterator.fetchAll()).requestCharge;
  };
  for (let n = 2; n < 20; n += 1) await items.items.create({ id: `i${n}`, ...fields, a: n, text });
  const none = await charge("SELECT * FROM c WHERE c.kind = 'none'");
  t.true(near(none, 2.3));
  const one = await charge('SELECT * FROM c WHERE c.a = 7');
  const filtered = await charge("SELECT * FROM c WHERE c.kind = 'post' AND c.a = 7");
  t.true(near(one, filtered));
  const scan = await charge("SELECT * FROM c WHERE c.text = 'none'");
  const whole = await charge('SELECT * FROM c');
  t.true(near(scan, whole));
  t.true(whole > one + 1.5);
  const counted = await charge("SELECT VALUE COUNT(1) FROM c WHERE c.kind = 'post'");
  t.true(near(counted, 2.3 + 20 * 0.002));
  t.is(await charge('SELECT * FROM c'), whole);
});

test('a range that has spent its throughput refuses until time has passed', async (t) => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { account, items } = await startFixture(t, { clock, throughput: 20 });
  await items.items.create({ id: 'a', subreddit: 'x' });
  // Ten RU per second and range: the second write overdraws them, the third is refused.
  await items.items.create({ id: 'b', subreddit: 'x' });
  const refused = items.items.create({ id: 'c', subreddit: 'x' });
  const error = await t.throwsAsync(refused);
  const { code, substatus, retryAfterInMs } = error as never as Record<string, number>;
  t.deepEqual([code, substatus], [429, 3200]);
  t.true((retryAfterInMs ?? 0) > 0 && (retryAfterInMs ?? 0) < 1000);
  t.is(
    (await items
      .item('c', 'x')
      .read()
      .catch(() => null)) ?? null,
    null,
  );
  await clock.advance(retryAfterInMs ?? 0);
  t.is(await refusal(items.items.create({ id: 'c', subreddit: 'x' })), 'none');
  const { by } = account.journal.totals();
  t.is(by.find(({ operation }) => operation === 'create')?.throttled, 1);
  await clock.advance(60_000);
  for (const id of ['d', 'e']) await items.items.create({ id, subreddit: 'x' });
  t.is(await refusal(items.items.create({ id: 'f', subreddit: 'x' })), '429/3200');
});

test('what was offered is what is kept to, when that is asked for', async (t) => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { client, items } = await startFixture(t, { clock, throughput: 'offered' });
  const writes = async (container: typeof items) => {
    let done = 0;
    while (
      (await refusal(container.items.create({ id: `i${done}`, p: 'x', subreddit: 'x' }))) === 'none'
    ) {
      done += 1;
    }
    return done;
  };
  const { container } = await client
    .database('test')
    .containers.create({ id: 'paid', partitionKey: '/p', throughput: 800 });
  const [ordinary, paid] = [await writes(items), await writes(container)];
  t.true(ordinary > 25 && ordinary < 40, String(ordinary));
  t.true(paid > 60 && paid < 80, String(paid));
});

test('what was offered for a database is shared by its containers', async (t) => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { client } = await startFixture(t, { clock, throughput: 'offered' });
  const { database } = await client.databases.create({ id: 'shared', throughput: 400 });
  const create = async (id: string) => {
    const { container } = await database.containers.create({ id, partitionKey: '/p' });
    return (n: number) => refusal(container.items.create({ id: `i${n}`, p: 'x' }));
  };
  const [one, other] = [await create('one'), await create('other')];
  let done = 0;
  while ((await one(done)) === 'none') done += 1;
  t.true(done > 0);
  t.is(await other(0), '429/3200');
});

test('the journal says what was asked and what it cost', async (t) => {
  const { account, items } = await startFixture(t);
  account.journal.reset();
  await items.items.create({ id: 'a', subreddit: 'x' });
  await items.item('a', 'x').read();
  await items.item('b', 'x').read();
  await all(items, 'SELECT * FROM c', {}, { partitionKey: 'x' });
  const { requests, charge, by } = account.journal.totals();
  const of = (name: string) => by.find(({ operation }) => operation === name);
  t.deepEqual(
    [of('create')?.requests, of('read')?.requests, of('query')?.requests, of('plan')?.requests],
    [1, 2, 1, 1],
  );
  t.deepEqual([of('read')?.refused, of('read')?.charge], [1, 2]);
  t.is(of('create')?.container, 'items');
  t.is(
    requests,
    by.reduce((sum, each) => sum + each.requests, 0),
  );
  t.true(
    near(
      charge,
      by.reduce((sum, each) => sum + each.charge, 0),
    ),
  );
});
