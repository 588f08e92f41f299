import test from 'ava';
import {
  type Action,
  decide,
  initialState,
  type Notice,
  type Policy,
  restarted,
  type State,
} from '../../monitor/decide.js';
import type { Observation, Outcome, ProcessSample } from '../../monitor/observation.js';
import { answered, managed, noAnswer, observation } from '../support/observations.js';

const MINUTE = 60_000;
const INTERVAL = 15_000;
const policy: Policy = {
  failures: 3,
  recoveries: 2,
  graceMs: 30_000,
  maxRestarts: 3,
  restartWindowMs: 15 * MINUTE,
  memoryLimitMb: 500,
};

interface Look {
  outcome?: Outcome;
  processes?: ProcessSample[] | null;
}

/** Feeds one look each interval, the first right after the monitor's own grace. */
function play(looks: Look[], rules: Policy = policy): { actions: Action[][]; state: State } {
  let state = initialState(0, rules);
  const actions = looks.map(({ outcome, processes }, index) => {
    const seen = observation(rules.graceMs + index * INTERVAL, outcome, processes);
    const decision = decide(state, seen, rules);
    state = decision.state;
    return decision.actions;
  });
  return { actions, state };
}

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);
const notices = (actions: Action[][]): Notice[] =>
  actions.flat().flatMap((one) => (one.kind === 'notify' ? [one.notice] : []));
const restarts = (actions: Action[][]) => actions.flat().filter((one) => one.kind === 'restart');

const hung: Look = { outcome: noAnswer() };
const well: Look = { outcome: answered() };

test('a silent api is restarted at the third failure, told once, and its recovery is told', (t) => {
  const { actions } = play([well, hung, hung, hung, well, well, well]);
  t.deepEqual(actions.slice(0, 3), [[], [], []]);
  t.is(actions[3]?.length, 2);
  t.like(actions[3]?.[1], { kind: 'restart', process: 'api', cause: 'timeout', budgetLeft: 2 });
  const [alert, recovery, ...more] = notices(actions);
  t.like(alert, {
    kind: 'alert',
    incident: '20260115T120045Z-api',
    since: '2026-01-15T12:00:45.000Z', // the first failing probe, not the third
    cause: 'timeout',
    action: 'restarting api through PM2',
    budgetLeft: 2,
  });
  t.like(recovery, {
    kind: 'recovery',
    incident: alert?.incident,
    cause: 'timeout',
    durationMs: 4 * INTERVAL,
    action: 'after 1 restart',
  });
  t.deepEqual(more, []);
});

test('two failures, then an answer: nothing happens, however often', (t) => {
  const { actions } = play(times(20, [hung, hung, well]).flat());
  t.deepEqual(actions.flat(), []);
});

test('failures within the grace of the start do not count', (t) => {
  let state = initialState(0, policy);
  for (const at of [0, 10_000, 20_000, 29_999]) {
    const decision = decide(state, observation(at, noAnswer()), policy);
    t.deepEqual(decision.actions, []);
    state = decision.state;
  }
  t.is(state.watches.api?.failures, 0);
});

test('after a restart its grace begins when the restart has been made', (t) => {
  const { state } = play([hung, hung, hung]);
  const made = restarted(state, 'api', 100_000, policy);
  const early = decide(made, observation(129_999, noAnswer()), policy);
  t.is(early.state.watches.api?.failures, 0);
  const late = decide(made, observation(130_000, noAnswer()), policy);
  t.is(late.state.watches.api?.failures, 1);
});

test('the budget used up: one escalation, and no further restart in this incident', (t) => {
  const { actions } = play(times(200, hung)); // 50 minutes, well over the window
  t.is(restarts(actions).length, 3);
  const told = notices(actions);
  t.deepEqual(
    told.map((one) => one.kind),
    ['alert', 'escalation'],
  );
  t.is(told[0]?.incident, told[1]?.incident);
  t.regex(told[1]?.action ?? '', /3 restarts within 15 minutes did not cure it; it needs a human/);
});

test('restarts that help and recur spend the same budget', (t) => {
  const outage = [...times(5, hung), well, well, well];
  const { actions } = play(times(4, outage).flat());
  t.is(restarts(actions).length, 3);
  const kinds = notices(actions).map((one) => one.kind);
  t.deepEqual(kinds, [
    ...times(3, ['alert', 'recovery']).flat(),
    'escalation', // opens the fourth incident: still one word per incident
    'recovery',
  ]);
});

