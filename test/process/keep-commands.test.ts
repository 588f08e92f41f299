import { readdirSync, statSync } from 'node:fs';
import test from 'ava';
import { systemClock } from '../../src/clock.js';
import { fillStore } from '../support/fill.js';
import { said, startJobs, until } from '../support/jobs-process.js';
import { KeepBench, told } from '../support/keep-bench.js';
import { simulation } from '../support/reddit.js';

const CREDENTIALS = {
  ...{ REDDIT_CLIENT_ID: 'id', REDDIT_CLIENT_SECRET: 'secret', REDDIT_USER_AGENT: 'test/1' },
};

test.serial('backup and restore: back to the moment of the backup', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told([1])));
  const made = await bench.command('backup', ['--json']);
  t.is(made.code, 0, made.stderr);
  const { file, removed } = JSON.parse(made.stdout) as { file: string; removed: string[] };
  t.deepEqual(removed, []);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(statSync(bench.backups).mode & 0o777, 0o700);
  await bench.withStore((store) =>
    fillStore(store, systemClock, { ...told([2]), cycleId: 'later' }),
  );
  const restored = await bench.command('restore', [file, '--json']);
  t.is(restored.code, 0, restored.stderr);
  t.like(JSON.parse(restored.stdout), { restored: bench.database, from: file });
  await bench.withStore(async (store) => {
    t.truthy(await store.post('p1'));
    t.is(await store.post('p2'), null);
    t.deepEqual((await store.verify({ repair: false })).differences, []);
  });
  const asides = readdirSync(bench.commands.folder).filter((name) => name.includes('.replaced-'));
  t.is(asides.length, 1);
});

test.serial('restore refuses while the jobs process lives, and names it', async (t) => {
  const bench = new KeepBench(t);
  await bench.withStore((store) => fillStore(store, systemClock, told([1])));
  const { stdout } = await bench.command('backup', ['--json']);
  const { file } = JSON.parse(stdout) as { file: string };
  const jobs = startJobs(t, { ...bench.env, REDDIT_CLIENT_ID: '', REDDIT_CLIENT_SECRET: '' });
  await until(() => said(jobs, 'scheduled'));
  const refused = await bench.command('restore', [file]);
  t.is(refused.code, 78);
  t.regex(refused.stderr, new RegExp(`process ${jobs.child.pid} .*has the database`));
  t.regex(refused.stderr, /Cure: stop the system first/);
  jobs.child.kill('SIGTERM');
  t.is(await jobs.exit, 0);
  const restored = await bench.command('restore', [file]);
  t.is(restored.code, 0, restored.stderr);
});

test.serial('restore says what it wants, and what is no backup', async (t) => {
  const bench = new KeepBench(t);
  t.is((await bench.command('restore')).code, 64);
  const none = await bench.command('restore', ['none.db']);
  t.is(none.code, 78);
  t.regex(none.stderr, /none.db is no backup/);
  t.is((await bench.command('backup')).code, 78, 'there is no database');
});

test.serial('paused over restarts; resumed, the missed cycle runs at once', async (t) => {
  const reddit = await simulation(t, { subreddits: ['claude'] });
  const env = { REDDIT_BASE_URL: reddit.url, SUBREDDITS: 'claude', ...CREDENTIALS };
  const bench = new KeepBench(t, { ...env, DATA_RETENTION_DAYS: '90' });
  await bench.withStore(async () => undefined);
  const long = await bench.command('pause', ['--reason', 'x'.repeat(201)]);
  t.is(long.code, 64);
  t.regex(long.stderr, /longer than 200 characters/);
  const paused = await bench.command('pause', ['--reason', 'moving house']);
  t.is(paused.code, 0, paused.stderr);
  t.regex(paused.stdout, /paused since .*moving house/);
  const refused = await bench.command('collect');
  t.is(refused.code, 75);
  t.regex(refused.stderr, /paused since .*: moving house. Cure: npm run resume/);

  const jobs = startJobs(t, bench.env);
  await until(() => said(jobs, 'collection is paused; npm run resume lets it go on'));
  await systemClock.sleep(6000); // the first cycle would be 5 s after start
  t.false(said(jobs, 'job start'));
  const resumed = await bench.command('resume', ['--json']);
  t.like(JSON.parse(resumed.stdout), { status: 'resumed' });
  await until(() => said(jobs, 'job end'));
  await bench.withStore(async (store) => {
    t.like(await store.cycles({ limit: 1 }), [{ status: 'succeeded', trigger: 'schedule' }]);
  });
  jobs.child.kill('SIGTERM');
  t.is(await jobs.exit, 0);
  const again = await bench.command('resume', ['--json']);
  t.deepEqual(JSON.parse(again.stdout), { status: 'resumed', paused_since: null });
});
