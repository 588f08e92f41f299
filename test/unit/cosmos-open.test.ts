import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { AppError } from '../../src/errors.js';
import { openAccount } from '../../src/store/cosmos/account/open-account.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { openReadStore, openStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { silentLog } from '../support/log.js';

async function scene(t: ExecutionContext) {
  const standIn = await startCosmosAccount();
  t.teardown(() => standIn.close());
  const { url: endpoint, key } = standIn;
  const env = { STORE: 'cosmos', COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key };
  const config = testConfig({ ...env, COSMOS_DATABASE: 'test' });
  const account = openAccount({
    ...{ endpoint, key, database: 'test', clock: systemClock, log: silentLog },
    ...{ attemptMs: 10_000, patienceMs: 10_000, maxSockets: 4 },
  });
  await setUp(account.definitions, { database: 'test', throughput: null });
  await account.close();
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
