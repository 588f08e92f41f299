import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { SPINNING } from './fault-orders.js';
import { type AppName, type Bed, FAILURES, INTERVAL_MS } from './monitor-bed.js';
import { must, type Row, SUBJECTS } from './monitor-rows.js';
import type { Telling } from './monitor-telling.js';
import { eventually } from './pm2.js';

async function replaced(bed: Bed, app: AppName, pid: number): Promise<void> {
  await eventually(`another ${app}`, () => bed.pid(app) !== pid);
}

/** PM2 restarts what exits: nobody else does. */
function killed(app: 'api' | 'jobs'): Row {
  return {
    name: `${app} killed`,
    async run(bed) {
      const pid = bed.pid(app);
      bed.signal(app, 'SIGKILL');
      await replaced(bed, app, pid);
      await bed.steady();
      await systemClock.sleep(5 * INTERVAL_MS);
      must(bed.starts(app).length === 2, `${bed.starts(app).length} starts`);
      return { told: {}, maybe: app === 'api' ? ['api', 'process.api'] : [SUBJECTS[app]] };
    },
  };
}

/** No debugger is asked: the kernel says that it is stopped. */
function stopped(app: 'api' | 'jobs'): Row {
  const subject = SUBJECTS[app];
  return {
    name: `${app} stopped by SIGSTOP`,
    async run(bed, telling) {
      const pid = bed.pid(app);
      bed.signal(app, 'SIGSTOP');
      await telling.told({ kind: 'alert', subject, cause: 'suspended' });
      await telling.told({ kind: 'recovery', subject });
      await replaced(bed, app, pid);
      must(!bed.alive().some((one) => one.pid === pid), 'the stopped process is still there');
      return { told: { [subject]: ['alert', 'recovery'] }, restarts: { [app]: 1 } };
    },
  };
}

const oneOfTwoStopped: Row = {
  name: 'one of two api processes stopped by SIGSTOP',
  options: { env: { API_INSTANCES: '2' } },
  async run(bed, telling) {
    const subject = 'process.api';
    await eventually('two processes', () => bed.starts('api').length === 2);
    const pid = bed.pid('api');
    bed.signal('api', 'SIGSTOP');
    await telling.told({ kind: 'alert', subject, cause: 'suspended' });
    await telling.told({ kind: 'recovery', subject });
    must(!bed.alive().some((one) => one.pid === pid), 'the stopped process is still there');
    return { told: { [subject]: ['alert', 'recovery'] }, restarts: { api: 1 } };
  },
};

/** Neither explains the other: each is told of, and each is restarted once. */
const both: Row = {
  name: 'api with a blocked event loop and jobs stopped at once',
  async run(bed, telling) {
    bed.order('api', { do: 'block', ms: 60_000 });
    bed.signal('jobs', 'SIGSTOP');
    await telling.told({ kind: 'alert', subject: 'process.jobs', cause: 'suspended' });
    const figures = await hungAndCured(telling, 'api', 'timeout');
    return {
      told: { api: ['alert', 'recovery'], 'process.jobs': ['alert', 'recovery'] },
      restarts: { api: 1, jobs: 1 },
      figures,
    };
  },
};

/** The alert says where it hangs, and so does what is told when it is over. */
async function hungAndCured(telling: Telling, subject: string, cause: string): Promise<string> {
  const alert = await telling.told({ kind: 'alert', subject, cause }, JOBS_SILENT_WITHIN_MS);
  must(namesTheSpin(alert.place), `the alert names ${alert.place}: ${evidence(telling)}`);
  const recovery = await telling.told({ kind: 'recovery', subject });
  must(recovery.place === alert.place, `the recovery names ${recovery.place}`);
  return alert.place ?? '';
}

const evidence = (telling: Telling): string =>
  telling
    .journal()
    .filter(({ event }) => event === 'evidence')
    .map(({ text }) => text)
    .join('; ');

const apiHung: Row = {
  name: 'api with a blocked event loop',
  async run(bed, telling) {
    bed.order('api', { do: 'block', ms: 60_000 });
    const figures = await hungAndCured(telling, 'api', 'timeout');
    return { told: { api: ['alert', 'recovery'] }, restarts: { api: 1 }, figures };
  },
};

