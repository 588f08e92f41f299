import test, { type ExecutionContext } from 'ava';
import { startRunner } from '../../jobs/runner.js';
import { planJobs, untilNextSlot } from '../../jobs/schedule.js';
import { loadSettings } from '../../src/config.js';
import { newCycle } from '../../src/domain/cycle.js';
import { AppError } from '../../src/errors.js';
import { ManualClock } from '../support/clock.js';
import { FakeThreads } from '../support/fake-threads.js';
import { recordingLog } from '../support/log.js';
import { temporaryStore } from '../support/store.js';

const MINUTE = 60_000;
const credentials = { REDDIT_CLIENT_ID: 'i', REDDIT_CLIENT_SECRET: 's', REDDIT_USER_AGENT: 'u' };

async function bench(
  t: ExecutionContext,
  start = '2026-01-15T12:07:00.000Z',
  names: string[] = ['collect'],
) {
  const clock = new ManualClock(start);
  const { store } = await temporaryStore(t, { clock });
  const { config } = loadSettings({ NODE_ENV: 'test', ...credentials });
  const threads = new FakeThreads();
  const { log, lines } = recordingLog();
  let memoryMb = 100;
  const deps = {
    ...{ config, store, clock, log, threads },
    jobs: planJobs(config).filter(({ name }) => names.includes(name)),
    holder: 'host:1:0:0',
    memory: () => memoryMb * 1_048_576,
  };
  const setMemory = (mb: number) => {
    memoryMb = mb;
  };
  return { clock, store, threads, lines, deps, setMemory, runner: startRunner(deps) };
}

test('slots lie on the clock', (t) => {
  const at = (time: string) =>
    untilNextSlot(Date.parse(time), { intervalMs: 30 * MINUTE, offsetMs: 0 }) / MINUTE;
  t.is(at('2026-01-15T12:07:00.000Z'), 23);
  t.is(at('2026-01-15T12:30:00.000Z'), 30);
  t.is(at('2026-03-29T00:59:00.000Z'), 1); // an hour before a change to summer time
});

test('no credentials, no collection; data is let go of and copied all the same', (t) => {
  const names = planJobs(loadSettings({}).config).map(({ name }) => name);
  t.deepEqual(names, ['prune', 'vacuum', 'backup']);
});

test('a database of Azure’s is neither compacted nor copied here', (t) => {
  const { config } = loadSettings({
    ...{ STORE: 'cosmos', COSMOS_ENDPOINT: 'https://example.documents.azure.com' },
    COSMOS_KEY: Buffer.alloc(64).toString('base64'),
  });
  t.deepEqual(
    planJobs(config).map(({ name }) => name),
    ['prune'],
  );
});

