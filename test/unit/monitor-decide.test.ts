import test from 'ava';
import type { Action } from '../../monitor/rules/action.js';
import { decide } from '../../monitor/rules/decide.js';
import { restarted } from '../../monitor/rules/restarts.js';
import { initialState } from '../../monitor/rules/state.js';
import type { Observation } from '../../monitor/observe/observation.js';
import {
  hung,
  INTERVAL,
  notices,
  play,
  policy,
  records,
  restarts,
  restartTimes,
  times,
  well,
} from '../support/monitor-play.js';
import { answered, managed, noAnswer, observation } from '../support/observations.js';

const down = answered('unhealthy', [{ code: 'database_unreachable' }]);

test('a silent api is restarted at the third failure, told once, and its recovery is told', (t) => {
  const { actions } = play([well, hung, hung, hung, well, well, well]);
  t.deepEqual(actions.slice(0, 3), [[], [], []]);
  t.is(actions[3]?.length, 3);
  t.like(actions[3]?.[0], { kind: 'record', entry: { event: 'opened' } });
  t.like(actions[3]?.[2], { kind: 'restart', process: 'api', cause: 'timeout', budgetLeft: 2 });
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

test('two failures, now and then: nothing happens', (t) => {
  const { actions } = play(times(6, [hung, hung, ...times(10, well)]).flat());
  t.deepEqual(actions.flat(), []);
});

test('flapping every look for ten minutes: one incident that says so, and no restart', (t) => {
  const { actions } = play([...times(20, [hung, well]).flat(), ...times(20, well)]);
  const [warning, recovery, ...more] = notices(actions);
  t.like(warning, { kind: 'alert', subject: 'api', cause: 'flapping' });
  t.regex(warning?.what ?? '', /^api changed 6 times within the last 7 looks; now the API/);
  t.is(recovery?.kind, 'recovery');
  t.deepEqual([more, restarts(actions)], [[], []]);
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

test('restarts judged twice not to have fixed it: one escalation, and no third', (t) => {
  const { actions } = play(times(200, hung)); // 50 minutes, well over the window
  t.is(restarts(actions).length, 2);
  const told = notices(actions).filter(({ kind }) => kind !== 'reminder');
  t.deepEqual(
    told.map((one) => one.kind),
    ['alert', 'escalation'],
  );
  t.is(told[0]?.incident, told[1]?.incident);
  t.is(told[1]?.action, 'no further restart: 2 restarts did not fix it; it needs a human');
  t.deepEqual(
    records(actions, 'judged').map(({ text }) => text.replace(/at \S+,/, 'at …,')),
    [60, 60, 300].map(
      (seconds) =>
        `the restart of api at …, judged after ${seconds === 60 ? '60 s' : '5 min'}: not fixed`,
    ),
  );
});

test('restarts that help and recur spend the budget: no fourth, one escalation', (t) => {
  const outage = [...times(5, hung), well, well, well];
  const { actions, state } = play(times(9, outage).flat());
  t.is(restarts(actions).length, 3);
  const kinds = notices(actions).map((one) => one.kind);
  t.is(kinds.filter((kind) => kind === 'escalation').length, 1);
  t.is(state.watches.api?.incident?.escalated, true, 'which monitor-state.json shows');
  const judged = records(actions, 'judged').map(({ text }) => text.split(': ').at(-1));
  t.deepEqual(judged.slice(0, 2), ['fixed', 'recurred']);
});

test('the second restart waits longer than the first, the third longer still', (t) => {
  const made = restartTimes([...times(60, hung)], { ...policy, maxRestarts: 5 });
  t.deepEqual(made.length, 2, 'judged twice as not fixed');
  // Three failures after its grace at the earliest.
  t.true((made[1] ?? 0) - (made[0] ?? 0) >= 60_000);
  const recurring = [...times(3, hung), ...times(4, well)];
  const again = restartTimes(times(20, recurring).flat(), {
    ...policy,
    maxRestarts: 5,
    restartWindowMs: 3_600_000,
  });
  const gaps = again.slice(1).map((at, index) => at - (again[index] ?? 0));
  for (const [index, gap] of gaps.slice(0, 3).entries())
    t.true(gap >= 30_000 * 2 ** (index + 1), gaps.join(', '));
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

test('PM2 unreachable: told before what it explains; the api goes on being probed', (t) => {
  const { actions } = play([
    ...times(3, { outcome: noAnswer('refused'), processes: null }),
    well,
    well,
  ]);
  const told = notices(actions);
  t.deepEqual(
    told.map((one) => [one.kind, one.subject]),
    [
      ['alert', 'pm2'],
      ['recovery', 'pm2'],
    ],
  );
  t.deepEqual(told[0]?.also, ['the API does not answer: test: refused']);
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

test('flapping after an outage stays one incident until it has been quiet for a while', (t) => {
  const { actions } = play([
    ...times(3, { outcome: down }),
    ...times(20, [well, { outcome: down }]).flat(),
    ...times(20, well),
  ]);
  t.deepEqual(
    notices(actions).map((one) => one.kind),
    ['alert', 'recovery'],
  );
});

test('a process that is replaced at every look is left to PM2: a crash loop', (t) => {
  const looks = Array.from({ length: 30 }, (_, index) => ({
    outcome: noAnswer('refused'),
    processes: [managed('api', { pid: 1000 + index, restarts: index, exitCode: 1 })],
  }));
  const { actions } = play([...looks, ...times(60, well)]);
  t.deepEqual(restarts(actions), []);
  const told = notices(actions).map(({ kind, subject, cause }) => [kind, subject, cause]);
  t.deepEqual(told.at(-2)?.slice(1), ['api', 'refused']);
  t.deepEqual(told.at(-1)?.slice(1), ['process.api', 'crash_loop']);
});

test('too much memory and no answer at once: one restart, not two', (t) => {
  const { actions } = play(
    times(3, { outcome: noAnswer(), processes: [managed('api', { memoryMb: 501 })] }),
  );
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
