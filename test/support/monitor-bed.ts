import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { systemClock } from '../../src/clock.js';
import { type FaultOrder, ORDER_SIGNAL, orderFile, startFile, startsFile } from './fault-orders.js';
import { freePort } from './free-port.js';
import { type HealthProxy, healthProxy } from './health-proxy.js';
import { marked, sendSignal } from './marked-processes.js';
import { eventually } from './pm2.js';
import { startSimulator, type StartedSimulator } from './simulator-process.js';
import { temporaryFolder } from './temp.js';
import { type WebhookReceiver, webhookReceiver } from './webhook-receiver.js';

export type AppName = 'api' | 'jobs' | 'monitor';

export interface BedOptions {
  /** Written into .env beside what is always there. */
  env?: Record<string, string>;
  /** From a simulator process of its own. */
  collection?: boolean;
  /** Where the monitor runs; default under the same PM2. */
  monitor?: 'pm2' | 'outside' | 'nowhere';
  /** The monitor asks through it. */
  proxy?: boolean;
  /** Obeyed by each start, from the first one on. */
  atStart?: { app: AppName; order: FaultOrder };
}

export interface StartLine {
  name: string;
  pid: number;
  at: number;
}

export type LogLine = Record<string, unknown> & { msg: string; time: string; pid: number };

export const INTERVAL_MS = 400;
export const TIMEOUT_MS = 1000;
export const FAILURES = 3;
const GRACE_MS = 1500;
const SHUTDOWN_SECONDS = 4;
const READY_WITHIN_MS = 40_000;
const MARK = 'MONITOR_SUITE';
const REAL = resolve('ecosystem.config.cjs');
const PRELOAD = resolve('dist/test/support/fault-preload-root.js');
const MONITOR = resolve('dist/monitor/main.js');
const PM2 = resolve('node_modules/pm2/bin/pm2');

const SETTINGS = {
  LOG_LEVEL: 'info',
  SUBREDDITS: 'aws',
  DB_RETRY_BASE_DELAY: '0.05',
  SHUTDOWN_DEADLINE_SECONDS: String(SHUTDOWN_SECONDS),
  MONITOR_INTERVAL_SECONDS: String(INTERVAL_MS / 1000),
  MONITOR_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
  MONITOR_GRACE_SECONDS: String(GRACE_MS / 1000),
  MONITOR_FAILURES: String(FAILURES),
  MONITOR_RECOVERIES: '2',
  // The default is one port of the machine, which another monitor may have.
  MONITOR_METRICS_PORT: '0',
};
/**
 * With these intervals three failures are over within a second, and PM2 waits as long before
 * it starts anew what has ended. As with the real ones, it must have started it by then.
 */
export const PATIENT = { MONITOR_FAILURES: '20' };
/** What the ecosystem file itself reads, which knows no .env but its own. */
const OF_THE_FILE = ['SHUTDOWN_DEADLINE_SECONDS', 'MONITOR_MEMORY_LIMIT_MB', 'API_INSTANCES'];

type Teardown = { teardown(release: () => unknown): void };

/** The real system under a PM2 of its own, with nothing shared with another one. */
export interface Bed {
  folder: string;
  /** An environment for programs of the row's own, which end with the bed. */
  mark: Record<string, string>;
  url: string;
  port: number;
  databasePath: string;
  stateFolder: string;
  webhook: WebhookReceiver;
  simulator: StartedSimulator | null;
  proxy: HealthProxy | null;
  /** PM2's command line. It starts a daemon where none lives. */
  pm2(...args: string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }>;
  /** `pm2 start` with the real file, then the monitor that is to run outside. */
  start(): Promise<void>;
  /** The API and the runner serve, and the monitor watches. */
  steady(): Promise<void>;
  /** The monitor watches, and its grace is over. */
  watching(): Promise<void>;
  /** The newest process of an app, or PM2's daemon. */
  pid(of: AppName | 'daemon'): number;
  signal(of: AppName | 'daemon', name: NodeJS.Signals): void;
  order(app: AppName, order: FaultOrder): void;
  /** From its next start on; null ends it. */
  atStart(app: AppName, order: FaultOrder | null): void;
  /** Replaces settings in .env, for processes that start from now on. */
  configure(env: Record<string, string>): void;
  starts(app: AppName): StartLine[];
  log(app: AppName): LogLine[];
  /** Processes of this bed that live, by their command lines. */
  alive(): { pid: number; command: string }[];
}

