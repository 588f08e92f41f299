import test from 'ava';
import { DAY_MS } from '../../src/domain/window.js';
import type { Account, Query } from '../../src/store/cosmos/account.js';
import { SCOPE } from '../../src/store/cosmos/control/documents.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { ManualClock } from '../support/clock.js';
import { testAccounts } from '../support/cosmos-store.js';
import { aComment } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';

const accounts = testAccounts();
const NOW = '2026-01-15T12:00:00.000Z';

/** A store in which one cycle has erased two comments in each of two subreddits. */
async function scene(t: Parameters<typeof accounts.open>[0]) {
  const account = await (await accounts.open(t)).connect();
  const queries: Query[] = [];
  const items: Account['items'] = {
    ...account.items,
    query: async (shape, query) => {
      queries.push(query);
      return account.items.query(shape, query);
    },
  };
  const clock = new ManualClock(NOW);
  const spied = { ...account, items };
  const store = cosmosStore({ account: spied, clock, retentionMs: 90 * DAY_MS });
  const fence = await beginTestCycle(store, clock);
  for (const subreddit of ['claude', 'aws']) {
    const comments = ['c1', 'c2'].map((id) => aComment({ id, subreddit }));
    await store.commit({ fence, subreddit, posts: [], comments });
    const names = comments.map(({ id }) => ({ kind: 'comment' as const, id, subreddit }));
    await store.blank({ fence, subreddit, items: names });
  }
  const put = async (items: number) => {
    const records = await store.heldRecords();
    const one = { at: NOW, cycle_id: 'cycle-1', reason: 'omitted', kind: 'comment' as const };
    await store.putRecords({ ...records, blankings: [{ ...one, items }] });
    const [held] = (await store.heldRecords()).blankings;
    return { held: held?.items, carried: await account.control.read('look', SCOPE, ID) };
  };
  return { store, queries, put };
}

const ID = 'blanked:cycle-1';

test('audit records are read one partition after the other', async (t) => {
  const { store, queries } = await scene(t);
  t.like((await store.heldRecords()).blankings, [{ cycle_id: 'cycle-1', items: 4 }]);
  const asked = queries.filter(({ text }) => text.includes("'blanked'"));
  t.deepEqual(
    asked.map(({ partition }) => partition),
    ['aws', 'claude'],
  );
});

test('of an audit record what the subreddits do not have is kept apart', async (t) => {
  const { put } = await scene(t);
  const carrying = (items: number) => ({ counts: { 'omitted comment': items } });
  t.deepEqual(await put(4), { held: 4, carried: null });
  t.like(await put(7), { held: 7, carried: carrying(3) });
  t.like(await put(7), { held: 7, carried: carrying(3) });
  t.like(await put(5), { held: 5, carried: carrying(1) });
  t.deepEqual(await put(4), { held: 4, carried: null });
  t.deepEqual(await put(3), { held: 4, carried: null }, 'never below nothing');
});
