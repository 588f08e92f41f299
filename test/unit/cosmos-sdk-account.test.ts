import test, { type ExecutionContext } from 'ava';
import type { CosmosAccount, CosmosAccountOptions } from '../../src/cosmos-account/run.js';
import { startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { AppError } from '../../src/errors.js';
import type { AccountOptions, OpenAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { accountAt } from '../support/cosmos-wire.js';

/** Allowed in an id, and in need of escaping. */
const ODD = `gap:post:2026-01-15T11:00:00.000Z é'"&=%`;

interface Doc {
  id: string;
  subreddit: string;
  kind: string;
  n: number;
  ttl: number;
}

const doc = (id: string, n = 1, subreddit = 'claude'): Doc => ({
  ...{ id, subreddit, kind: 'post', n, ttl: -1 },
});

/** A set-up account over the real SDK, and the stand-in behind it. */
async function opened(
  t: ExecutionContext,
  options: Partial<AccountOptions> = {},
  server: CosmosAccountOptions = {},
): Promise<{ account: OpenAccount; standin: CosmosAccount }> {
  const standin = await startCosmosAccount({
    onFailure: (error) => t.fail(String(error)),
    ...server,
  });
  t.teardown(() => standin.close());
  const account = accountAt(t, standin.url, {
    ...{ key: standin.key, attemptMs: 10_000, patienceMs: 10_000 },
    ...options,
  });
  await setUp(account.definitions, { database: 'sentiment_analysis', throughput: null });
  return { account, standin };
}

test('a document is written, read, replaced and deleted, each by its etag', async (t) => {
  const { items } = (await opened(t)).account;
  t.is(await items.read('read', 'claude', 'hour:2026-01-15T11'), null);
  const made = await items.batch('write', 'claude', [
    { kind: 'create', document: doc('hour:2026-01-15T11') },
    { kind: 'upsert', document: doc(ODD) },
  ]);
  if (!made.done) throw new Error('refused');
  const read = await items.read<Doc>('read', 'claude', 'hour:2026-01-15T11');
  t.is(read?.n, 1);
  t.is(read?._etag, made.etags[0] ?? '');
  t.is(typeof read?._ts, 'number');
  const [ifMatch = ''] = made.etags as string[];
  const replaced = await items.batch('write', 'claude', [
    { kind: 'replace', document: doc('hour:2026-01-15T11', 2), ifMatch },
    { kind: 'delete', id: ODD },
  ]);
  if (!replaced.done) throw new Error('refused');
  t.is(replaced.etags[1], null);
  t.not(replaced.etags[0], ifMatch);
  t.is((await items.read<Doc>('read', 'claude', 'hour:2026-01-15T11'))?.n, 2);
  t.is(await items.read('read', 'claude', ODD), null);
});

test('a batch that somebody was faster than says which operation, and leaves nothing', async (t) => {
  const { items } = (await opened(t)).account;
  await items.batch('write', 'claude', [{ kind: 'create', document: doc('a') }]);
  const batch = (operation: Parameters<typeof items.batch>[2][number]) =>
    items.batch('write', 'claude', [{ kind: 'create', document: doc('b') }, operation]);
  const refused = (status: number) => ({ done: false, status, operation: 1 });
  t.deepEqual(await batch({ kind: 'create', document: doc('a') }), refused(409) as never);
  t.deepEqual(await batch({ kind: 'replace', document: doc('c') }), refused(404) as never);
  t.deepEqual(await batch({ kind: 'delete', id: 'c' }), refused(404) as never);
  const stale = { kind: 'replace', document: doc('a', 2), ifMatch: '"stale"' } as const;
  t.deepEqual(await batch(stale), refused(412) as never);
  const large = { ...doc('d'), text: 'x'.repeat(2_300_000) };
  const tooLarge = await batch({ kind: 'create', document: large });
  t.like(tooLarge, { done: false, status: 413 });
  t.is(await items.read('read', 'claude', 'b'), null);
});

test('a query reads all pages, of one partition and of all', async (t) => {
  const { account, standin } = await opened(t);
  const documents = Array.from({ length: 2500 }, (_, n) => {
    const id = `t3_${String(n).padStart(4, '0')}`;
    return { ...doc(id, n, `sub${n % 7}`), collected_at: `2026-01-15T${id}` };
  });
  standin.load('sentiment_analysis', 'items', documents as never);
  const all = await account.items.query<number>('all', {
    text: 'SELECT VALUE c.n FROM c WHERE c.kind = @kind',
    ...{ parameters: { '@kind': 'post' }, partition: null },
  });
  t.deepEqual(
    all.toSorted((a, b) => a - b),
    documents.map(({ n }) => n),
  );
  const one = await account.items.query<Doc>('one', {
    text: 'SELECT * FROM c WHERE c.n >= @from',
    ...{ parameters: { '@from': 1000 }, partition: 'sub3' },
  });
  t.is(one.length, documents.filter(({ n }) => n % 7 === 3 && n >= 1000).length);
  const newest = {
    text: `SELECT TOP 20 * FROM c WHERE c.kind = 'post'
      ORDER BY c.kind DESC, c.collected_at DESC, c.id DESC`,
    ...{ parameters: {}, partition: null },
  };
  for (let again = 0; again < 2; again += 1) {
    const found = await account.items.query<Doc>('newest', newest);
    t.deepEqual(
      found.map(({ n }) => n),
      documents
        .slice(-20)
        .map(({ n }) => n)
        .reverse(),
    );
  }
  const count = { text: 'SELECT VALUE COUNT(1) FROM c', parameters: {}, partition: null };
  t.deepEqual(await account.items.query<number>('count', count), [2500]);
});

test('plans are asked for by queries that need one, and refused only once', async (t) => {
  const { account, standin } = await opened(t);
  const requests = async (partition: string | null, text: string) => {
    standin.journal.reset();
    await account.items.query('query', { text, parameters: {}, partition });
    const counts = standin.journal.totals().by.map((count) => [count.operation, count.requests]);
    return Object.fromEntries(counts) as Record<string, number>;
  };
  t.deepEqual(await requests('claude', 'SELECT * FROM c WHERE c.n = 1'), { query: 1 });
  // A page from each of the two ranges.
  t.deepEqual(await requests(null, "SELECT * FROM c WHERE c.kind = 'head'"), { query: 2 });
  // Refused as it stands, then asked of each range by its plan; the second time only this.
  const ordered = 'SELECT * FROM c ORDER BY c.collected_at';
  t.deepEqual(await requests(null, ordered), { query: 3, plan: 1, ranges: 1 });
  t.deepEqual(await requests(null, ordered), { query: 2, plan: 1, ranges: 1 });
});

test('pages go on where a busy account refused one', async (t) => {
  const { account, standin } = await opened(t);
  const documents = Array.from({ length: 2500 }, (_, n) => ({ ...doc(`t3_${n}`, n), seq: n }));
  standin.load('sentiment_analysis', 'items', documents as never);
  const read = async (partition: string | null) => {
    standin.journal.reset();
    const text = "SELECT VALUE c.n FROM c WHERE c.kind = 'post'";
    const found = await account.items.query<number>('pages', { text, parameters: {}, partition });
    t.is(found.length, 2500);
    t.is(new Set(found).size, 2500);
    return standin.journal.totals().by.find(({ operation }) => operation === 'query')?.requests;
  };
  for (const partition of ['claude', null]) {
    const undisturbed = (await read(partition)) ?? 0;
    t.true(undisturbed >= 3);
    standin.faults.add({ kind: '429', operation: 'query', skip: 2, count: 1, ms: 30 });
    t.is(await read(partition), undisturbed + 1, 'the page that was refused, once more');
    standin.faults.heal();
  }
  const ordered = { text: 'SELECT * FROM c ORDER BY c.seq', parameters: {}, partition: null };
  standin.faults.add({ kind: '429', operation: 'query', skip: 3, count: 1, ms: 30 });
  const found = await account.items.query<Doc>('ordered', ordered);
  t.deepEqual(
    found.map(({ n }) => n),
    documents.map(({ n }) => n),
    'begun again, nothing twice',
  );
});

test('a busy account is asked again within patience; a batch is written once', async (t) => {
  const { account, standin } = await opened(t);
  for (const kind of ['429', '449', '410'] as const) {
    const fault = { kind, count: 2, ...(kind === '429' ? { ms: 20 } : {}) };
    standin.faults.add({ ...fault, operation: 'batch' });
    standin.faults.add({ ...fault, operation: 'read' });
    const written = await account.items.batch('write', 'claude', [
      { kind: 'create', document: doc(`t3_${kind}`) },
    ]);
    t.true(written.done, kind);
    t.truthy(await account.items.read('read', 'claude', `t3_${kind}`));
    standin.faults.heal();
  }
});

test('a kept connection that is gone costs a read nothing; a batch is left to its sender', async (t) => {
  const { account, standin } = await opened(t);
  standin.faults.add({ kind: 'reset', operation: 'read', count: 1 });
  t.is(await account.items.read('read', 'claude', 'a'), null);
  standin.faults.add({ kind: 'lost_reply', operation: 'batch', count: 1 });
  const operations = [{ kind: 'create', document: doc('a') }] as const;
  const error = await t.throwsAsync<AppError>(account.items.batch('write', 'claude', operations));
  t.is(error.code, 'store_unreachable');
  t.truthy(await account.items.read('read', 'claude', 'a'), 'it had been committed all the same');
});

test('what it has written, it reads, though replicas lag behind', async (t) => {
  const { account } = await opened(t, {}, { replicaLag: 3 });
  for (let n = 0; n < 5; n += 1) {
    await account.items.batch('write', 'claude', [{ kind: 'upsert', document: doc('a', n) }]);
    t.is((await account.items.read<Doc>('read', 'claude', 'a'))?.n, n);
    const text = 'SELECT VALUE c.n FROM c';
    for (const partition of ['claude', null]) {
      t.deepEqual(await account.items.query('query', { text, parameters: {}, partition }), [n]);
    }
  }
});

test('charges are summed by shape and told, those of refusals included', async (t) => {
  const told: [string, number][] = [];
  const { account, standin } = await opened(t, { onCharge: (...charge) => told.push(charge) });
  told.length = 0;
  await account.items.batch('a write', 'claude', [{ kind: 'create', document: doc('a') }]);
  await account.items.read('a read', 'claude', 'a');
  standin.faults.add({ kind: '429', count: 1, ms: 1 });
  await account.items.read('a read', 'claude', 'a');
  t.deepEqual(
    told.map(([shape]) => shape),
    ['a write', 'a read', 'a read'],
  );
  const charges = account.charges();
  t.is(charges['a read']?.requests, 3);
  t.true((charges['a write']?.ru ?? 0) > (charges['a read']?.ru ?? 0) / 2);
  const sum = told.reduce((total, [shape, ru]) => total + (shape === 'a read' ? ru : 0), 0);
  t.is(charges['a read']?.ru, sum);
});

test('a wrong key is a wrong key', async (t) => {
  const { standin } = await opened(t);
  const account = accountAt(t, standin.url, { attemptMs: 10_000, patienceMs: 10_000 });
  const error = await t.throwsAsync<AppError>(account.items.read('read', 'claude', 'a'));
  t.is(error.code, 'store_unusable');
  t.regex(error.message, /refuses the key \(401\)/);
});

test('a database or a container that is not there is no missing document', async (t) => {
  const standin = await startCosmosAccount();
  t.teardown(() => standin.close());
  const { items } = accountAt(t, standin.url, {
    ...{ key: standin.key, attemptMs: 10_000, patienceMs: 10_000 },
  });
  const query = { text: 'SELECT * FROM c', parameters: {}, partition: null };
  for (const call of [
    () => items.query('query', query),
    () => items.query('query', { ...query, text: 'SELECT * FROM c ORDER BY c.id' }),
    () => items.batch('batch', 'claude', [{ kind: 'create', document: doc('a') }]),
  ]) {
    const error = await t.throwsAsync<AppError>(call());
    t.is(error.code, 'store_unusable', error.message);
    t.regex(error.cure ?? '', /npm run cosmos:setup/);
  }
});
