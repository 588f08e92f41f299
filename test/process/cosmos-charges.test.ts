import test from 'ava';
import { systemClock } from '../../src/clock.js';
import { startApi } from '../support/api-process.js';
import { preparedAccount, settingsOf, storeOn } from '../support/cosmos-system.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost } from '../support/items.js';

/** Answers tell it to two decimals, and no request costs less than 1. */
const ROUNDING = 0.5;
const SERIES =
  /^sentimentagent_store_request_units_total\{call="([^"]+)",route="([^"]+)"\} (\S+)$/gm;

test('every request unit that the api spends is counted for the route that it was spent for', async (t) => {
  const account = await preparedAccount(t);
  const store = storeOn(t, account);
  const created_utc = new Date(Date.now() - 3_600_000).toISOString();
  await fillStore(store, systemClock, {
    posts: [aPost({ id: 'a', created_utc })],
    comments: [aComment({ id: 'b', post_id: 'a', created_utc })],
  });
  await store.close();
  account.journal.reset();
  const base = await startApi(t, settingsOf(account)).listening;
  const comments = await fetch(`${base}/api/v1/posts/a/comments`);
  t.is(comments.status, 200);
  t.regex(await comments.text(), /"id":"b"/);
  const counted = async () => {
    const text = await (await fetch(`${base}/metrics`)).text();
    return [...text.matchAll(SERIES)].map(([, call = '', route = '', ru]) => ({
      ...{ call, route, ru: Number(ru) },
    }));
  };
  const sum = (some: { ru: number }[]) => some.reduce((total, { ru }) => total + ru, 0);
  const of = (some: Awaited<ReturnType<typeof counted>>, wanted: string) =>
    sum(some.filter(({ route }) => route === wanted));

  // It looks for changes each second: between two of these all is counted.
  let [charges, before, after] = [await counted(), 0, -1];
  for (let attempt = 0; attempt < 500; attempt += 1) {
    before = account.journal.totals().charge;
    charges = await counted();
    after = account.journal.totals().charge;
    if (before === after && Math.abs(sum(charges) - after) < ROUNDING) break;
    await systemClock.sleep(20);
  }
  t.is(before, after);
  t.true(Math.abs(sum(charges) - after) < ROUNDING, `${sum(charges)} of ${after}`);
  t.true(of(charges, '/api/v1/posts/:id/comments') > 0);
  t.true(of(charges, 'none') > 0);
  const byNobody = charges.filter(({ route }) => route === 'none').map(({ call }) => call);
  t.false(byNobody.includes('comments'), byNobody.join());
  t.log(charges.map(({ call, route, ru }) => `${route} ${call} ${ru}`).join('\n'));
});
