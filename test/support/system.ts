import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.js';
import type { Cycle } from '../../src/domain/cycle.js';
import type { Ids } from './stored-ids.js';
import { temporaryFolder } from './temp.js';
import { watchFetch } from './watch-fetch.js';

/** What a process holds. */
export interface Figures {
  descriptors: number;
  rssMb: number;
}

/** The real `api` and `jobs` processes on one store, collecting from a real simulator process. */
export interface System {
  apiUrl: string;
  databasePath: string;
  subreddits: string[];
  /** Puts a fault into the simulator, for ever. */
  inject(fault: Record<string, unknown>): Promise<void>;
  heal(): Promise<void>;
  /** What a complete collection has now. */
  listed(): Promise<Ids>;
  simulatorRequests(): Promise<{ requests: number; tokens_issued: number; refused: number }>;
  /** Asks for a cycle over the admin route and waits until its record is closed. */
  collect(withinMs: number): Promise<Cycle>;
  figures(): { api: Figures; jobs: Figures };
  /** Lines of both processes that say that something went wrong in a way nobody handled. */
  crashes(): string[];
  /** Lines of both above `info`. */
  troubles(): string[];
  /** SIGTERM to all; answers their exit codes or signals. */
  end(): Promise<Record<string, number | string>>;
}

export interface SystemOptions {
  subreddits?: string[];
  env?: Record<string, string>;
  simulatorArguments?: string[];
}

interface Root {
  child: ChildProcess;
  lines: Record<string, unknown>[];
  exit: Promise<number | string>;
}

const ADMIN_TOKEN = 'admin-token-of-the-fault-suite';
const START_WITHIN_MS = 30_000;
const POLL_MS = 100;

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SIMULATOR = file('../../src/cli/simulator.js');
const API = file('../../src/main.js');
const JOBS = file('../../jobs/main.js');

type Teardown = { teardown(release: () => unknown): void };

export async function startSystem(t: Teardown, options: SystemOptions = {}): Promise<System> {
  const folder = temporaryFolder(t);
  const subreddits = options.subreddits ?? ['claude', 'aws', 'OpenAI'];
  const databasePath = join(folder, 'store.db');
  const tokenFile = join(folder, 'admin-token');
  writeFileSync(tokenFile, ADMIN_TOKEN, { mode: 0o600 });
  const common = { NODE_ENV: 'production', SUBREDDITS: subreddits.join(',') };

  const simulatorOptions = ['--port', '0', '--seed', '5', ...(options.simulatorArguments ?? [])];
  const simulator = startRoot(t, SIMULATOR, simulatorOptions, common, folder);
  const ready = await lineOf(simulator, (line) => 'listening' in line);
  const simulatorUrl = String(ready.listening);

  const env = {
    ...common,
    SQLITE_PATH: databasePath,
    ADMIN_TOKEN_FILE: tokenFile,
    API_PORT: '0',
    REDDIT_CLIENT_ID: 'id',
    REDDIT_CLIENT_SECRET: 'secret-of-the-fault-suite',
    REDDIT_USER_AGENT: 'fault-suite/1',
    REDDIT_BASE_URL: simulatorUrl,
    COLLECTION_INTERVAL_MINUTES: '1440', // cycles only when we ask
    STORE_TIMEOUT_SECONDS: '5',
    ...options.env,
  };
  const api = startRoot(t, API, [], env, folder);
  const jobs = startRoot(t, JOBS, [], env, folder);
  const { address } = await lineOf(api, (line) => line.msg === 'listening');
  const apiUrl = String(address);
  await watchFetch(t, apiUrl);
  await lineOf(jobs, (line) => line.msg === 'job end'); // the cycle at start

  const control = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${simulatorUrl}/simulator/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === '' ? null : (JSON.parse(text) as unknown);
  };

  return {
    ...{ apiUrl, databasePath, subreddits },
    inject: async (fault) => void (await control('POST', 'faults', fault)),
    heal: async () => void (await control('DELETE', 'faults')),
    listed: async () => (await control('GET', 'listed')) as Ids,
    simulatorRequests: async () =>
      (await control('GET', 'requests')) as Awaited<ReturnType<System['simulatorRequests']>>,
    collect: (withinMs) => collect(apiUrl, withinMs),
    figures: () => ({ api: figuresOf(api), jobs: figuresOf(jobs) }),
    crashes: () =>
      [...api.lines, ...jobs.lines]
        .filter(({ level, msg }) => level === 'fatal' || String(msg).includes('this is a bug'))
        .map((line) => JSON.stringify(line)),
    troubles: () =>
      [...api.lines, ...jobs.lines]
        .filter(({ level }) => level !== 'info' && level !== 'debug')
        .map((line) => JSON.stringify(line)),
    async end() {
      const all = { api, jobs, simulator };
      for (const { child } of Object.values(all)) child.kill('SIGTERM');
      const ends = Object.entries(all).map(async ([name, { exit }]) => [name, await exit] as const);
      return Object.fromEntries(await Promise.all(ends));
    },
  };
}

function startRoot(
  t: Teardown,
  script: string,
  args: string[],
  env: Record<string, string>,
  cwd: string,
): Root {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  return { child, lines, exit };
}

async function lineOf(
  { child, lines }: Root,
  wanted: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  const end = performance.now() + START_WITHIN_MS;
  while (performance.now() < end && child.exitCode === null) {
    const found = lines.find(wanted);
    if (found !== undefined) return found;
    await systemClock.sleep(20);
  }
  throw new Error(`not started in time:\n${lines.map((line) => JSON.stringify(line)).join('\n')}`);
}

async function collect(apiUrl: string, withinMs: number): Promise<Cycle> {
  const end = performance.now() + withinMs;
  const asked = await fetch(`${apiUrl}/api/v1/admin/collect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  if (asked.status !== 202) throw new Error(`collect: ${asked.status} ${await asked.text()}`);
  const { cycle_id } = (await asked.json()) as { cycle_id: string };
  while (performance.now() < end) {
    const answer = await fetch(`${apiUrl}/api/v1/collections?limit=5`);
    const cycle = ((await answer.json()) as Cycle[]).find(({ id }) => id === cycle_id);
    if (cycle !== undefined && cycle.status !== 'running') return cycle;
    await systemClock.sleep(POLL_MS);
  }
  throw new Error(`cycle ${cycle_id} did not end within ${withinMs} ms`);
}

/** From proc(5): VmRSS is in kB. */
function figuresOf({ child }: Root): Figures {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${child.pid}/fd`).length,
    rssMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024),
  };
}
