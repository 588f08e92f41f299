import test from 'ava';
import type { JournalEntry } from '../../monitor/records/journal-entry.js';
import type { Policy } from '../../monitor/rules/policy.js';
import { initialState, type State } from '../../monitor/rules/state.js';
import { type LoopOptions, runLoop } from '../../monitor/loop.js';
import type { Notice } from '../../monitor/notify/notice.js';
import type { Outcome, ProcessSample } from '../../monitor/observe/observation.js';
import { createLog } from '../../src/log.js';
import { ManualClock } from '../support/clock.js';
import { policy as defaults } from '../support/monitor-play.js';
import { answered, managed, noAnswer, observation } from '../support/observations.js';

const policy: Policy = {
  ...defaults,
  failures: 3,
  recoveries: 2,
  graceMs: 0,
  maxRestarts: 3,
  restartWindowMs: 900_000,
};

/** A loop over a fake world, whose parts a test replaces. */
async function world(changes: Partial<LoopOptions> = {}) {
  const clock = new ManualClock();
  const events: string[] = [];
  const notices: Notice[] = [];
  const lines: string[] = [];
  const journal: JournalEntry[] = [];
  const sky: { outcome: Outcome; processes?: ProcessSample[]; saved: State[] } = {
    ...{ outcome: answered(), saved: [] },
  };
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
      return observation(clock.monotonic(), sky.outcome, sky.processes);
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
    journal: { append: async (entries) => void journal.push(...entries) },
    examine: async () => ({ place: null, text: 'nothing to find' }),
    looked: async () => undefined,
    made: () => undefined,
    dryRun: false,
    ...changes,
  };
  const abort = new AbortController();
  const done = runLoop(options, initialState(clock.monotonic(), policy), abort.signal);
  return { clock, events, notices, lines, journal, sky, abort, done };
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

test('a hung api: where it hangs is looked up first, and stands in alert, journal and recovery', async (t) => {
  const { clock, events, notices, sky, journal, abort, done } = await world({
    examine: async ({ hangs, process }) => {
      events.push(`examine ${process}`);
      return { place: hangs ? 'spin (x.js:12)' : null, text: 'hung in spin (x.js:12)' };
    },
  });
  await clock.advance(1);
  sky.outcome = noAnswer();
  await clock.advance(45_000);
  t.deepEqual(
    events.filter((one) => !one.startsWith('look')),
    ['examine api', 'alert', 'restart api'],
  );
  sky.outcome = answered();
  await clock.advance(90_000);
  t.deepEqual(
    notices.map(({ kind, place }) => [kind, place]),
    [
      ['alert', 'spin (x.js:12)'],
      ['recovery', 'spin (x.js:12)'],
    ],
  );
  t.deepEqual(
    journal.map(({ event }) => event),
    ['evidence', 'opened', 'alert', 'restart', 'restarted', 'recovery', 'closed', 'judged'],
  );
  const [first] = journal.filter(({ event }) => event === 'alert');
  t.is(first?.observation?.outcome.kind, 'no_answer', 'with what led to it');
  t.is(new Set(journal.map(({ incident }) => incident)).size, 1);
  abort.abort();
  await done;
});

test('two troubles at once: both are told before the first restart is made', async (t) => {
  const { clock, events, sky, abort, done } = await world();
  await clock.advance(1);
  sky.outcome = noAnswer();
  sky.processes = [managed('api'), managed('jobs', { life: 'suspended' })];
  await clock.advance(45_000);
  t.deepEqual(
    events.filter((one) => !one.startsWith('look')),
    ['alert', 'alert', 'restart jobs', 'restart api'],
  );
  abort.abort();
  await done;
});

test('the wall clock jumps a day ahead and an hour back: no restart, no alert twice', async (t) => {
  const { clock, notices, events, sky, abort, done } = await world();
  sky.outcome = answered('unhealthy', [{ code: 'database_unreachable', severity: 'critical' }]);
  await clock.advance(60_000);
  clock.jumpTo(clock.now() + 86_400_000);
  await clock.advance(60_000);
  clock.jumpTo(clock.now() - 90_000_000);
  await clock.advance(60_000);
  sky.outcome = answered();
  await clock.advance(60_000);
  t.deepEqual(
    notices.map(({ kind, durationMs }) => [kind, durationMs]),
    [
      ['alert', null],
      ['recovery', 195_000],
    ],
  );
  t.false(events.some((one) => one.startsWith('restart')));
  abort.abort();
  await done;
});

test('told to end while it looks where the api hangs: who comes next tells it and keeps the budget', async (t) => {
  const { clock, notices, sky, abort, done } = await world({
    examine: () => new Promise(() => undefined),
  });
  await clock.advance(1);
  sky.outcome = noAnswer();
  await clock.advance(45_000);
  abort.abort();
  await done;
  t.deepEqual(notices, []);
  const left = sky.saved.at(-1);
  t.is(left?.processes.api?.restarts.length, 1);
  t.is(left?.watches.api?.incident?.told, null);
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
