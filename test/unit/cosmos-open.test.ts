import test, { type ExecutionContext } from 'ava';
import { systemClock, toIso } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { hourOf } from '../../src/domain/rollup.js';
import { DAY_MS, HOUR_MS } from '../../src/domain/window.js';
import type { AppError } from '../../src/errors.js';
import { type OpenAccount, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { cosmosReader } from '../../src/store/cosmos/cosmos-store.js';
import { openReadStore, openStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { aPost } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { beginTestCycle } from '../support/store.js';

type Scene = Awaited<ReturnType<typeof scene>>;

function accountOf({ url: endpoint, key }: CosmosAccount): OpenAccount {
  return openAccount({
    ...{ endpoint, key, database: 'test', clock: systemClock, log: silentLog },
    ...{ attemptMs: 10_000, patienceMs: 10_000, maxSockets: 4 },
  });
}

async function setUpDatabase(standIn: CosmosAccount): Promise<void> {
  const account = accountOf(standIn);
  await setUp(account.definitions, { database: 'test', throughput: null });
  await account.close();
}

async function scene(t: ExecutionContext) {
  const standIn = await startCosmosAccount();
  t.teardown(() => standIn.close());
  const { url: endpoint, key } = standIn;
  const env = { STORE: 'cosmos', COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key };
  const config = testConfig({ ...env, COSMOS_DATABASE: 'test' });
  await setUpDatabase(standIn);
  const stop = new AbortController();
  const { signal } = stop;
  const deps = { clock: systemClock, log: silentLog, cosmosKey: key, signal };
  return { standIn, config, deps, stop };
}

test('what is told to end is still answered: requests in flight, and the end of a cycle', async (t) => {
  const { config, deps, stop } = await scene(t);
  const store = await openStore(config, deps);
  const reads = await openReadStore(config, deps);
  stop.abort();
  await store.noteJobSuccess('collect');
  t.not(await store.jobSuccess('collect'), null);
  t.is((await reads.ping()).data_version, 0);
  await Promise.all([store.close(), reads.close()]);
  t.is((await t.throwsAsync<AppError>(store.jobSuccess('collect'))).code, 'cancelled');
  t.is((await t.throwsAsync<AppError>(reads.ping())).code, 'cancelled');
});

test('who is told to end while it opens does not wait for an account that hangs', async (t) => {
  const { standIn, config, deps, stop } = await scene(t);
  standIn.faults.add({ kind: 'silent' });
  const began = systemClock.monotonic();
  const opening = t.throwsAsync<AppError>(openStore(config, deps));
  await systemClock.sleep(100);
  stop.abort();
  t.is((await opening).code, 'cancelled');
  t.true(systemClock.monotonic() - began < 5000, 'an attempt takes ten seconds');
});

const hour = (n: number) => hourOf(toIso(systemClock.now() + n * HOUR_MS));

/** Posts, by a process of their own. */
async function collect(t: ExecutionContext, { config, deps }: Scene, ids: readonly string[]) {
  const store = await openStore(config, deps);
  t.teardown(() => store.close());
  const fence = await beginTestCycle(store, systemClock);
  const created_utc = hour(-1);
  for (const id of ids) {
    const items = { posts: [aPost({ id, created_utc })], comments: [] };
    await store.commit({ fence, subreddit: 'claude', ...items });
  }
}

test('a database that is dropped and set up again under a running reader shows what is in it by then', async (t) => {
  const bed = await scene(t);
  const { standIn, config, deps } = bed;
  await collect(
    t,
    bed,
    Array.from({ length: 20 }, (_, n) => `old${n}`),
  );
  const reads = await openReadStore(config, deps);
  t.teardown(() => reads.close());
  const hours = { from: hour(-24), to: hour(1) };
  const look = async () => {
    const posts = await reads.recentPosts({ since: '', limit: 99 });
    const { rollups, opening } = await reads.rollups({ since: null, hours, edges: [] });
    const counted = rollups.reduce((sum, each) => sum + each.posts, 0);
    return { ids: posts.map(({ id }) => id).sort(), counted, opening };
  };
  const before = await look();
  t.is(before.counted, 20);
  t.is(before.ids.length, 20);

  standIn.drop('test');
  await t.throwsAsync(reads.post('old1'), { message: /has no database test/ });
  await setUpDatabase(standIn);
  await collect(t, bed, ['new1', 'new2']);
  const began = systemClock.monotonic();
  let after: typeof before | null = null;
  while ((after ?? before).opening === before.opening) {
    if (systemClock.monotonic() - began > 10_000) break;
    await systemClock.sleep(100);
    after = await look().catch(() => null);
  }
  t.like(after, { ids: ['new1', 'new2'], counted: 2 });
  t.not(after?.opening, before.opening);
  t.is(await reads.post('old1'), null);
  t.is((await reads.post('new1'))?.id, 'new1');
});

test('who reads in another session than before forgets what it holds, for it may be newer', async (t) => {
  const bed = await scene(t);
  await collect(t, bed, ['a']);
  const account = accountOf(bed.standIn);
  let session = 0;
  const deps = { account: { ...account, session: () => session }, clock: systemClock };
  const reads = cosmosReader({ ...deps, retentionMs: 90 * DAY_MS, pollEveryMs: 0 });
  t.teardown(() => reads.close());
  const opening = async () => (await reads.rollups({ since: null, edges: [] })).opening;
  const first = await opening();
  t.is(await opening(), first);
  session += 1;
  t.not(await opening(), first);
});
