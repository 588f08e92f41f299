import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { SPINNING } from './fault-orders.js';
import { type AppName, type Bed, FAILURES, INTERVAL_MS, PATIENT } from './monitor-bed.js';
import { must, type Row } from './monitor-rows.js';
import type { Telling } from './monitor-telling.js';
import { eventually } from './pm2.js';

const SUBJECTS = { api: 'api', jobs: 'process.jobs', monitor: 'process.monitor' } as const;

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
      return { told: {}, maybe: [SUBJECTS[app]] };
    },
  };
}

const apiStopped: Row = {
  name: 'api stopped by SIGSTOP',
  async run(bed, telling) {
    const pid = bed.pid('api');
    bed.signal('api', 'SIGSTOP');
    await telling.told({ kind: 'alert', subject: 'api' });
    await telling.told({ kind: 'recovery', subject: 'api' });
    await replaced(bed, 'api', pid);
    must(!bed.alive().some((one) => one.pid === pid), 'the stopped process is still there');
    return { told: { api: ['alert', 'recovery'] }, restarts: { api: 1 } };
  },
};

const apiHung: Row = {
  name: 'api with a blocked event loop',
  async run(bed, telling) {
    bed.order('api', { do: 'block', ms: 30_000 });
    const alert = await telling.told({ kind: 'alert', subject: 'api', cause: 'timeout' });
    must(namesTheSpin(alert.place), `the alert names ${alert.place}`);
    await telling.told({ kind: 'recovery', subject: 'api' });
    return {
      told: { api: ['alert', 'recovery'] },
      restarts: { api: 1 },
      figures: alert.place ?? '',
    };
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

/** The holder lives while `work` goes on. */
async function withStranger<T>(port: number, work: (pid: number) => Promise<T>): Promise<T> {
  const script = `require('node:http').createServer((_, r) => r.end('not yours')).listen(${port}, '127.0.0.1', () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    return await work(child.pid ?? 0);
  } finally {
    child.kill('SIGKILL');
  }
}

const portTaken: Row = {
  name: 'port taken by another program',
  options: { monitor: 'outside' },
  started: false,
  async run(bed, telling) {
    await withStranger(bed.port, async (pid) => {
      await bed.start();
      const holder = new RegExp(`\\b${pid}\\b`);
      const alert = await telling.told({ kind: 'alert', subject: 'api', text: holder });
      must(/node -e/.test(alert.text), `the alert does not say what holds it: ${alert.text}`);
      await systemClock.sleep(10 * INTERVAL_MS);
      must(bed.starts('api').length === 1, `${bed.starts('api').length} starts of the api`);
    });
    await bed.pm2('restart', 'api');
    await bed.steady();
    return { told: { api: ['alert', 'recovery'] } };
  },
};

const crashLoop: Row = {
  name: 'crash loop from the start',
  options: { atStart: { app: 'api', order: { do: 'exit', code: 1 } } },
  started: false,
  async run(bed, telling) {
    await crashing(bed, telling, bed.start());
    return { told: { api: ['alert', 'recovery'] } };
  },
};

const laterCrashLoop: Row = {
  name: 'crash loop of an api that was up',
  async run(bed, telling) {
    bed.atStart('api', { do: 'throw', afterMs: 300 });
    bed.signal('api', 'SIGKILL');
    await crashing(bed, telling);
    return { told: { api: ['alert', 'recovery'] } };
  },
};

/** PM2 goes on trying, the monitor tells once and leaves it to PM2. */
async function crashing(bed: Bed, telling: Telling, starting?: Promise<void>): Promise<void> {
  await telling.told({ kind: 'alert', subject: 'api' });
  const before = bed.starts('api').length;
  await eventually('two more starts', () => bed.starts('api').length >= before + 2);
  bed.atStart('api', null);
  await starting;
  await bed.steady();
}

/** The runner's silence must last a minute before the API believes it. */
const jobsHung: Row = {
  name: 'jobs with a blocked event loop',
  async run(bed, telling) {
    const pid = bed.pid('jobs');
    bed.order('jobs', { do: 'block', ms: 150_000 });
    await telling.told({ kind: 'alert', subject: 'process.jobs' }, 100_000);
    await replaced(bed, 'jobs', pid);
    return { told: { 'process.jobs': ['alert', 'recovery'] }, restarts: { jobs: 1 } };
  },
};

const jobsStopped: Row = {
  name: 'jobs stopped by SIGSTOP',
  async run(bed, telling) {
    const pid = bed.pid('jobs');
    bed.signal('jobs', 'SIGSTOP');
    await telling.told({ kind: 'alert', subject: 'process.jobs' }, 100_000);
    await replaced(bed, 'jobs', pid);
    return { told: { 'process.jobs': ['alert', 'recovery'] }, restarts: { jobs: 1 } };
  },
};

const monitorKilled: Row = {
  name: 'monitor killed in the middle of a restart',
  async run(bed, telling) {
    bed.signal('api', 'SIGSTOP');
    await eventually('the restart', () => telling.restarts('api') === 1);
    const monitor = bed.pid('monitor');
    bed.signal('monitor', 'SIGKILL');
    await replaced(bed, 'monitor', monitor);
    await telling.told({ kind: 'recovery', subject: 'api' }, 40_000);
    const { restarts } = savedState(bed);
    must(restarts.api?.length === 1, `the budget was not kept: ${JSON.stringify(restarts)}`);
    must(bed.starts('api').length === 2, `${bed.starts('api').length} starts of the api`);
    return { told: { api: ['alert', 'recovery'] }, restarts: { api: 1 } };
  },
};

const SET = {
  78: { LOG_LEVEL: 'loud' },
  69: { SQLITE_PATH: 'unmounted/store.db' },
};
const QUOTED = { 78: /LOG_LEVEL="loud"/, 69: /link to a place that is not there/ };

/** What a restart cannot cure: told with the process's own last words, and left alone. */
function ended(code: 69 | 78): Row {
  return {
    name: `api and jobs end with ${code}`,
    options: { env: PATIENT },
    async run(bed, telling) {
      symlinkSync('nowhere', join(bed.folder, 'unmounted'));
      for (const app of ['api', 'jobs'] as const) {
        bed.atStart(app, { do: 'set', env: SET[code] });
        const restarting = bed.pm2('restart', app);
        const wanted = { kind: 'alert', subject: SUBJECTS[app], cause: `exit_${code}` } as const;
        const alert = await telling.told(wanted);
        must(QUOTED[code].test(alert.text), `the alert quotes nothing: ${alert.text}`);
        bed.atStart(app, null);
        await restarting;
        if (code === 78) await bed.pm2('restart', app);
        await telling.told({ kind: 'recovery', subject: SUBJECTS[app] });
      }
      return { told: { api: ['alert', 'recovery'], 'process.jobs': ['alert', 'recovery'] } };
    },
  };
}

interface SavedState {
  restarts: Record<string, unknown[]>;
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
    await telling.told({ kind: 'escalation', subject: 'api' }, 60_000);
    must(savedState(bed).incidents.api?.escalated === true, 'the state does not say escalated');
    await systemClock.sleep(10 * INTERVAL_MS);
    bed.signal('api', 'SIGCONT');
    return {
      told: { api: ['alert', 'recovery', 'alert', 'recovery', 'escalation', 'recovery'] },
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
    await telling.told({ kind: 'recovery', subject: 'api' });
    return {
      told: { api: ['alert', 'recovery'] },
      restarts: { api: 1 },
      figures: `after ${tookMs} ms of ${allowedMs}`,
    };
  },
};

export const PROCESS_ROWS: Row[] = [
  ...[killed('api'), killed('jobs'), apiStopped, apiHung, inTime, portTaken],
  ...[crashLoop, laterCrashLoop, jobsStopped, jobsHung, monitorKilled],
  ...[ended(69), ended(78), budgetSpent],
];
