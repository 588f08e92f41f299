import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import type { Clock } from '../src/clock.js';
import { AppError } from '../src/errors.js';
import { holderIsDead, holderName } from '../src/holder.js';
import { withDeadline } from '../src/retry.js';
import type { ManagedProcess } from './observation.js';
import type { Supervisor } from './supervisor.js';

export interface Pm2Options {
  /** PM2_HOME, which PM2 itself reads too. */
  home: string;
  clock: Clock;
  /** Deadline of a question to PM2. */
  timeoutMs: number;
  /** Deadline of a restart: above PM2's kill_timeout and listen_timeout together. */
  restartTimeoutMs: number;
  /** How long a process that does not serve may take to end by itself. */
  patienceMs?: number;
}

type Pm2 = typeof import('pm2');
type Callback<T> = (error: Error | null, result: T) => void;

/** The part of PM2's process list that we rely on; the rest of an entry is let through. */
const Listed = Type.Object({
  name: Type.String(),
  pid: Type.Optional(Type.Number()),
  pm_id: Type.Number(),
  pm2_env: Type.Object({
    status: Type.String(),
    exit_code: Type.Optional(Type.Number()),
    pm_uptime: Type.Optional(Type.Number()),
    restart_time: Type.Optional(Type.Number()),
  }),
});
type Listed = Static<typeof Listed>;

/**
 * The supervisor over PM2's programmatic API.
 *
 * PM2 starts a daemon whenever it finds none, so a daemon's pid file and life are checked
 * before it is even imported (importing it creates folders), and its own way to launch one
 * is closed for the race between the check and the connection.
 */
export function pm2Supervisor(options: Pm2Options): Supervisor {
  return {
    list: () => session(options, options.timeoutMs, (pm2) => listProcesses(pm2, options.clock)),
    restart: (name) =>
      session(options, options.restartTimeoutMs, (pm2) => restart(pm2, name, options)),
  };
}

/**
 * Only what is up or given up. An app that PM2 is starting or about to start is left alone:
 * PM2 7 lets the start it had planned happen besides the restart, and then runs it twice.
 */
async function restart(pm2: Pm2, name: string, options: Pm2Options): Promise<void> {
  const targets = (await listProcesses(pm2, options.clock)).filter(
    (one) => one.name === name && (one.status === 'online' || one.pid === 0),
  );
  if (targets.length === 0) throw new Error(`PM2 lists no ${name} that could be restarted`);
  for (const { pmId, pid } of targets) {
    const done = new AbortController();
    const killing = pid === 0 ? null : killStubborn(pid, options, done.signal);
    try {
      await call<unknown>((callback) => pm2.restart(pmId, callback));
    } finally {
      done.abort();
      await killing;
    }
  }
}

/** The holder's start time guards against signalling a stranger that got the pid since. */
async function killStubborn(
  pid: number,
  { clock, patienceMs = 5000 }: Pm2Options,
  done: AbortSignal,
): Promise<void> {
  const holder = holderName(pid);
  await clock.sleep(patienceMs, done);
  if (done.aborted || holder !== holderName(pid) || holderIsDead(holder)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in this very moment, which is what was wanted.
  }
}

async function listProcesses(pm2: Pm2, clock: Clock): Promise<ManagedProcess[]> {
  const entries = await call<unknown[]>((callback) => pm2.list(callback));
  return entries
    .filter((entry): entry is Listed => Value.Check(Listed, entry))
    .map(({ name, pid, pm_id, pm2_env }) => ({
      name,
      pmId: pm_id,
      pid: pid ?? 0,
      status: pm2_env.status,
      exitCode: pm2_env.exit_code ?? null,
      // PM2's word for the time of the start, by the wall clock.
      upMs: pm2_env.pm_uptime === undefined ? null : clock.now() - pm2_env.pm_uptime,
      outLog: null,
      errLog: null,
      restarts: pm2_env.restart_time ?? 0,
    }));
}

async function session<T>(
  { home, clock }: Pm2Options,
  timeoutMs: number,
  work: (pm2: Pm2) => Promise<T>,
): Promise<T> {
  await assertDaemon(home);
  const { default: pm2 } = await import('pm2');
  refuseToLaunch(pm2);
  try {
    return await withDeadline(timeoutMs, clock, async () => {
      await call<unknown>((callback) =>
        pm2.connect((error: Error | null) => callback(error, null)),
      );
      return work(pm2);
    });
  } catch (error) {
    throw unreachable(error instanceof Error ? error.message : String(error), error);
  } finally {
    pm2.disconnect();
  }
}

/** @throws AppError `supervisor_unreachable` unless a daemon lives and we may speak to it. */
async function assertDaemon(home: string): Promise<void> {
  const pidFile = join(home, 'pm2.pid');
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (!(pid > 0)) throw unreachable(`no PM2 daemon runs for ${home} (there is no pm2.pid)`);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') {
      throw unreachable(`the PM2 daemon of ${home} is dead (pid ${pid})`, error);
    }
  }
  // PM2 ends the whole process when it may not use its socket, so that is found out before.
  await access(join(home, 'rpc.sock'), constants.R_OK | constants.W_OK).catch((error: unknown) => {
    throw unreachable(`the PM2 daemon's socket in ${home} cannot be used by this user`, error);
  });
}

function refuseToLaunch(pm2: Pm2): void {
  const { Client } = pm2 as unknown as {
    Client: { launchDaemon: (...args: unknown[]) => void };
  };
  Client.launchDaemon = (...args) => {
    const callback = args.at(-1) as (error: Error) => void;
    callback(new Error('the PM2 daemon went away'));
  };
}

function call<T>(start: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)));
      else resolve(result);
    });
  });
}

function unreachable(reason: string, cause?: unknown): AppError {
  return new AppError('supervisor_unreachable', reason, {
    cause,
    cure: 'start it with npm start, with the same PM2_HOME',
  });
}
