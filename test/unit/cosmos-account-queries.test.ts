import type { Container, ItemDefinition } from '@azure/cosmos';
import test from 'ava';
import type { CosmosAccount } from '../../src/cosmos-account/run.js';
import { all, startFixture } from '../support/cosmos.js';
import { asQuery, inPartition, raw } from '../support/cosmos-http.js';

const SUBREDDITS = ['aws', 'azure', 'devops', 'linux', 'sysadmin'];
const time = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
const hour = (n: number) => time(n * 60).slice(0, 13);

/** In every subreddit a head, three days, twelve hours, twenty posts and forty comments. */
function documents() {
  return SUBREDDITS.flatMap((subreddit, s) => {
    const made = (kind: string, count: number, fields: (n: number) => Record<string, unknown>) =>
      Array.from({ length: count }, (_, n) => ({
        ...{ id: `${kind}_${subreddit}_${String(n).padStart(2, '0')}`, subreddit, kind, seq: n },
        ...fields(n),
      }));
    return [
      ...made('head', 1, () => ({ items: 60 })),
      ...made('day', 3, (n) => ({ day: `2026-01-0${n + 1}` })),
      ...made('hour', 12, (n) => ({ hour: hour(n + s) })),
      ...made('post', 20, (n) => ({
        ...{ collected_at: time(Math.floor((n * 7 + s) / 2)), label: ['good', 'bad'][n % 2] },
        text: `text ${n}`,
      })),
      ...made('comment', 40, (n) => ({
        post_id: `post_${subreddit}_0${n % 3}`,
        ...{ created_utc: time(n % 11), collected_at: time(n + 5) },
      })),
    ];
  }) as (ItemDefinition & { id: string })[];
}

interface Filled {
  account: CosmosAccount;
  items: Container;
  held: (ItemDefinition & { id: string })[];
}

async function filled(t: Parameters<typeof startFixture>[0]): Promise<Filled> {
  const { account, items } = await startFixture(t);
  const held = documents();
  t.is(account.load('test', 'items', held as never), held.length);
  return { account, items, held };
}

const idsOf = (found: readonly { id?: string }[]) => found.map(({ id }) => id ?? '');

test('items by their ids', async (t) => {
  const { items } = await filled(t);
  const wanted = ['post_aws_03', 'post_aws_01', 'comment_aws_07', 'missing', 'post_linux_02'];
  const list = wanted.map((_, at) => `@p${at}`).join(',');
  const parameters = Object.fromEntries(wanted.map((id, at) => [`@p${at}`, id]));
  const found = wanted.filter((id) => id !== 'missing');
  const inAws = found.filter((id) => id.includes('aws'));
  const byList = `SELECT * FROM c WHERE c.id IN (${list})`;
  const one = { partitionKey: 'aws' };
  t.deepEqual(idsOf(await all(items, byList, parameters, one)).sort(), inAws.sort());
  t.deepEqual(idsOf(await all(items, byList, parameters)).sort(), [...found].sort());
  const byArray = 'SELECT * FROM c WHERE ARRAY_CONTAINS(@ids, c.id)';
  t.deepEqual(idsOf(await all(items, byArray, { '@ids': wanted }, one)).sort(), inAws.sort());
  t.deepEqual(idsOf(await all(items, byArray, { '@ids': wanted })).sort(), [...found].sort());
});

test('the queries of heads, days and hours', async (t) => {
  const { items } = await filled(t);
  const cross = async (query: string, parameters: Record<string, unknown> = {}) =>
    idsOf(await all(items, query, parameters)).sort();
  const single = async (query: string, parameters: Record<string, unknown> = {}) =>
    idsOf(await all(items, query, parameters, { partitionKey: 'aws' }));
  const heads = SUBREDDITS.map((name) => `head_${name}_00`);
  t.deepEqual(await cross("SELECT * FROM c WHERE c.kind = 'head'"), heads);
  const days = "SELECT * FROM c WHERE c.kind='day' AND c.day >= @from AND c.day < @to";
  const bounds = { '@from': '2026-01-02', '@to': '2026-01-03' };
  t.deepEqual(
    await cross(days, bounds),
    SUBREDDITS.map((name) => `day_${name}_01`),
  );
  t.deepEqual(await single(days, bounds), ['day_aws_01']);
  const one = "SELECT * FROM c WHERE c.kind='hour' AND c.hour = @hour";
  const atFour = SUBREDDITS.map((name, s) => `hour_${name}_0${4 - s}`);
  t.deepEqual(await cross(one, { '@hour': hour(4) }), atFour);
  const span =
    "SELECT * FROM c WHERE c.kind='hour' AND c.hour >= @from AND c.hour < @to ORDER BY c.hour";
  const hours = { '@from': hour(2), '@to': hour(5) };
  t.deepEqual(await single(span, hours), ['hour_aws_02', 'hour_aws_03', 'hour_aws_04']);
  const next =
    "SELECT TOP 1 VALUE c.hour FROM c WHERE c.kind='hour' AND c.hour > @h ORDER BY c.hour";
  t.deepEqual(await all<string>(items, next, { '@h': hour(11) }), [hour(12)]);
  t.deepEqual(await all<string>(items, next, { '@h': hour(99) }), []);
  t.deepEqual(await single('SELECT * FROM c WHERE c.seq > @seq', { '@seq': 38 }), [
    'comment_aws_39',
  ]);
});

