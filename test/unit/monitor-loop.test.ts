import test from 'ava';
import { initialState, type Policy, type State } from '../../monitor/decide.js';
import { type LoopOptions, runLoop } from '../../monitor/loop.js';
import type { Notice } from '../../monitor/notice.js';
import type { Outcome } from '../../monitor/observation.js';
import { createLog } from '../../src/log.js';
import { ManualClock } from '../support/clock.js';
import { answered, noAnswer, observation } from '../support/observations.js';

const policy: Policy = {
  failures: 3,
  recoveries: 2,
  graceMs: 0,
  maxRestarts: 3,
  restartWindowMs: 900_000,
  memoryLimitMb: 500,
};

/** A loop over a fake world, whose parts a test replaces. */
async function world(changes: Partial<LoopOptions> = {}) {
  const clock = new ManualClock();
  const events: string[] = [];
  const notices: Notice[] = [];
  const lines: string[] = [];
  const sky: { outcome: Outcome; saved: State[] } = { outcome: answered(), saved: [] };
  const log = await createLog(
    'monitor',
    { nodeEnv: 'production', logLevel: 'info' },
    {},
    {
      write: (line: string) => void lines.push(line),
    },
  );
  const options: LoopOptions = {
    observe: async () => {
      events.push(`look ${clock.monotonic()}`);
      return observation(clock.monotonic(), sky.outcome);
    },
    supervisor: { restart: async (name) => void events.push(`restart ${name}`) },
    notifier: {
      notify: async (notice) => {
        notices.push(notice);
        events.push(notice.kind);
      },
    },
    policy,
    intervalMs: 15_000,
    clock,
    log,
    save: async (state) => {
      sky.saved.push(state);
    },
    dryRun: false,
    ...changes,
  };
  const abort = new AbortController();
  const done = runLoop(options, initialState(clock.monotonic(), policy), abort.signal);
  return { clock, events, notices, lines, sky, abort, done };
}

test('it looks at once and then each interval, and ends at once on abort', async (t) => {
  const { clock, events, abort, done } = await world();
  await clock.advance(45_000);
  t.deepEqual(events, ['look 0', 'look 15000', 'look 30000', 'look 45000']);
  abort.abort();
  await done;
  t.is(clock.sleeping, 0);
});

test('a slow look delays the next one instead of overlapping it', async (t) => {
  const clock = new ManualClock();
  let running = 0;
  let most = 0;
  const { abort, done } = await world({
    clock,
    observe: async () => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(40_000);
      running -= 1;
      return observation(clock.monotonic());
    },
  });
  await clock.advance(200_000);
  t.is(most, 1);
  abort.abort();
  await done;
});

test('abort in the middle of a look or a restart ends it at once', async (t) => {
  const looking = await world({ observe: () => new Promise(() => undefined) });
  looking.abort.abort();
  await looking.done;

  const restarting = await world({
    supervisor: { restart: () => new Promise(() => undefined) },
  });
  restarting.sky.outcome = noAnswer();
  await restarting.clock.advance(60_000);
  restarting.abort.abort();
  await restarting.done;
  t.pass();
});

test('an outage: saved before it acts, told before it restarts, recovery told', async (t) => {
  const { clock, events, notices, sky, lines, abort, done } = await world();
  await clock.advance(1);
  sky.outcome = noAnswer();
  await clock.advance(45_000);
  const at = events.indexOf('restart api');
  t.is(events[at - 1], 'alert');
  t.is(sky.saved.at(-1)?.processes.api?.restarts.length, 1);
  sky.outcome = answered();
  await clock.advance(45_000);
  t.deepEqual(
    notices.map((one) => one.kind),
    ['alert', 'recovery'],
  );
  t.true(lines.some((line) => line.includes('restarting api')));
  abort.abort();
  await done;
});

test('a restart that fails is logged, and watching goes on', async (t) => {
  const { clock, events, sky, lines, abort, done } = await world({
    supervisor: { restart: async () => Promise.reject(new Error('PM2 said no')) },
  });
  sky.outcome = noAnswer();
  await clock.advance(60_000);
  t.true(
    lines.some((line) => line.includes('could not be restarted') && line.includes('PM2 said no')),
  );
  t.true(events.filter((one) => one.startsWith('look')).length >= 4);
  abort.abort();
  await done;
});

test('a dry run tells what it would do and restarts nothing', async (t) => {
  const { clock, events, sky, lines, abort, done } = await world({ dryRun: true });
  sky.outcome = noAnswer();
  await clock.advance(60_000);
  t.false(events.includes('restart api'));
  t.true(lines.some((line) => line.includes('would restart api')));
  abort.abort();
  await done;
});

test('the grace after a restart is counted from when it has been made', async (t) => {
  const clock = new ManualClock();
  const calls: number[] = [];
  const { abort, done, sky } = await world({
    clock,
    policy: { ...policy, graceMs: 30_000 },
    observe: async () => observation(clock.monotonic(), noAnswer()),
    supervisor: {
      restart: async () => {
        calls.push(clock.monotonic());
        await clock.sleep(40_000);
      },
    },
  });
  t.truthy(sky);
  await clock.advance(200_000);
  const [first = 0, second = 0] = calls;
  t.true(second - first >= 40_000 + 30_000 + 2 * 15_000, `${first} and ${second}`);
  abort.abort();
  await done;
});

test('memory is logged once a minute, what is seen when it changes', async (t) => {
  const { clock, lines, abort, done } = await world();
  await clock.advance(120_000);
  t.is(lines.filter((line) => line.includes('memory of PM2 processes')).length, 3);
  t.is(lines.filter((line) => line.includes('the API is healthy')).length, 1);
  abort.abort();
  await done;
});
