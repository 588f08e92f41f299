import test from 'ava';
import type { ProcessSample } from '../../monitor/observe/observation.js';
import { hung, type Look, notices, play, restarts, times } from '../support/monitor-play.js';
import { answered, managed, noAnswer } from '../support/observations.js';

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
    cause: 'port_taken',
    restart: false,
  },
  {
    title: 'database down',
    look: { outcome: down },
    cause: 'database_unreachable',
    restart: false,
  },
  {
    title: 'jobs lives and does not report',
    look: {
      outcome: answered('healthy', [{ code: 'jobs_silent', severity: 'warning' }]),
      processes: [managed('api'), managed('jobs'), managed('monitor')],
    },
    cause: 'jobs_silent',
    subject: 'process.jobs',
    restart: true,
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
    subject: 'process.api',
    restart: false,
  },
  {
    title: 'exit code 69, PM2 tries again',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 90, status: 'waiting restart', exitCode: 69, restarts: 4 }),
    },
    cause: 'exit_69',
    subject: 'process.api',
    restart: false,
  },
  {
    title: 'exit code 69, and PM2 calls online what is still trying',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ status: 'online', exitCode: 69, upMs: 30_000, restarts: 4 }),
    },
    cause: 'exit_69',
    subject: 'process.api',
    restart: false,
  },
  {
    title: 'refused, and 69 was its last exit code long ago',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ status: 'online', exitCode: 69, upMs: 3_600_000, restarts: 4 }),
    },
    cause: 'refused',
    restart: true,
  },
  {
    title: 'hung, and 69 was its last exit code long ago',
    look: { outcome: noAnswer('timeout'), processes: api({ exitCode: 69, restarts: 4 }) },
    cause: 'timeout',
    restart: true,
  },
  {
    title: 'started without its store (START_DEGRADED)',
    look: {
      outcome: answered('unhealthy', [
        {
          code: 'database_unreachable',
          severity: 'critical',
          message:
            'The database does not answer (store_busy: it is locked by another process); it did not answer when asked',
        },
        { code: 'collection_off', severity: 'info' },
      ]),
    },
    cause: 'database_unreachable',
    restart: false,
  },
  {
    title: 'between two attempts of PM2',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 90, status: 'waiting restart', exitCode: 1, restarts: 4 }),
    },
    cause: 'refused',
    restart: false,
  },
  {
    title: 'stopped by hand',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 0, status: 'stopped', exitCode: 0 }),
    },
    cause: 'stopped',
    subject: 'process.api',
    restart: false,
  },
  {
    title: 'PM2 has given up',
    look: {
      outcome: noAnswer('refused'),
      processes: api({ pid: 0, status: 'errored', exitCode: 1 }),
    },
    cause: 'given_up',
    subject: 'process.api',
    restart: true,
  },
  {
    title: 'suspended by a signal',
    look: { outcome: noAnswer('timeout'), processes: api({ life: 'suspended' }) },
    cause: 'suspended',
    subject: 'process.api',
    restart: true,
  },
  {
    title: 'online says PM2, and its process does not exist',
    look: { outcome: noAnswer('refused'), processes: api({ life: 'gone' }) },
    cause: 'process_gone',
    subject: 'process.api',
    restart: true,
  },
  {
    title: 'jobs suspended by a signal',
    look: { processes: [managed('api'), managed('jobs', { life: 'suspended' })] },
    cause: 'suspended',
    subject: 'process.jobs',
    restart: true,
  },
  {
    title: 'the monitor of another PM2 entry suspended',
    look: { processes: [managed('api'), managed('monitor', { life: 'suspended' })] },
    cause: 'suspended',
    subject: 'process.monitor',
    restart: false,
  },
  {
    title: 'jobs ended with 78',
    look: {
      processes: [
        managed('api'),
        managed('jobs', { pid: 0, status: 'stopped', exitCode: 78, lastWords: 'SUBREDDITS is x' }),
      ],
    },
    cause: 'exit_78',
    subject: 'process.jobs',
    restart: false,
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

const silentJobs = answered('healthy', [{ code: 'jobs_silent', severity: 'warning' }]);
for (const [what, processes] of [
  ['that PM2 does not list', [managed('api'), managed('monitor')]],
  ['that PM2 is starting', [managed('api'), managed('jobs', { status: 'launching' })]],
] as const) {
  test(`a silent runner ${what} is no trouble of the monitor's`, (t) => {
    const { actions } = play(times(6, { outcome: silentJobs, processes: [...processes] }));
    t.deepEqual(notices(actions), []);
    t.deepEqual(restarts(actions), []);
  });
}
