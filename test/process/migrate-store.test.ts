import test, { type ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { MoveReport } from '../../src/move/move.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { testConfig } from '../support/config.js';
import { ManualClock } from '../support/clock.js';
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
  /** Does something with a store as another process would. */
  const within = async <T>(kind: Kind, work: (store: Store) => Promise<T>, clock?: Clock) => {
    const config = testConfig({ SQLITE_PATH: commands.database, STORE: kind, ...env });
    const deps = { clock: clock ?? systemClock, log: silentLog, cosmosKey: account.key };
    const store = await openStore(config, deps);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  return { account, commands, run, done, move, within };
}

type Kind = 'sqlite' | 'cosmos';
const UNFINISHED = 'npm run migrate-store is not finished: repeat it';
const beat = (store: Store) =>
  store.heartbeat({ holder: 'somewhere:1:2:3', pid: 1, memory_mb: 1, runs_skipped: 0 });

test.serial('a store is moved to an account and back, killed in the middle', async (t) => {
  const { account, run, done, move, within } = await bench(t);
  await done('generate', ['--days', '2', '--posts', '150', '--comments', '900', '--seed', '7']);
  await done('cosmos-setup', [], { STORE: 'cosmos' });

  const stop = account.holds.add({ phase: 'before', operation: 'batch', skip: 40 });
  const killed = run('migrate-store', ['--from', 'sqlite', '--to', 'cosmos']);
  t.truthy(await account.holds.arrived(stop, 60_000), 'forty batches were written');
  killed.child.kill('SIGKILL');
  t.is((await killed.ended).code, 'SIGKILL');
  account.holds.releaseAll();
  const pauseOf = () => within('cosmos', (store) => store.pauseState());
  t.is((await pauseOf())?.reason, UNFINISHED);
  const part = await run('migrate-store', ['--from', 'cosmos', '--to', 'sqlite']).ended;
  t.is(part.code, 64);
  t.regex(part.stderr, /has not received everything itself.*Cure: repeat the move into it/);

  const moved = await move('sqlite', 'cosmos');
  t.deepEqual(moved.differences, []);
  t.is(await pauseOf(), null);
  t.true(moved.put > 0 && moved.put < moved.items, `${moved.put} of ${moved.items} were left`);
  t.like(await move('sqlite', 'cosmos'), { put: 0, items: moved.items, differences: [] });
  t.regex(await done('verify-store', [], { STORE: 'cosmos' }), /^0 differences$/m);

  const back = await move('cosmos', 'sqlite', { SQLITE_PATH: 'back.db' });
  t.like(back, { items: moved.items, put: moved.items, differences: [] });
  t.regex(await done('verify-store', [], { SQLITE_PATH: 'back.db' }), /^0 differences$/m);
});

test.serial('a move says what it wants, and refuses while somebody is at work', async (t) => {
  const { run, done, within } = await bench(t);
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

  await within('sqlite', beat);
  const busy = await run('migrate-store', both).ended;
  t.is(busy.code, 75);
  t.regex(busy.stderr, /Somebody is at work on the sqlite store: the runner somewhere:1:2:3/);
  t.regex(
    busy.stderr,
    /wait: a minute after a runner ended, LEASE_SECONDS after a collector was killed/,
  );
});

test.serial('a runner that starts during a move is told of, on either store', async (t) => {
  const { account, run, done, within } = await bench(t);
  await done('generate', ['--days', '1', '--posts', '2', '--comments', '2']);
  await done('cosmos-setup', [], { STORE: 'cosmos' });
  for (const kind of ['sqlite', 'cosmos'] as const) {
    const hold = account.holds.add({ phase: 'before', operation: 'batch' });
    const moving = run('migrate-store', ['--from', 'sqlite', '--to', 'cosmos']);
    t.truthy(await account.holds.arrived(hold, 60_000), 'it has begun');
    await within(kind, beat);
    account.holds.release(hold);
    const { code, stderr } = await moving.ended;
    t.is(code, 75);
    t.regex(stderr, new RegExp(`Somebody is at work on the ${kind} store: the runner somewhere`));
    t.is((await within('cosmos', (store) => store.pauseState()))?.reason, UNFINISHED);
    await within(kind, beat, new ManualClock('2026-01-15T12:00:00.000Z'));
  }
});

test.serial('what is past retention is left out of the comparison', async (t) => {
  const { run, done, move } = await bench(t);
  await done('generate', ['--days', '3', '--posts', '30', '--comments', '60', '--seed', '7']);
  await done('cosmos-setup', [], { STORE: 'cosmos' });
  const shorter = { DATA_RETENTION_DAYS: '1' };
  const { code, stdout } = await run(
    'migrate-store',
    ['--from', 'sqlite', '--to', 'cosmos'],
    shorter,
  ).ended;
  t.is(code, 0, stdout);
  t.regex(stdout, /^not compared: \d+ hours before 20\S+:00:00.000Z, which are past retention$/m);
  t.regex(stdout, /^everything has arrived$/m);
  const back = await move('cosmos', 'sqlite', shorter);
  t.deepEqual(back.differences, []);
  t.true(back.hours_left_out > 0 && back.put === 0, `${back.hours_left_out} hours`);
});