test('a window later there is budget again', (t) => {
  const outage = [...times(3, hung), ...times(63, well)]; // about 16 minutes
  const { actions } = play(times(5, outage).flat());
  t.is(restarts(actions).length, 5);
});

test('MONITOR_MAX_RESTARTS=0 never restarts and says so', (t) => {
  const { actions } = play(times(10, hung), { ...policy, maxRestarts: 0 });
  t.deepEqual(restarts(actions), []);
  t.like(notices(actions), [{ kind: 'escalation' }]);
  t.regex(notices(actions)[0]?.action ?? '', /MONITOR_MAX_RESTARTS is 0/);
});

const down = answered('unhealthy', [{ code: 'database_unreachable', message: 'refused' }]);
const stale = answered('unhealthy', [{ code: 'data_stale' }]);
const fat = answered('unhealthy', [{ code: 'memory_over_limit', restartWouldHelp: true }]);
const fatAndDown = answered('unhealthy', [
  { code: 'memory_over_limit', restartWouldHelp: true },
  { code: 'database_unreachable' },
]);
const fatAndOldGap = answered('unhealthy', [
  { code: 'memory_over_limit', restartWouldHelp: true },
  { code: 'gap_open', severity: 'degraded' },
]);
const big = [managed('api', { memoryMb: 501 }), managed('jobs'), managed('monitor')];
const api = (changes: Partial<ProcessSample>) => [managed('api', changes)];

const table: { title: string; look: Look; cause: string; subject?: string; restart: boolean }[] = [
  { title: 'no answer in time', look: hung, cause: 'timeout', restart: true },
  {
    title: 'nobody listens',
    look: { outcome: noAnswer('refused') },
    cause: 'refused',
    restart: true,
  },
  {
    title: 'connection cut',
    look: { outcome: noAnswer('broken') },
    cause: 'broken',
    restart: true,
  },
  {
    title: '500 without a report',
    look: { outcome: noAnswer('server_error') },
    cause: 'server_error',
    restart: true,
  },
  {
    title: 'another program answers',
    look: { outcome: noAnswer('foreign') },
    cause: 'foreign',
    restart: false,
  },
  {
    title: 'database down',
    look: { outcome: down },
    cause: 'database_unreachable',
    restart: false,
  },
  { title: 'stale data', look: { outcome: stale }, cause: 'data_stale', restart: false },
  {
    title: 'unhealthy without a cause',
    look: { outcome: answered('unhealthy') },
    cause: 'unhealthy',
    restart: false,
  },
  {
    title: 'memory, says the api',
    look: { outcome: fat },
    cause: 'memory_over_limit',
    restart: true,
  },
  {
    title: 'memory, and the database is down',
    look: { outcome: fatAndDown },
    cause: 'database_unreachable',
    restart: false,
  },
  {
    title: 'memory, and a lesser cause that no restart cures',
    look: { outcome: fatAndOldGap },
    cause: 'memory_over_limit',
    restart: true,
  },
  {
    title: 'exit code 78',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 0, status: 'waiting restart', exitCode: 78 }),
    },
    cause: 'exit_78',
    restart: false,
  },
  {
    title: 'exit code 69, PM2 tries again',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 90, status: 'waiting restart', exitCode: 69, restarts: 4 }),
    },
    cause: 'exit_69',
    restart: false,
  },
  {
    title: 'crash loop, PM2 owns it',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 90, status: 'waiting restart', exitCode: 1, restarts: 4 }),
    },
    cause: 'crash_loop',
    restart: false,
  },
  {
    title: 'stopped by hand',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 0, status: 'stopped', exitCode: 0 }),
    },
    cause: 'stopped',
    restart: false,
  },
  {
    title: 'PM2 has given up',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 0, status: 'errored', exitCode: 1 }),
    },
    cause: 'given_up',
    restart: true,
  },
  {
    title: 'PM2 has no api',
    look: { outcome: noAnswer('refused'), processes: [managed('jobs')] },
    cause: 'refused',
    restart: false,
  },
  {
    title: 'memory of the api, measured',
    look: { processes: big },
    cause: 'memory_over_limit',
    subject: 'memory.api',
    restart: true,
  },
  {
    title: 'memory of the api, measured, and the database is down',
    look: { outcome: down, processes: big },
    cause: 'memory_over_limit',
    subject: 'memory.api',
    restart: false,
  },
  {
    title: 'memory of the monitor itself',
    look: { processes: [managed('api'), managed('monitor', { memoryMb: 800 })] },
    cause: 'memory_over_limit',
    subject: 'memory.monitor',
    restart: false,
  },
  {
    title: 'jobs ended with 69',
    look: {
      processes: [managed('api'), managed('jobs', { status: 'waiting restart', exitCode: 69 })],
    },
    cause: 'exit_69',
    subject: 'process.jobs',
    restart: false,
  },
  {
    title: 'PM2 has given up on jobs',
    look: {
      processes: [managed('api'), managed('jobs', { pid: 0, status: 'errored', exitCode: 1 })],
    },
    cause: 'given_up',
    subject: 'process.jobs',
    restart: true,
  },
];

