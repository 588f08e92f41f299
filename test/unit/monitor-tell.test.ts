import test from 'ava';
import type { Silence } from '../../monitor/observe/observation.js';
import {
  hung,
  type Look,
  notices,
  play,
  records,
  restarts,
  times,
  well,
} from '../support/monitor-play.js';
import { answered, managed, noAnswer } from '../support/observations.js';

const down = answered('unhealthy', [{ code: 'database_unreachable', severity: 'critical' }]);
const stale = answered('unhealthy', [{ code: 'data_stale', severity: 'critical' }]);
const kinds = (looks: Look[]) => notices(play(looks).actions).map(({ kind }) => kind);
const subjects = (looks: Look[]) =>
  notices(play(looks).actions).map(({ kind, subject }) => `${kind} ${subject}`);

test('what is explained is told when it lasts without its explanation, and not before', (t) => {
  const blind: Look = { outcome: noAnswer('refused'), processes: null };
  const { actions } = play([...times(6, blind), ...times(3, hung)]);
  t.deepEqual(
    notices(actions).map(({ kind, subject }) => `${kind} ${subject}`),
    ['alert pm2', 'recovery pm2', 'alert api'],
  );
  t.is(records(actions, 'explained').length, 1);
  t.is(restarts(actions).length, 1);
});

test('what was explained all the time ends without a word of its own', (t) => {
  const blind: Look = { outcome: noAnswer('refused'), processes: null };
  const { actions } = play([...times(6, blind), well, well]);
  t.deepEqual(
    notices(actions).map(({ kind, subject }) => `${kind} ${subject}`),
    ['alert pm2', 'recovery pm2'],
  );
  t.deepEqual(
    records(actions, 'closed').map(({ subject }) => subject),
    ['pm2', 'api'],
  );
});

test('what is explained stays so while the process that explains it is started again', (t) => {
  const api = (status: string, changes = {}) => [managed('api', { status, ...changes })];
  const refused = noAnswer('refused');
  const ended: Look = {
    outcome: refused,
    processes: api('waiting restart', { pid: 0, exitCode: 78 }),
  };
  const starting: Look = { outcome: refused, processes: api('launching', { exitCode: 78 }) };
  t.deepEqual(subjects([...times(4, ended), ...times(2, starting), ...times(3, well)]), [
    'alert process.api',
    'recovery process.api',
  ]);
});

test('PM2 is back and starts the api: that it is not up yet is no news', (t) => {
  const refused = noAnswer('refused');
  const blind: Look = { outcome: refused, processes: null };
  const starting: Look = { outcome: refused, processes: [managed('api', { status: 'launching' })] };
  t.deepEqual(subjects([...times(6, blind), ...times(2, starting), ...times(3, well)]), [
    'alert pm2',
    'recovery pm2',
  ]);
  t.true(subjects([...times(6, blind), ...times(3, starting)]).includes('alert api'));
});

const runner = (changes: object) => [managed('api'), managed('jobs', changes), managed('monitor')];

for (const [title, look, first, also] of [
  [
    'the database is down, and jobs ends with 69 for it',
    { outcome: down, processes: runner({ status: 'waiting restart', exitCode: 69 }) },
    'alert api',
    /^jobs ended with exit code 69/,
  ],
  [
    'jobs has hung for so long that the data are stale',
    {
      outcome: answered('unhealthy', [
        { code: 'data_stale', severity: 'critical' },
        { code: 'jobs_silent', severity: 'warning' },
      ]),
      processes: runner({}),
    },
    'alert process.jobs',
    /answers unhealthy: data_stale/,
  ],
  [
    'jobs is stopped by hand, and the data are stale',
    { outcome: stale, processes: runner({ pid: 0, status: 'stopped', exitCode: 0 }) },
    'alert process.jobs',
    /answers unhealthy: data_stale/,
  ],
  [
    'the api is suspended and uses too much memory',
    {
      outcome: noAnswer(),
      processes: [managed('api', { life: 'suspended', memoryMb: 600 }), managed('jobs')],
    },
    'alert process.api',
    /the API does not answer|api uses 600 MB/,
  ],
] as [string, Look, string, RegExp][]) {
  test(`two troubles, one alert that names first what explains the other: ${title}`, (t) => {
    const { actions } = play([...times(3, look), ...times(3, well)]);
    const told = notices(actions);
    t.is(`${told[0]?.kind} ${told[0]?.subject}`, first);
    t.is(told[0]?.also.length, first === 'alert process.api' ? 2 : 1);
    for (const sentence of told[0]?.also ?? []) t.regex(sentence, also);
    t.is(told.filter(({ kind }) => kind === 'alert').length, 1);
    t.is(told.filter(({ kind }) => kind === 'recovery').length, 1);
    t.true(restarts(actions).length <= 1);
  });
}

