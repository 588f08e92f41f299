import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createThreads, type Outcome } from '../../jobs/bree.js';
import type { Job } from '../../jobs/schedule.js';
import { systemClock } from '../../src/clock.js';
import { loadSettings } from '../../src/config.js';
import { silentLog } from '../support/log.js';

const threadFile = fileURLToPath(new URL('../support/threads/thread-root.js', import.meta.url));

function threads(hardLimitMs = 20_000) {
  const times = { firstRunMs: 0, firstRunIfMissed: false, intervalMs: 1000, offsetMs: 0 };
  const job: Job = { name: 'collect', ...times, hardLimitMs, heapMb: 32 };
  const made = createThreads([job], threadFile, loadSettings({ NODE_ENV: 'test' }), silentLog);
  const run = (id: string) => made.run(job, { id, job: 'collect', trigger: 'manual', holder: 'h' });
  return { made, job, run };
}

const endings: [behaviour: string, outcome: Partial<Outcome>][] = [
  ['succeeds', { status: 'succeeded' }],
  ['throws', { status: 'crashed', reason: 'thrown on purpose' }],
  ['exits', { status: 'crashed' }],
  ['silent', { status: 'crashed', reason: 'ended without a word' }],
  ['reports then throws', { status: 'partial' }],
];
for (const [behaviour, outcome] of endings) {
  test(`a thread that ${behaviour}: one outcome, and the runner lives`, async (t) => {
    const { run } = threads();
    t.like(await run(behaviour), outcome);
    t.like(await run('succeeds'), { status: 'succeeded' });
  });
}

test('a thread that runs out of its heap ends alone', async (t) => {
  const { run } = threads();
  const outcome = await run('eats the heap');
  t.is(outcome.status, 'crashed');
  t.regex(outcome.reason ?? '', /ERR_WORKER_OUT_OF_MEMORY/);
});

for (const behaviour of ['hangs', 'spins for ever']) {
  test(`a thread that ${behaviour} is ended at its hard limit`, async (t) => {
    const { run } = threads(300);
    t.is((await run(behaviour)).status, 'crashed');
  });

  test(`a thread that ${behaviour} is ended when told`, async (t) => {
    const { made, job, run } = threads();
    const outcome = run(behaviour);
    await systemClock.sleep(200);
    await made.terminate(job);
    t.is((await outcome).status, 'crashed');
  });
}

test('cancel reaches the job', async (t) => {
  const { made, job, run } = threads();
  const outcome = run('ends when cancelled');
  await systemClock.sleep(300);
  made.cancel(job);
  t.deepEqual(await outcome, { status: 'failed', reason: 'cancel' });
});