/** `spinForTheSuite (dist/…/fault-preload-root.js:42)`, and the line is one of that function. */
function namesTheSpin(place: string | null): boolean {
  const [, name, line] = /^(\w+) \(.*fault-preload-root\.js:(\d+)/.exec(place ?? '') ?? [];
  const source = readFileSync('dist/test/support/fault-preload-root.js', 'utf8').split('\n');
  const first = source.findIndex((text) => text.startsWith(`function ${SPINNING}`)) + 1;
  const last = source.findIndex((text, index) => index >= first && text === '}') + 1;
  return name === SPINNING && Number(line) >= first && Number(line) <= last;
}

/** The runner's silence must last a minute before the API believes it. */
const JOBS_SILENT_WITHIN_MS = 120_000;

const jobsHung: Row = {
  name: 'jobs with a blocked event loop',
  async run(bed, telling) {
    bed.order('jobs', { do: 'block', ms: 200_000 });
    const figures = await hungAndCured(telling, 'process.jobs', 'jobs_silent');
    return { told: { 'process.jobs': ['alert', 'recovery'] }, restarts: { jobs: 1 }, figures };
  },
};

const PM2_TOLD_MS = 1500;

const monitorKilled: Row = {
  name: 'monitor killed in the middle of a restart',
  async run(bed, telling) {
    bed.signal('api', 'SIGSTOP');
    await eventually('the restart', () => telling.restarts('api') === 1);
    // PM2 has been told by now, and what is stopped outlives its SIGTERM for seconds.
    await systemClock.sleep(PM2_TOLD_MS);
    const monitor = bed.pid('monitor');
    bed.signal('monitor', 'SIGKILL');
    await replaced(bed, 'monitor', monitor);
    await telling.told({ kind: 'recovery', subject: 'process.api' }, 60_000);
    const { processes } = savedState(bed);
    must(processes.api?.restarts.length === 1, 'the budget was not kept');
    must(bed.starts('api').length === 2, `${bed.starts('api').length} starts of the api`);
    return { told: { 'process.api': ['alert', 'recovery'] }, restarts: { api: 1 } };
  },
};

interface SavedState {
  processes: Record<string, { restarts: unknown[] }>;
  incidents: Record<string, { escalated?: boolean }>;
}

const savedState = (bed: Bed): SavedState =>
  JSON.parse(readFileSync(join(bed.stateFolder, 'monitor-state.json'), 'utf8')) as SavedState;

const budgetSpent: Row = {
  name: 'a fault that comes back after each restart',
  options: { env: { MONITOR_MAX_RESTARTS: '2' } },
  async run(bed, telling) {
    const recoveries = () => telling.notices().filter(({ kind }) => kind === 'recovery').length;
    for (const round of [1, 2]) {
      bed.signal('api', 'SIGSTOP');
      await eventually(`recovery ${round}`, () => recoveries() === round, 60_000);
    }
    bed.signal('api', 'SIGSTOP');
    await telling.told({ kind: 'escalation', subject: 'process.api' }, 60_000);
    const escalated = () => savedState(bed).incidents['process.api']?.escalated === true;
    await eventually('a state that says escalated', escalated); // it follows the notice
    await systemClock.sleep(10 * INTERVAL_MS);
    bed.signal('api', 'SIGCONT');
    return {
      told: {
        'process.api': ['alert', 'recovery', 'alert', 'recovery', 'escalation', 'recovery'],
      },
      restarts: { api: 2 },
    };
  },
};

const SLOWER = { intervalMs: 1500, timeoutMs: 1000 };
const SLACK_MS = 3000;

const inTime: Row = {
  name: 'a dead api is restarted in time',
  options: {
    env: {
      MONITOR_INTERVAL_SECONDS: String(SLOWER.intervalMs / 1000),
      MONITOR_TIMEOUT_SECONDS: String(SLOWER.timeoutMs / 1000),
    },
  },
  async run(bed, telling) {
    const at = Date.now();
    bed.signal('api', 'SIGSTOP');
    const line = await eventually('the restart', () =>
      bed.log('monitor').find(({ msg }) => msg === 'restarting api'),
    );
    const tookMs = Date.parse(line.time) - at;
    const allowedMs = FAILURES * SLOWER.intervalMs + SLOWER.timeoutMs;
    must(tookMs <= allowedMs + SLACK_MS, `the restart came after ${tookMs} ms`);
    await telling.told({ kind: 'recovery', subject: 'process.api' });
    return {
      told: { 'process.api': ['alert', 'recovery'] },
      restarts: { api: 1 },
      figures: `after ${tookMs} ms of ${allowedMs}`,
    };
  },
};

export const PROCESS_ROWS: Row[] = [
  ...[killed('api'), killed('jobs'), stopped('api'), apiHung, inTime],
  ...[stopped('jobs'), jobsHung, monitorKilled],
  ...[budgetSpent, oneOfTwoStopped, both],
];
