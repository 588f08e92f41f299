import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';

type Environment = Record<string, string | undefined>;

/** PM2's command line in a PM2_HOME of its own. */
export interface Pm2Cli {
  /** Runs a command to its end and answers what it printed; throws `internal` when it fails. */
  run(args: string[], env?: Environment): Promise<string>;
  /** Starts a command that goes on, printing to our output. */
  follow(args: string[]): ChildProcess;
  /** Pid of a daemon that lives, or null. */
  daemon(): number | null;
  /** Ends the daemon and all it runs, and waits until the daemon is gone. */
  kill(): Promise<void>;
}

const DAEMON_GONE_WITHIN_MS = 60_000;
/** PM2's command waits for each process's kill time-out, one after the other. */
const COMMAND_WITHIN_MS = 180_000;

/**
 * @param home the PM2_HOME
 * @param environment what the daemon and everything it starts gets
 */
export function pm2Cli(home: string, environment: Environment, clock: Clock): Pm2Cli {
  const bin = createRequire(import.meta.url).resolve('pm2/bin/pm2');
  const start = (args: string[], stdio: 'pipe' | 'inherit', env: Environment = {}) =>
    spawn(process.execPath, [bin, ...args], {
      // Its own process group: Ctrl-C is ours to handle, and `kill` has to go on after it.
      detached: stdio === 'pipe',
      timeout: stdio === 'pipe' ? COMMAND_WITHIN_MS : undefined,
      env: { ...environment, ...env, PM2_HOME: home },
      stdio: ['ignore', stdio, stdio],
    });

  function daemon(): number | null {
    const file = join(home, 'pm2.pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    return pid > 0 && isAlive(pid) ? pid : null;
  }

  async function run(args: string[], env?: Environment): Promise<string> {
    const child = start(args, 'pipe', env);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += String(chunk)));
    child.stderr?.on('data', (chunk) => (output += String(chunk)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return output;
    throw new AppError('internal', `pm2 ${args[0]} ended with ${code}`, { cause: output });
  }

  return {
    run,
    follow: (args) => start(args, 'inherit'),
    daemon,
    async kill() {
      if (daemon() === null) return;
      await run(['kill']);
      const until = clock.monotonic() + DAEMON_GONE_WITHIN_MS;
      while (daemon() !== null && clock.monotonic() < until) await clock.sleep(100);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