for (const { title, look, cause, subject = 'api', restart } of table) {
  test(`${title}: ${restart ? 'restart' : 'alert, no restart'}`, (t) => {
    const { actions } = play(times(3, look));
    const told = notices(actions).filter((one) => one.subject === subject);
    t.like(told, [{ kind: 'alert', cause }]);
    t.is(told.length, 1);
    const done = restarts(actions);
    t.is(done.length, restart ? 1 : 0);
    if (!restart) {
      t.regex(told[0]?.action ?? '', /^no restart: ./, 'it says why');
      t.deepEqual(restarts(play(times(100, look)).actions), []);
    }
  });
}

test('PM2 unreachable: told before what it explains; the api goes on being probed', (t) => {
  const { actions } = play([
    ...times(3, { outcome: noAnswer('refused'), processes: null }),
    well,
    well,
  ]);
  t.deepEqual(
    notices(actions).map((one) => [one.kind, one.subject]),
    [
      ['alert', 'pm2'],
      ['alert', 'api'],
      ['recovery', 'pm2'],
      ['recovery', 'api'],
    ],
  );
  t.deepEqual(restarts(actions), []);
});

test('degraded: one warning with its causes after three probes, and its end', (t) => {
  const degraded = answered('degraded', [{ code: 'gap_open', message: '1 gap in aws' }]);
  const { actions } = play([...times(10, { outcome: degraded }), well, well]);
  const [warning, recovery, ...more] = notices(actions);
  t.like(warning, { kind: 'warning', subject: 'api.degraded', cause: 'gap_open' });
  t.regex(warning?.what ?? '', /gap_open \(1 gap in aws\)/);
  t.is(recovery?.kind, 'recovery');
  t.deepEqual([more, restarts(actions)], [[], []]);
});

test('flapping after an outage stays one incident until two successes in a row', (t) => {
  const { actions } = play([
    ...times(3, { outcome: down }),
    ...times(20, [well, { outcome: down }]).flat(),
    well,
    well,
  ]);
  t.deepEqual(
    notices(actions).map((one) => one.kind),
    ['alert', 'recovery'],
  );
});

test('a process that is replaced at every look is left to PM2', (t) => {
  const looks = Array.from({ length: 30 }, (_, index) => ({
    outcome: noAnswer('refused'),
    processes: api({ pid: 1000 + index, restarts: index }),
  }));
  const { actions } = play(looks);
  t.deepEqual(restarts(actions), []);
  t.like(notices(actions), [
    { action: 'no restart yet: its process is new, PM2 may be restarting it' },
  ]);
});

test('too much memory and no answer at once: one restart, not two', (t) => {
  const { actions } = play(times(3, { outcome: noAnswer(), processes: big }));
  t.is(restarts(actions).length, 1);
});

test('the wall clock decides nothing: a day ahead, an hour back', (t) => {
  let state = initialState(0, policy);
  const acted: Action[] = [];
  for (let index = 0; index < 40; index += 1) {
    const seen: Observation = observation(30_000 + index * INTERVAL);
    const jump = index < 10 ? 0 : index < 20 ? 86_400_000 : -3_600_000;
    seen.time = new Date(Date.parse(seen.time) + jump).toISOString();
    const decision = decide(state, seen, policy);
    state = decision.state;
    acted.push(...decision.actions);
  }
  t.deepEqual(acted, []);
});

test('deciding changes nothing in place', (t) => {
  const { state } = play([hung, hung]);
  const before = structuredClone(state);
  decide(state, observation(90_000, noAnswer()), policy);
  t.deepEqual(state, before);
});