const LATEST = 'ORDER BY c.kind DESC, c.collected_at DESC, c.id DESC';

/** Newest first, as the store pages through them. */
function latest(held: Filled['held'], matches: (item: ItemDefinition) => boolean): string[] {
  const key = (item: ItemDefinition) => `${item.collected_at} ${item.id}`;
  const posts = held.filter((item) => item.kind === 'post' && matches(item));
  return posts.sort((a, b) => (key(a) < key(b) ? 1 : -1)).map(({ id }) => id);
}

test('pages of the newest posts, by keys, over all partitions and in one', async (t) => {
  const { items, held } = await filled(t);
  const first = `SELECT TOP @n * FROM c WHERE c.kind = 'post' AND c.collected_at >= @since AND c.label = @label ${LATEST}`;
  const later = first.replace(
    'ORDER BY',
    'AND (c.collected_at < @t OR (c.collected_at = @t AND c.id < @id)) ORDER BY',
  );
  for (const partitionKey of [undefined, 'linux']) {
    const options = partitionKey === undefined ? {} : { partitionKey };
    const parameters = { '@n': 7, '@since': time(3), '@label': 'good' };
    const expected = latest(
      held,
      (item) =>
        item.label === 'good' &&
        item.collected_at >= time(3) &&
        [undefined, item.subreddit].includes(partitionKey),
    );
    const seen: string[] = [];
    let page = await all(items, first, parameters, options);
    while (page.length > 0) {
      seen.push(...idsOf(page));
      const last = page.at(-1);
      const after = { '@t': last?.collected_at as string, '@id': last?.id };
      page = await all(items, later, { ...parameters, ...after }, options);
    }
    t.deepEqual(seen, expected);
  }
});

test('comments of a thread, comments since, counts', async (t) => {
  const { items, held } = await filled(t);
  const aws = { partitionKey: 'aws' };
  const comments = held.filter(({ subreddit, kind }) => subreddit === 'aws' && kind === 'comment');
  const thread = `SELECT TOP @n * FROM c WHERE c.post_id = @post AND c.collected_at <= @asOf
    ORDER BY c.post_id, c.created_utc, c.id`;
  const parameters = { '@n': 5, '@post': 'post_aws_01', '@asOf': time(30) };
  const key = (item: ItemDefinition) => `${item.created_utc} ${item.id}`;
  const expected = comments
    .filter((item) => item.post_id === 'post_aws_01' && item.collected_at <= time(30))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .slice(0, 5);
  t.deepEqual(idsOf(await all(items, thread, parameters, aws)), idsOf(expected));
  const since =
    "SELECT c.id, c.post_id, c.created_utc FROM c WHERE c.kind='comment' AND c.collected_at >= @since";
  const found = await all(items, since, { '@since': time(40) }, aws);
  t.deepEqual(
    found,
    comments
      .filter((item) => item.collected_at >= time(40))
      .map(({ id, post_id, created_utc }) => ({ id, post_id, created_utc })),
  );
  const count = "SELECT VALUE COUNT(1) FROM c WHERE c.kind='comment' AND c.seq < @s";
  t.deepEqual(await all<number>(items, count, { '@s': 30 }, aws), [30]);
  t.deepEqual(await all<number>(items, count, { '@s': 30 }), [150]);
  const changed = "SELECT * FROM c WHERE c.kind='post' AND c._ts >= @ts";
  t.is((await all(items, changed, { '@ts': 1 })).length, 100);
  t.is((await all(items, changed, { '@ts': 99_999_999_999 })).length, 0);
});

