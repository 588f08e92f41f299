import anyTest, { type TestFn } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { hourOf } from '../../src/domain/rollup.js';
import { HOUR_MS, isoTime } from '../../src/domain/window.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { stretches } from '../../src/store/cosmos/verify/stretch.js';
import { strayPosts } from '../../src/store/cosmos/walks/threads.js';
import { countStored } from '../../src/store/cosmos/write/threads.js';
import type { View } from '../../src/store/cosmos/write/view.js';
import { silentLog } from '../support/log.js';

/** More than one query of the account may find. */
const MUCH = 100_050;
const DATABASE = 'test';
const BEGIN_MS = Date.parse('2020-01-01T00:00:00.000Z');

/** The first two comments are of posts that are not stored, half of the others in one thread. */
const STORED = ['big', ...Array.from({ length: 20 }, (_, n) => `p${2 * n + 1}`)];
const postOf = (n: number) => (n < 2 ? `stray${n}` : n % 2 === 0 ? 'big' : `p${n % 40}`);

/** One account for all, for it takes long to fill; each test has a partition of its own. */
const test = anyTest as TestFn<{ standIn: CosmosAccount; account: OpenAccount }>;

test.before(async (t) => {
  const standIn = await startCosmosAccount();
  const account = openAccount({
    ...{ endpoint: standIn.url, key: standIn.key, database: DATABASE },
    ...{ clock: systemClock, log: silentLog, maxSockets: 8 },
    ...{ attemptMs: 30_000, patienceMs: 30_000 },
  });
  await setUp(account.definitions, { database: DATABASE, throughput: null });
  t.context = { standIn, account };
  standIn.load(DATABASE, 'items', [
    ...comments('strays', postOf),
    ...STORED.map((id) => ({ id: `t3_${id}`, subreddit: 'strays', kind: 'post' })),
  ]);
});

test.after.always(async ({ context: { standIn, account } }) => {
  await account.close();
  await standIn.close();
});

const many = <T>(one: (n: number) => T, length = MUCH): T[] =>
  Array.from({ length }, (_, n) => one(n));

/** Imported at once, the first of them a minute before. */
function comments(subreddit: string, postOf: (n: number) => string, length = MUCH) {
  const comment = (n: number) => ({
    ...{ id: `t1_${n.toString(36)}`, subreddit, kind: 'comment', post_id: postOf(n) },
    created_utc: isoTime(BEGIN_MS + n * 1000),
    collected_at: isoTime(BEGIN_MS + (n === 0 ? 0 : 60_000)),
  });
  return many(comment, length);
}

test.serial(
  'posts that only comments tell of are found among more than a query finds',
  async (t) => {
    const { account } = t.context;
    const query = { subreddit: 'strays', storedSince: isoTime(BEGIN_MS) };
    t.deepEqual(await strayPosts(account.items, { ...query, limit: 100 }), ['stray1', 'stray0']);
  },
);

test.serial(
  'no more comments are read than it takes to find as many posts as are wanted',
  async (t) => {
    const { standIn, account } = t.context;
    const unknown = comments('unknown', (n) => `s${n % 300}`, 20_000);
    standIn.load(DATABASE, 'items', unknown);
    const pages = () => account.charges()['comments stored since']?.requests ?? 0;
    const before = pages();
    const query = { subreddit: 'unknown', storedSince: isoTime(BEGIN_MS), limit: 100 };
    const found = await strayPosts(account.items, query);
    t.is(new Set(found).size, 100);
    t.true(pages() - before <= 5, `${pages() - before} pages of a thousand`);
  },
);

test.serial(
  'the comments of some threads are counted, though they are more than a query finds',
  async (t) => {
    const { items } = t.context.account;
    const view: Pick<View, 'query'> = {
      query: (text, parameters) => items.query('count', { text, parameters, partition: 'strays' }),
    };
    const counts = await countStored(view, [...STORED, 'none', 'stray0']);
    t.is(counts.get('big'), MUCH / 2 - 1);
    t.is(counts.get('p1'), many(postOf).filter((id) => id === 'p1').length);
    t.is(counts.get('stray0'), 1);
    t.is(counts.get('none'), undefined);
    t.is(
      [...counts.values()].reduce((sum, count) => sum + count),
      MUCH - 1,
    );
  },
);

test.serial('a history of more hours than a query finds has its stretches', async (t) => {
  const { standIn, account } = t.context;
  const hourAt = (n: number) => hourOf(isoTime(BEGIN_MS + n * HOUR_MS));
  const hours = many((n) => ({
    id: `hour:${n}`,
    subreddit: 'hours',
    kind: 'hour',
    hour: hourAt(n),
  }));
  standIn.load(DATABASE, 'items', hours);
  let n = 0;
  for await (const stretch of stretches(account.items, 'hours')) {
    if (stretch !== hourAt(6 * n)) t.is(stretch, hourAt(6 * n));
    n += 1;
    if (n === 50) break; // each is asked for one by one
  }
  t.is(n, 50);
});
