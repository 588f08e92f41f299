import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type JobsProcess, startJobs, until } from '../support/jobs-process.js';
import { temporaryStore } from '../support/store.js';

const ROOT = fileURLToPath(new URL('../support/rogue-jobs-root.js', import.meta.url));
const SHUTDOWN_SECONDS = 4;
/** Of a process that is asked to end on a busy machine; the deadline itself is in its log. */
const SLACK_MS = 3000;

async function rogueJobs(t: ExecutionContext, intervalMinutes: string) {
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  const jobs = startJobs(
    t,
    {
      ...{ SQLITE_PATH: path, JOB_MEMORY_MB: '48' },
      COLLECTION_INTERVAL_MINUTES: intervalMinutes,
      COLLECTION_DEADLINE_MINUTES: '0.02', // 1.2 s; its thread is ended 15 s later
      SHUTDOWN_DEADLINE_SECONDS: String(SHUTDOWN_SECONDS),
    },
    ROOT,
  );
  await jobs.ready;
  return { store, jobs };
}

const of = (jobs: JobsProcess, msg: string, run: unknown) =>
  jobs.lines.filter((line) => line.msg === msg && line.run === run);

const WRONG = {
  throws: 'crashed',
  exits: 'crashed',
  silent: 'crashed',
  'reports then throws': 'partial',
  'eats the heap': 'crashed',
  'fills Buffers': 'crashed',
  hangs: 'crashed',
  'ignores cancel': 'crashed',
  'spins for ever': 'crashed',
};

for (const [behaviour, status] of Object.entries(WRONG)) {
  test.serial(
    `a job that ${behaviour}: one outcome, its cycle closed, the next slot runs`,
    async (t) => {
      const { store, jobs } = await rogueJobs(t, '0.05');
      await store.requestCycle(behaviour);
      await until(() => of(jobs, 'job end', behaviour).length > 0, 40_000);
      const end = jobs.lines.findIndex(({ msg, run }) => msg === 'job end' && run === behaviour);
      t.is(jobs.lines[end]?.status, status, JSON.stringify(jobs.lines[end]));

      const beatAt = async () => (await store.healthFacts(new Date().toISOString())).jobs?.at ?? '';
      const before = await beatAt();
      await until(async () => (await beatAt()) > before);
      const slotAfter = () =>
        jobs.lines
          .slice(end)
          .find(({ msg, trigger }) => msg === 'job start' && trigger === 'schedule')?.run;
      await until(() => of(jobs, 'job end', slotAfter())[0]?.status === 'succeeded');
      t.is(of(jobs, 'job end', behaviour).length, 1, 'one outcome');
      const cycles = await store.cycles({ limit: 10 });
      const left = cycles.find(({ id }) => id === behaviour);
      t.is(left?.status, status === 'crashed' ? 'failed' : undefined);

      const guarded = jobs.lines.some(({ msg }) => msg.startsWith('still too much memory'));
      t.is(guarded, behaviour === 'fills Buffers', 'no cap sees Buffers, the guard does');

      jobs.child.kill('SIGTERM');
      t.is(await jobs.exit, 0);
    },
  );
}

for (const behaviour of [
  'hangs',
  'ignores cancel',
  'spins for ever',
  'fills Buffers',
  'ends when cancelled',
]) {
  test.serial(
    `SIGTERM while a job that ${behaviour} runs: exit 0 within the deadline`,
    async (t) => {
      const { store, jobs } = await rogueJobs(t, '10');
      await store.requestCycle(behaviour);
      await until(async () =>
        (await store.cycles({ limit: 5 })).some(({ id }) => id === behaviour),
      );
      const began = systemClock.monotonic();
      jobs.child.kill('SIGTERM');
      jobs.child.kill('SIGTERM');
      t.is(await jobs.exit, 0);
      const tookMs = systemClock.monotonic() - began;
      t.true(tookMs < SHUTDOWN_SECONDS * 1000 + SLACK_MS, `${tookMs} ms`);
      t.false(jobs.lines.some(({ msg }) => msg.startsWith('shutdown deadline passed')));
      t.is(jobs.lines.at(-1)?.msg, 'shut down');
      t.is(of(jobs, 'job end', behaviour).length, 1);
      const running = await store.cycles({ limit: 5, status: 'running' });
      t.deepEqual(running, [], 'its cycle is closed');
    },
  );
}
