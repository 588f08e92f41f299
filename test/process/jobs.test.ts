import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import type { Store } from '../../src/store/store.js';
import { fakeReddit } from '../support/fake-reddit.js';
import { said, startJobs, until } from '../support/jobs-process.js';
import { simulation } from '../support/reddit.js';
import { temporaryStore } from '../support/store.js';

async function silentReddit(
  t: ExecutionContext,
): Promise<{ store: Store; env: Record<string, string> }> {
  const reddit = await fakeReddit(t, () => undefined);
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  const env = { SQLITE_PATH: path, REDDIT_BASE_URL: reddit.url, SUBREDDITS: 'claude,aws' };
  return { store, env };
}

test('a first cycle 5 s after start; SIGTERM at rest ends it with 0', async (t) => {
  const reddit = await simulation(t);
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  const env = { SQLITE_PATH: path, REDDIT_BASE_URL: reddit.url };
  const jobs = startJobs(t, { ...env, SUBREDDITS: reddit.subreddits.join(',') });
  await until(() => said(jobs, 'job end'));
  const [cycle] = await store.cycles({ limit: 1 });
  t.like(cycle, { status: 'succeeded', trigger: 'startup' });
  t.true((cycle?.memory_end_mb ?? 0) > 0);
  jobs.child.kill('SIGTERM');
  t.is(await jobs.exit, 0);
  t.true(said(jobs, 'store closed'));
  t.false(JSON.stringify(jobs.lines).includes('correct-horse'));
});

test('SIGTERM in mid-cycle, Reddit silent: the cycle is closed and recorded, exit 0', async (t) => {
  const { store, env } = await silentReddit(t);
  await store.requestCycle('asked-for');
  const jobs = startJobs(t, env);
  await until(() => said(jobs, 'cycle start'));
  jobs.child.kill('SIGTERM');
  await systemClock.sleep(50);
  jobs.child.kill('SIGINT'); // systemd and PM2 each send one
  t.is(await jobs.exit, 0);
  const [cycle] = await store.cycles({ limit: 1 });
  t.like(cycle, { id: 'asked-for', status: 'failed' });
  t.is(cycle?.errors[0]?.code, 'cancelled');
});

test('a killed runner: the next one closes its cycle at once and collects', async (t) => {
  const { store, env } = await silentReddit(t);
  await store.requestCycle('killed');
  const first = startJobs(t, env);
  await until(() => said(first, 'cycle start'));
  first.child.kill('SIGKILL');
  t.is(await first.exit, 'SIGKILL');

  const reddit = await simulation(t, { subreddits: ['claude', 'aws'] });
  await store.requestCycle('after-it');
  const second = startJobs(t, { ...env, REDDIT_BASE_URL: reddit.url });
  await until(() => said(second, 'job end'));
  const cycles = await store.cycles({ limit: 5 });
  t.is(cycles.find(({ id }) => id === 'killed')?.status, 'failed');
  t.true(cycles.some(({ status }) => status === 'succeeded'));
  second.child.kill('SIGTERM');
  t.is(await second.exit, 0);
});

test('a second runner waits for the lease and says who has it', async (t) => {
  const { store, env } = await silentReddit(t);
  await store.requestCycle('held');
  const first = startJobs(t, env);
  await until(() => said(first, 'cycle start'));
  const second = startJobs(t, env);
  await until(() => said(second, 'waiting for the lease'));
  const line = second.lines.find(({ msg }) => msg === 'waiting for the lease');
  t.true(String(line?.held_by).includes(`:${first.child.pid}:`));
  for (const { child, exit } of [first, second]) {
    child.kill('SIGTERM');
    t.is(await exit, 0);
  }
});

test('without credentials it runs, beats, and says that collection is off', async (t) => {
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  const jobs = startJobs(t, { SQLITE_PATH: path, REDDIT_CLIENT_ID: '', REDDIT_CLIENT_SECRET: '' });
  await until(async () => (await store.healthFacts(new Date().toISOString())).jobs !== null);
  t.true(jobs.lines.some(({ msg }) => msg.startsWith('collection is off')));
  jobs.child.kill('SIGTERM');
  t.is(await jobs.exit, 0);
});

test('a wrong setting ends it with 78 and one line that names cause and cure', async (t) => {
  const jobs = startJobs(t, { SUBREDITS: 'aws' });
  t.is(await jobs.exit, 78);
  t.is(jobs.lines.length, 1);
  t.regex(jobs.lines[0]?.msg ?? '', /SUBREDITS.*did you mean SUBREDDITS.*Cure:/);
});
