import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { MoveReport } from '../../src/move/move.js';
import { openStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { ImportBench } from '../support/import-process.js';
import { silentLog } from '../support/log.js';

/** A filled database, an account, and the commands on both. */
async function bench(t: ExecutionContext) {
  const account = await startCosmosAccount();
  t.teardown(() => account.close());
  const commands = new ImportBench(t);
  const env = {
    ...{ COSMOS_ENDPOINT: account.url, COSMOS_KEY: account.key, COSMOS_DATABASE: 'moved' },
    ...{ DB_RETRY_MAX_ATTEMPTS: '1', DB_RETRY_BASE_DELAY: '0.1' },
  };
  const run = (name: string, args: string[] = [], more: Record<string, string> = {}) =>
    commands.start(args, name, { ...env, ...more });
  const done = async (name: string, args: string[] = [], more: Record<string, string> = {}) => {
    const end = await run(name, args, more).ended;
    t.is(end.code, 0, `${name}: ${end.stderr}`);
    return end.stdout;
  };
  const move = async (from: string, to: string, more: Record<string, string> = {}) =>
    JSON.parse(
      await done('migrate-store', ['--from', from, '--to', to, '--json'], more),
    ) as MoveReport;
  return { account, commands, run, done, move };
}

test.serial('a store is moved to an account and back, killed in the middle', async (t) => {
  const { account, run, done, move } = await bench(t);
  await done('generate', ['--days', '2', '--posts', '150', '--comments', '900', '--seed', '7']);
  await done('cosmos-setup', [], { STORE: 'cosmos' });

  const stop = account.holds.add({ phase: 'before', operation: 'batch', skip: 40 });
  const killed = run('migrate-store', ['--from', 'sqlite', '--to', 'cosmos']);
  t.truthy(await account.holds.arrived(stop, 60_000), 'forty batches were written');
  killed.child.kill('SIGKILL');
  t.is((await killed.ended).code, 'SIGKILL');
  account.holds.releaseAll();

  const moved = await move('sqlite', 'cosmos');
  t.deepEqual(moved.differences, []);
  t.true(moved.put > 0 && moved.put < moved.items, `${moved.put} of ${moved.items} were left`);
  t.like(await move('sqlite', 'cosmos'), { put: 0, items: moved.items, differences: [] });
  t.regex(await done('verify-store', [], { STORE: 'cosmos' }), /^0 differences$/m);

  const back = await move('cosmos', 'sqlite', { SQLITE_PATH: 'back.db' });
  t.like(back, { items: moved.items, put: moved.items, differences: [] });
  t.regex(await done('verify-store', [], { SQLITE_PATH: 'back.db' }), /^0 differences$/m);
});

test.serial('a move says what it wants, and refuses while somebody is at work', async (t) => {
  const { commands, run, done } = await bench(t);
  for (const args of [[], ['--from', 'sqlite'], ['--from', 'sqlite', '--to', 'sqlite']]) {
    const { code, stderr } = await run('migrate-store', args).ended;
    t.is(code, 64);
    t.regex(stderr, /--from sqlite --to cosmos/);
  }
  const both = ['--from', 'sqlite', '--to', 'cosmos'];
  const none = await run('migrate-store', both).ended;
  t.is(none.code, 78);
  t.regex(none.stderr, /There is no database/);

  await done('generate', ['--days', '1', '--posts', '2', '--comments', '2']);
  const bare = await run('migrate-store', both).ended;
  t.is(bare.code, 78);
  t.regex(bare.stderr, /npm run cosmos:setup/);

  const config = testConfig({ SQLITE_PATH: commands.database });
  const store = await openStore(config, { clock: systemClock, log: silentLog });
  await store.heartbeat({ holder: 'somewhere:1:2:3', pid: 1, memory_mb: 1, runs_skipped: 0 });
  await store.close();
  const busy = await run('migrate-store', both).ended;
  t.is(busy.code, 75);
  t.regex(busy.stderr, /Somebody is at work on the sqlite store: the runner somewhere:1:2:3/);
});
