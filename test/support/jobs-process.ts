import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import type { RecordedLine } from './log.js';

const JOBS = fileURLToPath(new URL('../../jobs/main.js', import.meta.url));

export interface JobsProcess {
  child: ChildProcess;
  lines: RecordedLine[];
  /** Exit code, or the signal that ended it. */
  exit: Promise<number | string>;
  /** Resolves when it tells PM2 that it is ready. */
  ready: Promise<void>;
}

/** The real `jobs` process (or another root of it), killed with the test if it still lives. */
export function startJobs(
  t: Pick<ExecutionContext, 'teardown'>,
  env: Record<string, string>,
  root = JOBS,
): JobsProcess {
  const child = spawn(process.execPath, [root], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      REDDIT_CLIENT_ID: 'id',
      REDDIT_CLIENT_SECRET: 'correct-horse-battery',
      REDDIT_USER_AGENT: 'test/1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: RecordedLine[] = [];
  if (child.stdout === null) throw new Error('no output to read');
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as RecordedLine);
  });
  const exit = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  const ready = once(child, 'message').then(() => undefined);
  return { child, lines, exit, ready };
}

/** Looks until `what` is so, for at most `withinMs`. */
export async function until(
  what: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const end = systemClock.monotonic() + withinMs;
  while (!(await what())) {
    if (systemClock.monotonic() > end)
      throw new Error(`not within ${withinMs} ms: ${what.toString()}`);
    await systemClock.sleep(50);
  }
}

export const said = ({ lines }: JobsProcess, text: string): boolean =>
  lines.some(({ msg }) => msg === text);
