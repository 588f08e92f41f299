import test, { type ExecutionContext } from 'ava';
import { startRunner } from '../../jobs/runner.js';
import { type Job, planJobs, slotOf, untilNextSlot } from '../../jobs/schedule.js';
import { loadSettings } from '../../src/config.js';
import { AppError } from '../../src/errors.js';
import { ManualClock } from '../support/clock.js';
import { FakeThreads } from '../support/fake-threads.js';
import { recordingLog } from '../support/log.js';
import { temporaryStore } from '../support/store.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const credentials = { REDDIT_CLIENT_ID: 'i', REDDIT_CLIENT_SECRET: 's', REDDIT_USER_AGENT: 'u' };
const { config } = loadSettings({ NODE_ENV: 'test', ...credentials });

async function bench(t: ExecutionContext, start: string, names: Job['name'][]) {
  const clock = new ManualClock(start);
  const { store } = await temporaryStore(t, { clock });
  const threads = new FakeThreads();
  const { log, lines } = recordingLog();
  const deps = {
    ...{ config, store, clock, log, threads },
    jobs: planJobs(config).filter(({ name }) => names.includes(name)),
    holder: 'host:1:0:0',
    memory: () => 100 * 1_048_576,
  };
  const run = () => startRunner(deps);
  const begun = () => threads.runs.map(({ job }) => job);
  const said = (text: string) => lines.filter(({ msg }) => msg.startsWith(text)).length;
  return { clock, store, threads, run, begun, said };
}

test('daily slots lie at their times of UTC', (t) => {
  const [, prune] = planJobs(config);
  if (prune === undefined) throw new Error('no prune');
  const at = (time: string) => untilNextSlot(Date.parse(time), prune) / MINUTE;
  t.is(at('2026-01-15T03:09:00.000Z'), 1);
  t.is(at('2026-01-15T03:10:00.000Z'), 24 * 60);
  t.is(at('2026-01-15T00:00:00.000Z'), 190);
  t.not(
    slotOf(Date.parse('2026-01-15T03:09:59.999Z'), prune),
    slotOf(Date.parse('2026-01-15T03:10:00.000Z'), prune),
  );
});

test('a daily job that never succeeded runs minutes after start, and then at its time', async (t) => {
  const { clock, threads, run, begun } = await bench(t, '2026-01-15T02:00:00.000Z', ['prune']);
  const runner = run();
  await clock.advance(3 * MINUTE - 1);
  t.deepEqual(begun(), []);
  await clock.advance(1);
  t.deepEqual(begun(), ['prune']);
  threads.end({ status: 'succeeded' }, 'prune');
  await clock.advance(66 * MINUTE);
  t.is(begun().length, 1);
  await clock.advance(MINUTE);
  t.is(begun().length, 2);
  threads.end({ status: 'succeeded' }, 'prune');
  await runner.close();
});

test('one that succeeded since its last slot waits for its time', async (t) => {
  const { clock, store, threads, run, begun } = await bench(t, '2026-01-15T03:20:00.000Z', [
    'prune',
  ]);
  await store.noteJobSuccess('prune');
  clock.jumpTo(Date.parse('2026-01-15T22:00:00.000Z'));
  const first = run();
  await clock.advance(10 * MINUTE);
  t.deepEqual(begun(), []);
  await first.close();
  clock.jumpTo(Date.parse('2026-01-16T03:08:00.000Z'));
  const second = run();
  await clock.advance(3 * MINUTE);
  t.deepEqual(begun(), ['prune'], 'its slot came while it was starting, less than a day later');
  threads.end({ status: 'succeeded' }, 'prune');
  await clock.advance(HOUR);
  t.is(begun().length, 1);
  await second.close();
});

test('the compaction waits for the cycle before it, and the cycle after waits for it', async (t) => {
  const { clock, store, threads, run, begun } = await bench(t, '2026-01-15T02:56:00.000Z', [
    'collect',
    'vacuum',
  ]);
  const beats = async () =>
    (await store.healthFacts(new Date(clock.now()).toISOString())).jobs?.at ?? '';
  const runner = run();
  await clock.advance(4 * MINUTE);
  t.deepEqual(begun(), ['collect']); // of 02:56:05; the compaction is due
  threads.end({ status: 'succeeded' });
  await clock.advance(1000);
  t.deepEqual(begun(), ['collect', 'vacuum']);
  const before = await beats();
  await clock.advance(31 * MINUTE);
  t.deepEqual(begun(), ['collect', 'vacuum']); // two slots came
  t.is(await beats(), before, 'it would have waited for the lock in vain');
  threads.end({ status: 'succeeded' }, 'vacuum');
  await clock.advance(5000);
  t.deepEqual(begun(), ['collect', 'vacuum', 'collect']);
  t.true((await beats()) > before);
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('closing while a job waits for its turn begins nothing more', async (t) => {
  const { clock, threads, run, begun } = await bench(t, '2026-01-15T02:56:00.000Z', [
    'collect',
    'vacuum',
  ]);
  const runner = run();
  await clock.advance(5 * MINUTE);
  const closing = runner.close();
  threads.end({ status: 'partial' });
  await closing;
  t.deepEqual(begun(), ['collect']);
});

test('paused: nothing starts, it is said once, and what was missed runs once at the end', async (t) => {
  const { clock, store, threads, run, begun, said } = await bench(t, '2026-01-15T12:07:00.000Z', [
    'collect',
  ]);
  await store.pause('the disk is full');
  const runner = run();
  await clock.advance(HOUR);
  t.deepEqual(begun(), []);
  t.is(said('collection is paused'), 1);
  await store.resume();
  await clock.advance(1000);
  t.deepEqual(begun(), ['collect']);
  t.is(said('collection goes on'), 1);
  threads.end({ status: 'succeeded' });
  await clock.advance(10_000);
  t.is(begun().length, 1);
  await runner.close();
});

test('a pause between two slots costs none, and ends with no run of its own', async (t) => {
  const { clock, store, threads, run, begun } = await bench(t, '2026-01-15T12:07:00.000Z', [
    'collect',
  ]);
  const runner = run();
  await clock.advance(5000);
  await store.pause('');
  await clock.advance(5 * MINUTE);
  t.deepEqual(threads.cancelled, [], 'the running cycle finishes');
  threads.end({ status: 'succeeded' });
  await store.resume();
  await clock.advance(MINUTE);
  t.is(begun().length, 1);
  await clock.advance(17 * MINUTE);
  t.is(begun().length, 2); // 12:30
  threads.end({ status: 'succeeded' });
  await runner.close();
});

test('a store that cannot say whether it is paused holds nothing up', async (t) => {
  const { clock, store, threads, run, begun } = await bench(t, '2026-01-15T12:07:00.000Z', [
    'collect',
  ]);
  store.pauseState = () => Promise.reject(new AppError('store_unreachable', 'gone'));
  const runner = run();
  await clock.advance(5000);
  t.deepEqual(begun(), ['collect']);
  threads.end({ status: 'failed', reason: 'store_unreachable' });
  await runner.close();
});