export async function makeBed(t: Teardown, options: BedOptions = {}): Promise<Bed> {
  const folder = temporaryFolder(t);
  let over = false;
  t.teardown(() => {
    over = true;
    return killAll(folder);
  });
  const webhook = await webhookReceiver(t);
  const simulator = options.collection ? await startSimulator(t, folder, { [MARK]: folder }) : null;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const proxy = options.proxy ? await healthProxy(t, () => `${url}/health`) : null;
  const home = join(folder, 'pm2');
  const stateFolder = join(folder, 'monitor');
  const databasePath = join(folder, 'store.db');
  let env: Record<string, string> = {
    ...SETTINGS,
    API_PORT: String(port),
    SQLITE_PATH: databasePath,
    MONITOR_STATE_DIR: stateFolder,
    MONITOR_WEBHOOK_URL: webhook.url,
    ...(simulator === null ? {} : simulator.env),
    ...(proxy === null ? {} : { MONITOR_HEALTH_URL: proxy.url }),
    ...options.env,
  };
  const configure = (more: Record<string, string>) => {
    env = { ...env, ...more };
    const lines = Object.entries(env).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(folder, '.env'), lines.join(''), { mode: 0o600 });
  };
  configure({});
  const underPm2 = (options.monitor ?? 'pm2') === 'pm2';
  const file = wrapper(folder, underPm2);
  const bare = { PATH: process.env.PATH ?? '', HOME: folder, PM2_HOME: home, [MARK]: folder };
  const pm2Env = {
    ...bare,
    ...{ PM2_DISCRETE_MODE: 'true', PM2_DISABLE_VERSION_CHECK: 'true' },
    ...{ NODE_ENV: 'production', NODE_CLUSTER_SCHED_POLICY: 'none' },
    ...Object.fromEntries(OF_THE_FILE.flatMap((key) => (env[key] ? [[key, env[key]]] : []))),
  };
  const pm2 = async (...args: string[]) => {
    if (over) throw new Error('a row that has ended starts no PM2');
    return execa(process.execPath, [PM2, ...args], {
      ...{ cwd: folder, env: pm2Env, extendEnv: false, reject: false, timeout: 90_000 },
    });
  };
  const starts = (app: AppName) =>
    lines<StartLine>(startsFile(folder)).filter(({ name }) => name === app);
  const log = (app: AppName) =>
    [`pm2/logs/${app}-out.log`, `${app}-outside.log`].flatMap((path) =>
      lines<LogLine>(join(folder, path)),
    );
  const pid = (of: AppName | 'daemon'): number => {
    if (of === 'daemon') return Number(readFileSync(join(home, 'pm2.pid'), 'utf8'));
    return (of === 'monitor' ? log(of) : starts(of)).at(-1)?.pid ?? 0;
  };
  /** Pid 0 would be our own process group. */
  const send = (of: AppName | 'daemon', name: NodeJS.Signals): void => {
    if (!(pid(of) > 0)) throw new Error(`${of} does not run`);
    process.kill(pid(of), name);
  };
  let outside: ChildProcess | null = null;
  const bed: Bed = {
    ...{ folder, port, databasePath, stateFolder, webhook, simulator, pm2, configure, starts, log },
    pid,
    ...{ url, proxy, mark: bare },
    async start() {
      const { exitCode, stderr, stdout } = await pm2('start', file);
      if (exitCode !== 0) throw new Error(`pm2 start: ${exitCode} ${stderr} ${stdout}`);
      if (options.monitor !== 'outside' || outside !== null) return;
      outside = startOutside(folder, { ...bare, NODE_ENV: 'production' });
    },
    watching: () => watching(bed),
    async steady() {
      await serving(bed);
      if (options.monitor !== 'nowhere') await watching(bed);
    },
    signal: (of, name) => send(of, name),
    order(app, order) {
      writeFileSync(orderFile(folder, app), JSON.stringify(order));
      send(app, ORDER_SIGNAL);
    },
    atStart(app, order) {
      if (order === null) rmSync(startFile(folder, app), { force: true });
      else writeFileSync(startFile(folder, app), JSON.stringify(order));
    },
    alive: () => marked(MARK, folder).filter(({ pid: one }) => one !== simulator?.pid),
  };
  if (options.atStart) bed.atStart(options.atStart.app, options.atStart.order);
  return bed;
}

/** The real file's apps, with the folder and the faults of this bed. */
function wrapper(folder: string, withMonitor: boolean): string {
  const preload = `file://${PRELOAD}?folder=${folder}&name=`;
  const path = join(folder, 'suite.config.cjs');
  writeFileSync(
    path,
    `const { resolve } = require('node:path');
const { apps } = require(${JSON.stringify(REAL)});
const faulty = (app) => app.name === 'monitor' ? [] : ['--import', ${JSON.stringify(preload)} + app.name];
module.exports = {
  apps: apps.filter(({ name }) => ${withMonitor} || name !== 'monitor').map((app) => ({
    ...app,
    cwd: ${JSON.stringify(folder)},
    script: resolve(app.cwd, app.script),
    node_args: [...(app.node_args ?? []), ...faulty(app)],
  })),
};
`,
  );
  return path;
}

async function serving(bed: Bed): Promise<void> {
  const ready = async () => (await fetch(`${bed.url}/readyz`).catch(() => null))?.status === 200;
  await eventually('an API that is ready', ready, READY_WITHIN_MS);
  const running = () => bed.log('jobs').some(({ msg }) => msg === 'start-up complete');
  await eventually('a runner', running, READY_WITHIN_MS);
}

async function watching(bed: Bed): Promise<void> {
  const line = await eventually(
    'a monitor that watches',
    () => bed.log('monitor').findLast(({ msg }) => msg === 'watching'),
    READY_WITHIN_MS,
  );
  await systemClock.sleep(Date.parse(line.time) + GRACE_MS + INTERVAL_MS - Date.now());
}

function startOutside(folder: string, env: Record<string, string>): ChildProcess {
  const out = openSync(join(folder, 'monitor-outside.log'), 'a');
  const child = spawn(process.execPath, [MONITOR], {
    ...{ cwd: folder, env, stdio: ['ignore', out, out] },
  });
  closeSync(out);
  return child;
}

/** The daemon first, or it would start anew what is killed. */
async function killAll(folder: string): Promise<void> {
  const isDaemon = ({ command }: { command: string }) => command.includes('God Daemon');
  await eventually('the end of all processes', () => {
    const left = marked(MARK, folder);
    const daemons = left.filter(isDaemon);
    for (const { pid } of daemons.length > 0 ? daemons : left) sendSignal(pid, 'SIGKILL');
    return left.length === 0;
  });
}

function lines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as T);
}
