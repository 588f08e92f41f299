import test from 'ava';
import type { Silence } from '../../monitor/observe/observation.js';
import { type Look, notices, play, restarts, times, well } from '../support/monitor-play.js';
import { answered, managed, noAnswer } from '../support/observations.js';

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

test('a suspended api is escalated once, and not as an api that does not answer besides', (t) => {
  const stuck: Look = {
    outcome: noAnswer(),
    processes: [managed('api', { life: 'suspended' }), managed('jobs'), managed('monitor')],
  };
  t.deepEqual(told(times(100, stuck)), ['alert process.api', 'escalation process.api']);
});

test('a PM2 that has been away for long does not hide that the api fails today', (t) => {
  for (const [pause, heard] of [
    [0, ['alert pm2']],
    [110, ['alert pm2', 'reminder pm2']],
    [200, ['alert pm2', 'reminder pm2', 'alert api']],
  ] as const) {
    const looks: Look[] = [
      ...times(pause, { outcome: answered(), processes: null }),
      ...times(20, { outcome: noAnswer('refused'), processes: null }),
    ];
    t.deepEqual(told(looks), heard);
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
