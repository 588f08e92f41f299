import test from 'ava';
import { cosmosLeases } from '../../src/store/cosmos/control/lease.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import { cosmosControl } from '../../src/store/cosmos/control/control.js';
import { cosmosVerify } from '../../src/store/cosmos/verify/verify.js';
import { createWriterMemory } from '../../src/store/cosmos/write/cache.js';
import { commit } from '../../src/store/cosmos/write/commit.js';
import { testAccounts } from '../support/cosmos-store.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';

const accounts = testAccounts();
test.after.always(() => accounts.close());
test('cost', async (t) => {
  const account = (await accounts.open(t))();
  const clock = new ManualClock('2026-01-15T12:00:00.000Z');
  const deps = { account, clock, retentionMs: 90*86400000, memory: createWriterMemory(), versions: cosmosVersions({account}), lease: cosmosLeases({account}) };
  const control = cosmosControl(deps);
  const fence = await beginTestCycle(control as never, clock);
  const report = (what: string) => {
    t.log(what, JSON.stringify(account.charges()));
  };
  report('begin');
  const text = 'lorem ipsum dolor sit amet '.repeat(20);
  const posts = Array.from({length: 20}, (_, n) => aPost({ id: `p${n}`, content: text, created_utc: new Date(Date.parse('2026-01-15T11:00:00.000Z') - n * 600_000).toISOString() }));
  const comments = Array.from({length: 60}, (_, n) => aComment({ id: `c${n}`, content: text, post_id: `p${n % 20}`, created_utc: new Date(Date.parse('2026-01-15T11:30:00.000Z') - n * 60_000).toISOString() }));
  t.log(await commit(deps, { fence, subreddit: 'claude', posts, comments }));
  report('first');
  t.log(await commit(deps, { fence, subreddit: 'claude', posts, comments }));
  report('again');
  await commit(deps, { fence, subreddit: 'claude', posts: [], comments: [aComment({ id: 'x', content: text }), aComment({ id: 'y', post_id: 'p3', content: text })] });
  report('two comments');
  t.log(JSON.stringify(await cosmosVerify(deps)({ repair: false })));
});
