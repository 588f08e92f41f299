import test from 'ava';
import type { Silence } from '../../monitor/observe/observation.js';
import { decide } from '../../monitor/rules/decide.js';
import { initialState } from '../../monitor/rules/state.js';
import {
  INTERVAL,
  type Look,
  notices,
  play,
  policy,
  restarts,
  times,
  well,
} from '../support/monitor-play.js';
import { answered, managed, noAnswer, observation } from '../support/observations.js';

/** What holds a trouble back must not do so for ever. */
const told = (looks: Look[]) =>
  notices(play(looks).actions).map(({ kind, subject }) => `${kind} ${subject}`);
const silence = (changes: Partial<Silence> = {}): Silence => ({
  ...{ until: '2026-01-15T13:00:00.000Z', subject: null, reason: 'deploy', restarts: true },
  ...changes,
});
const fat = [managed('api', { memoryMb: 600 }), managed('jobs'), managed('monitor')];

test('what was given to a human explains no other trouble away: an api that then hangs is restarted', (t) => {
  const over: Look = { outcome: answered(), processes: fat };
  const hangs: Look = { outcome: noAnswer(), processes: fat };
  const { actions } = play([...times(60, over), ...times(4, hangs)]);
  const before = notices(actions.slice(0, 60)).map(({ kind }) => kind);
  t.deepEqual(before.slice(0, 2), ['alert', 'escalation']);
  const after = notices(actions.slice(60)).filter(({ subject }) => subject === 'api');
  t.is(after.length, 1);
  t.is(restarts(actions.slice(60)).length, after[0]?.kind === 'alert' ? 1 : 0);
});

test('a disk that has been low for long does not hide that the database fails', (t) => {
  const down = answered('unhealthy', [{ code: 'database_unreachable', severity: 'critical' }]);
  for (const [pause, kinds] of [
    [0, ['warning disk']],
    [110, ['warning disk', 'reminder disk']],
    [200, ['warning disk', 'reminder disk', 'alert api']],
  ] as const) {
    let state = initialState(0, policy);
    const heard = [];
    for (let look = 0; look < pause + 20; look += 1) {
      const seen = observation(policy.graceMs + look * INTERVAL, look < pause ? answered() : down);
      const host = { ...seen.host, disks: [{ path: '/data', freeMb: 900 }] };
      const decision = decide(state, { ...seen, host }, policy);
      state = decision.state;
      heard.push(...notices([decision.actions]));
    }
    t.deepEqual(
      heard.map(({ kind, subject }) => `${kind} ${subject}`),
      kinds,
    );
    if (pause === 110) t.regex(heard.at(-1)?.also.join() ?? '', /database_unreachable/);
  }
});

test('an escalation under silence takes nobody the recovery of what they were alerted of', (t) => {
  const hung: Look = { outcome: noAnswer() };
  const quiet: Look = { ...hung, silences: [silence()] };
  const heard = told([...times(4, hung), ...times(60, quiet), ...times(3, well)]);
  t.deepEqual(heard, ['alert api', 'recovery api']);
  const longer = told([...times(4, hung), ...times(60, quiet), ...times(3, hung)]);
  t.deepEqual(longer, ['alert api', 'escalation api']);
});

test('no restart where any silence forbids it, however many allow it', (t) => {
  const silences = [silence(), silence({ subject: 'api', restarts: false })];
  t.deepEqual(restarts(play(times(10, { outcome: noAnswer(), silences })).actions), []);
});

test('a silence of api without restarts is one of its process: a debugger suspends it in peace', (t) => {
  const silences = [silence({ subject: 'api', restarts: false })];
  const suspended = [managed('api', { life: 'suspended' }), managed('jobs'), managed('monitor')];
  const { actions } = play(times(10, { outcome: noAnswer(), processes: suspended, silences }));
  t.deepEqual(restarts(actions), []);
});

test('a silence of memory.api without restarts does not keep an api that hangs from one', (t) => {
  const silences = [silence({ subject: 'memory.api', restarts: false })];
  const { actions } = play(times(4, { outcome: noAnswer(), processes: fat, silences }));
  t.deepEqual(
    restarts(actions).map(({ subject }) => subject),
    ['api'],
  );
});