test('aggregates, in one partition and merged by the SDK', async (t) => {
  const { items } = await filled(t);
  const both = async (value: string, where = "WHERE c.kind = 'post'") => [
    await all(items, `SELECT VALUE ${value} FROM c ${where}`, {}, { partitionKey: 'aws' }),
    await all(items, `SELECT VALUE ${value} FROM c ${where}`),
  ];
  t.deepEqual(await both('COUNT(1)'), [[20], [100]] as never);
  t.deepEqual(await both('SUM(c.seq)'), [[190], [950]] as never);
  t.deepEqual(await both('MAX(c.seq)'), [[19], [19]] as never);
  t.deepEqual(await both('MIN(c.label)'), [['bad'], ['bad']] as never);
  t.deepEqual(await both('COUNT(c.label)', ''), [[20], [100]] as never);
  t.deepEqual(await both('COUNT(1)', "WHERE c.kind = 'none'"), [[0], [0]] as never);
  t.deepEqual(await both('MAX(c.seq)', "WHERE c.kind = 'none'"), [[], []]);
});

test('what is selected', async (t) => {
  const { items } = await filled(t);
  const where = "FROM c WHERE c.id = 'post_aws_01'";
  const selected = async (what: string) => all<unknown>(items, `SELECT ${what} ${where}`);
  t.deepEqual(await selected('VALUE c.label'), ['bad']);
  t.deepEqual(await selected('VALUE c.missing'), []);
  t.deepEqual(await selected('VALUE {"id": c.id, n: c.seq, none: c.missing}'), [
    { id: 'post_aws_01', n: 1 },
  ]);
  t.deepEqual(await selected('VALUE [c["seq"], 2, null, "a\\"b"]'), [[1, 2, null, 'a"b']]);
  t.deepEqual(await selected('c.seq AS n, c.kind'), [{ n: 1, kind: 'post' }]);
  t.deepEqual(await selected('VALUE c.seq = 1 AND NOT IS_DEFINED(c.missing)'), [true]);
  const distinct = await all(items, 'SELECT DISTINCT VALUE c.kind FROM c');
  t.deepEqual((distinct as unknown as string[]).sort(), ['comment', 'day', 'head', 'hour', 'post']);
  const inOne = await all(
    items,
    'SELECT DISTINCT VALUE c.kind FROM c',
    {},
    { partitionKey: 'aws', maxItemCount: 2 },
  );
  t.is(inOne.length, 5);
});

test('pages go on where the last one ended, and end', async (t) => {
  const { account, items, held } = await filled(t);
  for (const maxItemCount of [6, 100, -1]) {
    const options = { partitionKey: 'aws', maxItemCount };
    const iterator = items.items.query(`SELECT * FROM c WHERE c.kind = 'post' ${LATEST}`, options);
    const seen: string[] = [];
    let pages = 0;
    while (iterator.hasMoreResults()) {
      const { resources } = await iterator.fetchNext();
      pages += 1;
      seen.push(...idsOf(resources ?? []));
    }
    t.deepEqual(
      seen,
      latest(held, ({ subreddit }) => subreddit === 'aws'),
    );
    t.true(pages >= (maxItemCount === -1 ? 1 : Math.ceil(20 / maxItemCount)));
    const cross = await all(items, 'SELECT * FROM c', {}, { maxItemCount });
    t.deepEqual(idsOf(cross).sort(), idsOf(held).sort());
    // With −1 the SDK's own merging never ends.
    const planned = { maxItemCount: Math.max(1, maxItemCount), forceQueryPlan: true };
    t.is((await all(items, "SELECT * FROM c WHERE c.kind = 'post'", {}, planned)).length, 100);
  }
  const path = '/dbs/test/colls/items/docs';
  const headers = { ...inPartition('aws'), ...asQuery({ 'x-ms-continuation': 'nonsense' }) };
  const body = { query: 'SELECT * FROM c' };
  t.is((await raw(account, { method: 'POST', path, headers, body })).status, 400);
});

test('a page does not miss or repeat items while others come and go', async (t) => {
  const { account, items } = await filled(t);
  const query = `SELECT * FROM c WHERE c.kind = 'post' ${LATEST}`;
  const iterator = items.items.query(query, { partitionKey: 'aws', maxItemCount: 5 });
  const seen = idsOf((await iterator.fetchNext()).resources);
  await items.item(seen[4] ?? '', 'aws').delete();
  await items.item(seen[0] ?? '', 'aws').delete();
  account.load('test', 'items', [
    { id: 'newer', subreddit: 'aws', kind: 'post', collected_at: time(9999) },
  ]);
  while (iterator.hasMoreResults()) {
    seen.push(...idsOf((await iterator.fetchNext()).resources ?? []));
  }
  t.is(seen.length, 20);
  t.is(new Set(seen).size, 20);
});