test('a warning keeps no alert back: little disk, and the database is away', (t) => {
  const disks = [{ path: '/data', freeMb: 300 }];
  const { actions } = play(times(3, { outcome: down, disks }));
  t.deepEqual(
    notices(actions).map(({ kind, subject }) => `${kind} ${subject}`),
    ['warning disk', 'alert api'],
  );
});

test('an incident that lasts is told again after 30 minutes, then 60, then 120', (t) => {
  const { actions } = play(times(1000, { outcome: down })); // 4 h 10 min
  const ids = notices(actions).map(({ id }) => id.split('/')[1]);
  t.deepEqual(ids, ['alert', 'reminder-1', 'reminder-2', 'reminder-3']);
  const at = actions.flatMap((some, index) =>
    some.some((one) => one.kind === 'notify') ? [index] : [],
  );
  t.deepEqual(at, [2, 122, 362, 842]);
});

const silence = (changes: Partial<Silence> = {}): Silence => ({
  ...{ until: '2026-01-15T13:00:00.000Z', subject: null, reason: 'deploy', restarts: true },
  ...changes,
});

test('what is silenced is not told, restarted all the same, and told when it lasts longer', (t) => {
  const quiet: Look = { ...hung, silences: [silence()] };
  const { actions } = play([...times(4, quiet), ...times(3, hung)]);
  t.deepEqual(
    actions
      .slice(0, 4)
      .flat()
      .filter(({ kind }) => kind === 'notify'),
    [],
  );
  t.is(records(actions, 'silenced').length, 1);
  t.is(restarts(actions).length, 1);
  t.deepEqual(
    notices(actions).map(({ kind }) => kind),
    ['alert'],
  );
});

test('a silence of another subject holds nothing back, one of all process.* does', (t) => {
  const stopped = runner({ pid: 0, status: 'stopped', exitCode: 0 });
  const look = (subject: string): Look => ({
    processes: stopped,
    silences: [silence({ subject })],
  });
  t.deepEqual(subjects(times(3, look('api'))), ['alert process.jobs']);
  t.deepEqual(subjects(times(3, look('process.jobs'))), []);
  t.deepEqual(subjects(times(3, look('process'))), []);
  t.deepEqual(subjects(times(3, look('pro'))), ['alert process.jobs']);
});

test('with --no-restarts nothing is restarted while people work on it', (t) => {
  const quiet: Look = { ...hung, silences: [silence({ restarts: false })] };
  t.deepEqual(restarts(play(times(50, quiet)).actions), []);
});

test('an outage that is over within its silence is closed without a word', (t) => {
  t.deepEqual(kinds([...times(3, { ...hung, silences: [silence()] }), well, well]), []);
});

test('an escalation in a silence is told after it', (t) => {
  const quiet: Look = { ...hung, silences: [silence()] };
  const { actions } = play([...times(60, quiet), ...times(2, hung)]);
  t.deepEqual(
    notices(actions).map(({ kind }) => kind),
    ['escalation'],
  );
});
