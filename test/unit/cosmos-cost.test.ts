import test, { type ExecutionContext } from 'ava';
import { DAY_MS } from '../../src/domain/window.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { ManualClock } from '../support/clock.js';
import { type Charges, costBed, DATABASE, spentSince, sumOf } from '../support/cosmos-cost.js';
import { startApi } from '../support/cosmos-cost-dashboard.js';
import { itemsDocuments } from '../support/cosmos-cost-volume.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { VirtualClock } from '../support/virtual-clock.js';

const NOW = Date.parse('2026-01-15T12:20:00.000Z');

/** A store in the middle of a cycle, and what something costs there. */
async function writer(t: ExecutionContext) {
  const clock = new ManualClock(NOW);
  const account = (await costBed(t, { clock })).connect();
  const store = cosmosStore({ account, clock, retentionMs: 90 * DAY_MS });
  const fence = await beginTestCycle(store, clock);
  const costOf = async (work: () => Promise<unknown>): Promise<Charges> => {
    const before = account.charges();
    await work();
    return spentSince(before, account.charges());
  };
  return { store, fence, costOf };
}

const commentsOf = (count: number, upvotes: number, from = 0) =>
  Array.from({ length: count }, (_, n) => aComment({ id: `c${from + n}`, upvotes }));

test('what is stored already costs a look at the head and one at the version', async (t) => {
  const { store, fence, costOf } = await writer(t);
  const batch = { fence, subreddit: 'claude', posts: [aPost()], comments: commentsOf(60, 1) };
  await store.commit(batch);
  // The same object would be the same call, repeated because its answer was lost.
  const again = await costOf(() => store.commit({ ...batch }));
  t.deepEqual(Object.keys(again).sort(), ['commit head', 'version']);
  t.deepEqual(sumOf(again), { requests: 2, ru: 2 });
});

test('a commit after another of the same hours reads what changes, and writes twice', async (t) => {
  const { store, fence, costOf } = await writer(t);
  const common = { fence, subreddit: 'claude', posts: [] };
  await store.commit({ ...common, posts: [aPost()], comments: commentsOf(60, 1) });
  const comments = [...commentsOf(10, 500), ...commentsOf(20, 1, 60)];
  const cost = await costOf(() => store.commit({ ...common, comments }));
  const requests = Object.entries(cost).map(([shape, one]) => [shape, one.requests]);
  t.deepEqual(Object.fromEntries(requests), {
    ...{ 'commit items': 1, 'commit batch': 1, version: 1 },
  });
  // Twenty insertions, ten replacements, the head, the hour, the day and the titles.
  t.true(sumOf(cost).ru < 350, `${sumOf(cost).ru} RU`);
});

test.serial('a page of the dashboard that was asked for before costs nothing', async (t) => {
  const clock = new VirtualClock(NOW);
  t.teardown(() => clock.close());
  const bed = await costBed(t, { clock });
  bed.standIn.load(DATABASE, 'items', itemsDocuments({ items: 3000, nowMs: NOW }));
  const api = await startApi(t, bed, clock);
  await clock.drive(api.loaded());
  const costOf = async (work: () => Promise<unknown>) => {
    const before = api.charges();
    await work();
    return sumOf(spentSince(before, api.charges())).ru;
  };
  t.true((await costOf(() => clock.drive(api.page()))) > 100);
  t.is(await costOf(() => api.page()), 0);
  await clock.drive(clock.sleep(60_000));
  const computed = await costOf(() => clock.drive(api.page()));
  t.true(computed <= 15, `${computed} RU in a new minute`);
});