test('an order that no index serves is refused, as is a whole item or an excluded path', async (t) => {
  const { account } = await filled(t);
  const refused = async (query: string, parameters?: unknown) => {
    const request = {
      method: 'POST',
      path: '/dbs/test/colls/items/docs',
      body: { query, parameters },
    };
    const made = await raw(account, {
      ...request,
      headers: { ...inPartition('aws'), ...asQuery() },
    });
    return `${made.status} ${String(made.body.message).split('\r')[0]}`;
  };
  const from = (rest: string) => refused(`SELECT * FROM c ${rest}`);
  t.regex(await from('ORDER BY c.kind, c.seq'), /^400 .*does not have a corresponding composite/);
  t.regex(await from('ORDER BY c.kind DESC, c.collected_at ASC, c.id DESC'), /^400 .*composite/);
  t.regex(await from('ORDER BY c.kind DESC, c.collected_at DESC'), /^400 .*composite/);
  t.regex(await from('ORDER BY c.kind, c.collected_at, c.id'), /^200/);
  t.regex(await from('ORDER BY c.text'), /^400 .*order-by item is excluded/);
  t.regex(await from('ORDER BY c._ts'), /^200/);
  t.regex(await from('ORDER BY c'), /^400 ORDER BY of a whole item is not supported/);
  t.regex(await from("WHERE c.text = 'text 1'"), /^200/);
  t.regex(await from('OFFSET 1 LIMIT 2'), /^400 OFFSET is not supported/);
  t.regex(await from('GROUP BY c.kind'), /^400 GROUP is not supported/);
  t.regex(await from("WHERE c.kind LIKE 'p%'"), /^400 LIKE is not supported/);
  t.regex(await from("WHERE STARTSWITH(c.kind, 'p')"), /^400 The function STARTSWITH is not/);
  t.regex(await from('WHERE c.a[0] = 1'), /^400 A path through the elements of an array/);
  t.regex(await from('WHERE c.kind = @missing'), /^400 The query parameter @missing has no value/);
  t.regex(await from('WHERE d.kind = 1'), /^400 Identifier 'd' could not be resolved/);
  t.regex(await from('WHERE c.kind = '), /^400 .*Syntax error/);
  t.regex(await from('WHERE c.kind ; 1'), /^400 .*Syntax error, incorrect syntax near/);
  t.regex(await from('JOIN d IN c.list'), /^400 JOIN is not supported/);
  t.regex(await refused('SELECT * FROM d IN c.list'), /^400 FROM of anything but the container/);
  t.regex(await refused('SELECT COUNT(1) FROM c'), /^400 A selected expression without AS/);
  t.regex(await refused('SELECT COUNT(1) AS n FROM c'), /^400 An aggregate .* without VALUE/);
  t.regex(await refused('SELECT DISTINCT c.kind FROM c'), /^400 DISTINCT without VALUE/);
  t.regex(await refused('SELECT TOP "1" * FROM c'), /^400 .*Syntax error/);
  t.regex(await refused('SELECT TOP @n * FROM c', [{ name: '@n', value: -1 }]), /^400 The TOP/);
  t.regex(await refused('SELECT * FROM c', [{ name: 'n', value: 1 }]), /^400 A parameter/);
  t.regex(await refused('DELETE FROM c'), /^400 .*Syntax error/);
});

test('items without the first path of an order are not in it', async (t) => {
  const { items } = await filled(t);
  const ordered = await all(items, 'SELECT * FROM c ORDER BY c.hour', {}, { partitionKey: 'aws' });
  t.is(ordered.length, 12);
});

test('a query over partitions must be allowed, and a range must exist', async (t) => {
  const { account } = await filled(t);
  const path = '/dbs/test/colls/items/docs';
  const ask = (query: string, headers: Record<string, string>) =>
    raw(account, { method: 'POST', path, headers: asQuery(headers), body: { query } });
  const forbidden = await ask('SELECT * FROM c', {});
  t.is(forbidden.status, 400);
  t.regex(String(forbidden.body.message), /^Cross partition query is required but disabled/);
  const gone = await ask('SELECT * FROM c', { 'x-ms-documentdb-partitionkeyrangeid': '7' });
  t.deepEqual([gone.status, gone.headers.get('x-ms-substatus')], [410, '1002']);
  const allowed = { 'x-ms-documentdb-query-enablecrosspartition': 'True' };
  const planned = await ask('SELECT TOP 1 * FROM c', allowed);
  t.deepEqual([planned.status, planned.headers.get('x-ms-substatus')], [400, '1004']);
  t.regex(String(planned.body.additionalErrorInfo), /"partitionedQueryExecutionInfoVersion":2/);
  const pinned = await ask("SELECT * FROM c WHERE c.subreddit = 'aws'", allowed);
  t.deepEqual([pinned.body._count, pinned.headers.get('x-ms-continuation')], [76, null]);
});