test('the first run comes 5 s after start, the next at each slot', async (t) => {
  const { clock, threads, runner } = await bench(t);
  await clock.advance(4999);
  t.is(threads.runs.length, 0);
  await clock.advance(1);
  t.is(threads.runs[0]?.run.trigger, 'startup');
  threads.end({ status: 'succeeded' });
  await clock.advance(23 * MINUTE);
  t.is(threads.runs[1]?.run.trigger, 'schedule');
  threads.end({ status: 'succeeded' });
  await clock.advance(30 * MINUTE);
  t.is(threads.runs.length, 3);
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('a run that is due while one is going is skipped, counted and told to the store', async (t) => {
  const { clock, store, threads, lines, runner } = await bench(t);
  await clock.advance(24 * MINUTE);
  t.is(threads.runs.length, 1);
  t.is(lines.filter(({ msg }) => msg.startsWith('still running')).length, 1);
  const { jobs } = await store.healthFacts(new Date(clock.now()).toISOString());
  t.is(jobs?.runs_skipped, 1);
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('a clock set forward a day runs the missed slots once', async (t) => {
  const { clock, threads, runner } = await bench(t);
  await clock.advance(5000);
  threads.end({ status: 'succeeded' });
  clock.jumpTo(clock.now() + 86_400_000);
  await clock.advance(31 * MINUTE);
  t.true(threads.runs.length <= 3);
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('a runner paused over several slots makes one run of them, and then keeps to the clock', async (t) => {
  const { clock, threads, lines, runner } = await bench(t);
  await clock.advance(5000);
  threads.end({ status: 'succeeded' });
  clock.jumpTo(clock.now() + (7 * 30 + 10) * MINUTE); // its timer wakes when the process goes on
  await clock.advance(23 * MINUTE - 5000); // 16:10
  t.false(lines.some(({ msg }) => msg.startsWith('still running')));
  const slots = () => threads.runs.filter(({ run }) => run.trigger === 'schedule').length;
  t.is(slots(), 1);
  threads.end({ status: 'succeeded' });
  await clock.advance(20 * MINUTE - 1);
  t.is(slots(), 1);
  await clock.advance(1);
  t.is(slots(), 2);
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('a timer that wakes a moment early serves its slot once', async (t) => {
  const { clock, threads, runner } = await bench(t);
  await clock.advance(5000);
  threads.end({ status: 'succeeded' });
  clock.jumpTo(clock.now() - 3); // the wall clock is slewed back by 3 ms while it sleeps
  await clock.advance(23 * MINUTE);
  threads.end({ status: 'succeeded' });
  await clock.advance(1000);
  t.is(threads.runs.filter(({ run }) => run.trigger === 'schedule').length, 1);
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('a run that failed without recording it leaves no running cycle and no lease', async (t) => {
  const { clock, store, threads, runner } = await bench(t);
  await clock.advance(5000);
  const { id, holder } = threads.runs[0]?.run ?? { id: '', holder: '' };
  const cycle = newCycle(id, new Date(clock.now()).toISOString(), 'startup', 50);
  await store.beginCycle({ cycle, holder, leaseMs: 120_000, holderIsDead: () => false });
  threads.end({ status: 'failed', reason: 'store_busy: locked' });
  await clock.advance(10);
  t.is((await store.cycles({ limit: 1 }))[0]?.status, 'failed');
  t.true((await store.requestCycle('next')).accepted);
  await runner.close();
});

test('a request is picked up within 2 s, once, and keeps its cycle id', async (t) => {
  const { clock, store, threads, runner } = await bench(t);
  await clock.advance(5000);
  threads.end({ status: 'succeeded' });
  await clock.advance(1000);
  t.true((await store.requestCycle('asked-for')).accepted);
  await clock.advance(2000);
  t.like(threads.runs[1], { run: { id: 'asked-for', trigger: 'manual' } });
  threads.end({ status: 'succeeded' });
  await clock.advance(10_000);
  t.is(threads.runs.length, 2);
  await runner.close();
});

test('a request that comes while a run is going waits for its end', async (t) => {
  const { clock, store, threads, runner } = await bench(t);
  await clock.advance(5000);
  await store.requestCycle('asked-for');
  await clock.advance(10_000);
  t.is(threads.runs.length, 1);
  threads.end({ status: 'succeeded' });
  await clock.advance(2000);
  t.is(threads.runs[1]?.run.id, 'asked-for');
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('the heartbeat is written every 5 s, and a failing store ends nothing', async (t) => {
  const { clock, store, lines, runner } = await bench(t);
  const age = async () => {
    const { jobs } = await store.healthFacts(new Date(clock.now()).toISOString());
    return clock.now() - Date.parse(jobs?.at ?? '');
  };
  await clock.advance(12_000);
  t.true((await age()) <= 5000);
  const working = store.heartbeat.bind(store);
  store.heartbeat = () => Promise.reject(new AppError('store_unreachable', 'gone'));
  await clock.advance(60_000);
  t.is(lines.filter(({ msg }) => msg === 'failing, goes on trying').length, 1);
  store.heartbeat = working;
  await clock.advance(5000);
  t.true((await age()) <= 5000);
  t.is(lines.filter(({ msg }) => msg === 'works again').length, 1);
  void runner.close();
});

test('what a dead thread left running is closed at once', async (t) => {
  const { clock, store, threads, runner } = await bench(t);
  await clock.advance(5000);
  const { run } = threads.runs[0] ?? { run: { id: '', holder: '' } };
  await store.beginCycle({
    cycle: newCycle(run.id, new Date(clock.now()).toISOString(), 'startup', 50),
    holder: run.holder,
    leaseMs: 120_000,
    holderIsDead: () => false,
  });
  threads.end({ status: 'crashed', reason: 'out of memory' });
  await clock.advance(10);
  const [cycle] = await store.cycles({ limit: 1 });
  t.is(cycle?.status, 'failed');
  t.true(cycle?.errors[0]?.message.includes('out of memory'));
  await runner.close();
});

test('too much memory: the running job is asked to end, then made to', async (t) => {
  const { clock, threads, runner, setMemory } = await bench(t);
  await clock.advance(5000);
  setMemory(448);
  await clock.advance(5000);
  t.deepEqual(threads.cancelled, []);
  setMemory(449);
  await clock.advance(5000);
  t.deepEqual(threads.cancelled, ['collect']);
  t.deepEqual(threads.terminated, []);
  await clock.advance(5000);
  t.deepEqual(threads.terminated, ['collect']);
  await runner.close();
});

test('closing cancels the running job and waits for it', async (t) => {
  const { clock, threads, runner } = await bench(t);
  await clock.advance(5000);
  let closed = false;
  const closing = runner.close().then(() => {
    closed = true;
  });
  await clock.advance(1000);
  t.deepEqual(threads.cancelled, ['collect']);
  t.false(closed);
  threads.end({ status: 'partial' });
  await closing;
  t.deepEqual(threads.terminated, []);
  t.is(clock.sleeping, 0);
});

test('a job that ignores the cancel is ended before the shutdown deadline', async (t) => {
  const { clock, threads, runner } = await bench(t);
  await clock.advance(5000);
  const closing = runner.close();
  await clock.advance(27_999);
  t.deepEqual(threads.terminated, []);
  await clock.advance(1);
  await closing;
  t.deepEqual(threads.terminated, ['collect']);
});
