import test from 'ava';
import type { ProcessSample } from '../../monitor/observe/observation.js';
import { decide } from '../../monitor/rules/decide.js';
import { initialState } from '../../monitor/rules/state.js';
import { type Look, notices, play, policy, restarts, times } from '../support/monitor-play.js';
import { answered, managed, observation } from '../support/observations.js';

/** What PM2 is asked for by people: several instances, reloads, and what is deleted. */
const told = (looks: Look[]) =>
  notices(play(looks).actions).map(({ kind, subject, cause }) => `${kind} ${subject} ${cause}`);

/** PM2 counts a reload as a restart of each instance. */
const cluster = (restarts: number, askedAt: number, ...first: Partial<ProcessSample>[]) => [
  ...[0, 1, 2, 3].map((one) =>
    managed('api', { pid: 100 + one, pmId: one, restarts, askedAt, ...first[one] }),
  ),
  managed('jobs'),
];

test('a reload of four instances is no crash loop; as many crashes are', (t) => {
  const before: Look = { processes: cluster(0, 1000) };
  t.deepEqual(told([before, ...times(30, { processes: cluster(1, 2000) })]), []);
  t.deepEqual(told([before, ...times(10, { processes: cluster(1, 1000) })]), [
    'alert process.api crash_loop',
  ]);
});

test('an instance that PM2 has given up is told though the others serve, and they are left alone', (t) => {
  const dead = { pid: 0, status: 'errored', exitCode: 1 };
  const looks = times(10, { processes: cluster(0, 1, dead) });
  t.deepEqual(told(looks), ['alert process.api given_up']);
  t.deepEqual(restarts(play(looks).actions), []);
});

test('one of several that is stopped by hand says nothing, and keeps no incident open', (t) => {
  const stopped = { pid: 0, status: 'stopped', exitCode: 0 };
  const dead = { pid: 0, status: 'errored', exitCode: 1 };
  const looks = [
    ...times(10, { processes: cluster(0, 1, dead) }),
    ...times(4, { processes: cluster(0, 1, stopped) }),
  ];
  t.deepEqual(told(looks), ['alert process.api given_up', 'recovery process.api given_up']);
});

test('a leak is over when PM2 does not list the process any more', (t) => {
  let state = initialState(0, policy);
  const heard = [];
  for (let minute = 1; minute <= 120; minute += 1) {
    const processes = [managed('api'), managed('monitor')];
    if (minute <= 80) processes.push(managed('jobs', { memoryMb: 250 + 2.5 * minute }));
    const decision = decide(state, observation(minute * 60_000, answered(), processes), policy);
    state = decision.state;
    heard.push(...notices([decision.actions]));
  }
  t.deepEqual(
    heard.map(({ kind, subject }) => `${kind} ${subject}`),
    ['warning leak.jobs', 'recovery leak.jobs'],
  );
});

test('another api that answers in the place of ours gets ours no restart', (t) => {
  const fat = answered('unhealthy', [{ code: 'memory_over_limit', restartWouldHelp: true }]);
  const looks = times(5, { outcome: fat, processes: [managed('api', { pid: 101 })] });
  t.deepEqual(told(looks), ['alert api memory_over_limit']);
  t.deepEqual(restarts(play(looks).actions), []);
});

test('a restart of what PM2 had given up is judged by what comes after it', (t) => {
  const crashing = Array.from({ length: 6 }, (_, index) => ({
    processes: [managed('jobs', { pid: 200 + index, restarts: index, exitCode: 1 })],
  }));
  const errored = { pid: 0, status: 'errored', exitCode: 1, restarts: 6 };
  const up = managed('jobs', { pid: 300, restarts: 7, askedAt: 2000 });
  const { actions } = play([
    ...crashing,
    ...times(4, { processes: [managed('jobs', errored)] }),
    ...times(30, { processes: [up] }),
  ]);
  t.is(restarts(actions).length, 1);
  const judged = actions
    .flat()
    .flatMap((one) =>
      one.kind === 'record' && one.entry.event === 'judged' ? one.entry.text : [],
    );
  t.true(judged.length > 0 && judged.every((text) => text.endsWith(': fixed')), judged.join('\n'));
});
