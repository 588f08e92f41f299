import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.js';
import { SECRET_KEYS } from '../config-schema.js';
import type { Cycle } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { DemoStore } from './demo-store.js';
import { DEMO_FOLDER } from './folder.js';
import { freePort, listenOnce } from './ports.js';
import { type Pm2Cli, pm2Cli } from './pm2-cli.js';

export interface DemoOptions {
  environment: Record<string, string | undefined>;
  apiHost: string;
  apiPort: number;
  store: DemoStore;
  /** Recordings for the simulator to replay; none: generated communities. */
  replay: string[];
  /** One api process, so that all answers come from one memory. */
  singleApi?: boolean;
  clock: Clock;
  print: (line: string) => void;
  signal: AbortSignal;
}

export interface Demo {
  url: string;
  pm2: Pm2Cli;
  /** The first finished cycle. */
  cycle: Cycle;
  adminToken: string;
}

const SIMULATOR_WITHIN_MS = 20_000;
const FIRST_CYCLE_WITHIN_MS = 120_000;

/** PM2 for the demo, without the user's secrets: its daemon keeps and hands on what it is given. */
export function demoPm2(environment: Record<string, string | undefined>, clock: Clock): Pm2Cli {
  const given: Record<string, string | undefined> = {
    ...environment,
    NODE_CLUSTER_SCHED_POLICY: 'none',
  };
  for (const key of SECRET_KEYS) delete given[key];
  return pm2Cli(resolve(DEMO_FOLDER, 'pm2'), given, clock);
}

/**
 * Starts the simulator and the whole system under a PM2 of the demo's own, in a fresh
 * `.demo/`, and waits for the first finished cycle. Whatever fails, nothing stays behind.
 *
 * @throws AppError `invalid_request` (no such recording), `already_running`, `port_in_use`, `deadline_exceeded`, `cancelled`
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { environment, apiHost, apiPort, clock, print } = options;
  const pm2 = demoPm2(environment, clock);
  const missing = options.replay.find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new AppError('invalid_request', `There is no file ${missing} to replay`);
  }
  if (pm2.daemon() !== null) {
    throw new AppError('already_running', `The demo runs already (PM2, pid ${pm2.daemon()})`, {
      cure: 'npm run demo:stop',
    });
  }
  if (apiPort === 0) {
    throw new AppError('config_invalid', 'API_PORT=0 takes any port, the demo needs a known one', {
      cure: 'choose one: API_PORT=8123 npm run demo',
    });
  }
  if (!(await canListen(apiPort, apiHost))) {
    throw new AppError('port_in_use', `Port ${apiPort} on ${apiHost} is in use`, {
      cure: 'choose another one: API_PORT=8123 npm run demo',
    });
  }
  const folder = resolve(DEMO_FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const simulatorPort = await freePort();
  const url = baseUrl(apiHost, apiPort);
  try {
    print('Starting the simulator and the system under PM2 …');
    await startSimulator(pm2, simulatorPort, options);
    const settings = await options.store.start(pm2, options.signal);
    const environment = { ...demoEnvironment(folder, simulatorPort, options), ...settings };
    await pm2.run(['start', ecosystemFile()], environment);
    print('Collecting: the first cycle begins 5 s after the start …');
    const cycle = await firstCycle(url, options);
    return { url, pm2, cycle, adminToken: readFileSync(adminTokenFile(folder), 'utf8').trim() };
  } catch (error) {
    await pm2.kill();
    if (options.signal.aborted) throw new AppError('cancelled', 'The demo was interrupted');
    throw error;
  }
}

/** The demo's own settings; everything else is as the user has it. */
function demoEnvironment(
  folder: string,
  simulatorPort: number,
  { apiHost, apiPort, singleApi = false }: DemoOptions,
): Record<string, string> {
  return {
    ...(singleApi ? { API_INSTANCES: '1' } : {}),
    NODE_ENV: 'production',
    API_HOST: apiHost,
    API_PORT: String(apiPort),
    HEALTH_CHECK_ENABLED: 'true',
    MONITOR_STATE_DIR: join(folder, 'monitor'),
    MONITOR_HEALTH_URL: `${baseUrl(apiHost, apiPort)}/health`,
    // A demo wakes nobody, and must not keep the real dead man's switch quiet.
    ...{ MONITOR_WEBHOOK_URL: '', MONITOR_WEBHOOK_URL_FILE: '' },
    ...{ MONITOR_COMMAND: '', MONITOR_HEARTBEAT_URL: '' },
    ADMIN_TOKEN_FILE: secretFile(adminTokenFile(folder)),
    REDDIT_BASE_URL: `http://127.0.0.1:${simulatorPort}`,
    REDDIT_CLIENT_ID: 'demo',
    REDDIT_CLIENT_SECRET_FILE: secretFile(join(folder, 'reddit-secret')),
    REDDIT_USER_AGENT: 'sentimentagent-demo/0.1 (talks to the simulator only)',
  };
}

const adminTokenFile = (folder: string) => join(folder, 'admin-token');

function baseUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function secretFile(path: string): string {
  writeFileSync(path, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
  return path;
}

/** Also waits until it answers: recordings that cannot be read end it at once. */
async function startSimulator(
  pm2: Pm2Cli,
  port: number,
  { replay, clock, signal }: DemoOptions,
): Promise<void> {
  const script = fileURLToPath(new URL('../cli/simulator.js', import.meta.url));
  const files = replay.length === 0 ? [] : ['--replay', ...replay.map((file) => resolve(file))];
  const settings = ['--name', 'simulator', '--no-autorestart'];
  await pm2.run(['start', script, ...settings, '--', '--port', String(port), ...files]);
  const until = clock.monotonic() + SIMULATOR_WITHIN_MS;
  while (clock.monotonic() < until && !signal.aborted) {
    if (await answers(`http://127.0.0.1:${port}/`)) return;
    await clock.sleep(100, signal);
  }
  if (signal.aborted) throw new AppError('cancelled', 'The demo was interrupted');
  const said = await pm2.run(['logs', 'simulator', '--nostream', '--err', '--raw', '--lines', '3']);
  throw new AppError('internal', 'The simulator did not start', { cause: said });
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
}

function ecosystemFile(): string {
  return fileURLToPath(new URL('../../../ecosystem.config.cjs', import.meta.url));
}

/** The first finished cycle, once the health report knows of it too. */
async function firstCycle(url: string, { clock, signal }: DemoOptions): Promise<Cycle> {
  const until = clock.monotonic() + FIRST_CYCLE_WITHIN_MS;
  while (clock.monotonic() < until) {
    if (signal.aborted) throw new AppError('cancelled', 'The demo was interrupted');
    const cycles = await answerOf<Cycle[]>(`${url}/api/v1/collections?limit=1`);
    const health = await answerOf<HealthAnswer>(`${url}/health`);
    const reported = typeof health?.application.last_collection_at === 'string';
    const [cycle] = cycles ?? [];
    if (cycle?.status === 'failed' || (cycle && cycle.status !== 'running' && reported)) {
      return cycle;
    }
    await clock.sleep(250, signal);
  }
  throw new AppError('deadline_exceeded', 'No cycle finished within two minutes', {
    cure: `read the logs in ${DEMO_FOLDER}/pm2/logs`,
  });
}

interface HealthAnswer {
  application: { last_collection_at: string | null };
}

/** Null while nobody answers, or with an error. */
export async function answerOf<T>(url: string): Promise<T | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    return null;
  }
}

async function canListen(port: number, host: string): Promise<boolean> {
  return (await listenOnce(port, host)) !== null;
}
