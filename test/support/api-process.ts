import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './temp.js';
import { watchFetch } from './watch-fetch.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const START_DEADLINE_MS = 20_000;

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface ApiProcess {
  child: ChildProcess;
  /** Everything it wrote. */
  output(): string;
  lines(): LogLine[];
  /** Resolves when it listens, with its URL; rejects when it ends before, or is too slow. */
  listening: Promise<string>;
  /** Exit code, null after a signal, with the milliseconds from the spawn. */
  exited: Promise<{ code: number | null; ms: number }>;
}

/**
 * The real API process in an empty folder, with nothing in its environment but `env`. What `fetch`
 * brings from it is held against its OpenAPI document.
 */
export function startApi(
  t: Pick<ExecutionContext, 'teardown'>,
  env: Record<string, string>,
): ApiProcess {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN], {
    cwd: temporaryFolder(t),
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', API_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const exited = new Promise<{ code: number | null; ms: number }>((resolve) => {
    child.once('close', (code) => resolve({ code, ms: performance.now() - began }));
  });
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  });
  const lines = () =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  const listening = waitForAddress(child, lines, exited, () => output).then(async (url) => {
    await watchFetch(t, url);
    return url;
  });
  listening.catch(() => undefined); // who expects a failed start does not look at it
  return { child, output: () => output, lines, listening, exited };
}

async function waitForAddress(
  child: ChildProcess,
  lines: () => LogLine[],
  exited: Promise<unknown>,
  output: () => string,
): Promise<string> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const line = lines().find(({ msg }) => msg === 'start-up complete');
    const address = lines().find(({ msg }) => msg === 'listening')?.address;
    if (line !== undefined && typeof address === 'string') return address;
    await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  throw new Error(`the API did not start:\n${output()}`);
}
