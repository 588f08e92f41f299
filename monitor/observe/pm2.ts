import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import type { Clock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { holderIsDead, holderName } from '../../src/holder.js';
import { withDeadline } from '../../src/retry.js';
import { lookAtDaemon } from './daemon.js';
import { lifeOf, isStranger } from './life.js';
import type { ManagedProcess } from './observation.js';
import { readStat } from './proc.js';
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

type Pm2 = typeof import('pm2') & { Client: Client };
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
    created_at: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
    pm_out_log_path: Type.Optional(Type.String()),
    pm_err_log_path: Type.Optional(Type.String()),
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
    daemon: () => lookAtDaemon(options.home),
    list: () => session(options, options.timeoutMs, (pm2) => listProcesses(pm2, options.clock)),
    restart: (name) =>
      session(options, options.restartTimeoutMs, (pm2) => restart(pm2, name, options)),
  };
}

/**
 * Only what is up or given up, not what somebody has stopped. An app that PM2 is starting or about to start is left alone:
 * PM2 7 lets the start it had planned happen besides the restart, and then runs it twice.
 */
async function restart(pm2: Pm2, name: string, options: Pm2Options): Promise<void> {
  const targets = (await listProcesses(pm2, options.clock)).filter(
    (one) =>
      one.name === name && (one.status === 'online' || (one.pid === 0 && one.status !== 'stopped')),
  );
  if (targets.length === 0) throw new Error(`PM2 lists no ${name} that could be restarted`);
  const daemon = await lookAtDaemon(options.home);
  for (const { pmId, pid } of targets) {
    refuseStranger(pid, name, daemon?.pid ?? null);
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

/** PM2 would signal the pid it remembers, whoever has it by now. */
function refuseStranger(pid: number, name: string, daemonPid: number | null): void {
  const stat = readStat(pid);
  if (stat === null || lifeOf(pid, stat) === 'gone' || !isStranger(stat, daemonPid)) return;
  throw new Error(`PM2 lists pid ${pid} as ${name}, but it is another process; pm2 delete ${name}`);
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
      outLog: logFile(pm2_env.pm_out_log_path),
      errLog: logFile(pm2_env.pm_err_log_path),
      restarts: pm2_env.restart_time ?? 0,
      // Set by start, restart and reload, and left alone after a crash.
      askedAt: pm2_env.created_at ?? null,
    }));
}

/** @param file as PM2 names it; systemd's journal takes the output instead of /dev/null */
function logFile(file: string | undefined): string | null {
  return file === undefined || file === '' || file === '/dev/null' ? null : file;
}

async function session<T>(
  { home, clock }: Pm2Options,
  timeoutMs: number,
  work: (pm2: Pm2) => Promise<T>,
): Promise<T> {
  await assertDaemon(home);
  const pm2 = await privatePm2();
  try {
    const connected = connect(pm2.Client);
    const lost = connectionLost(pm2.Client);
    return await withDeadline(timeoutMs, clock, (signal) =>
      Promise.race([
        lost,
        connected.then(() => {
          signal.throwIfAborted(); // nothing is done that nobody waits for
          return work(pm2);
        }),
      ]),
    );
  } catch (error) {
    throw unreachable(error instanceof Error ? error.message : String(error), error);
  } finally {
    disconnect(pm2.Client);
  }
}

/** @throws AppError `supervisor_unreachable` unless a daemon lives and we may speak to it. */
async function assertDaemon(home: string): Promise<void> {
  const daemon = await lookAtDaemon(home);
  if (daemon === null) throw unreachable(`no PM2 daemon runs for ${home} (there is no pm2.pid)`);
  const { pid, life } = daemon;
  if (life === 'gone') throw unreachable(`the PM2 daemon of ${home} is dead (pid ${pid})`);
  if (life === 'suspended') {
    // It would take the connection and never answer.
    const cure = `continue it: kill -CONT ${pid}`;
    throw unreachable(`the PM2 daemon of ${home} is suspended (pid ${pid})`, undefined, cure);
  }
  await access(join(home, 'rpc.sock'), constants.R_OK | constants.W_OK).catch((error: unknown) => {
    throw unreachable(`the PM2 daemon's socket in ${home} cannot be used by this user`, error);
  });
}

/** The part of PM2's client that its own connect and disconnect are made of. */
interface Client {
  launchDaemon: (...args: unknown[]) => void;
  launchRPC: (callback: (error: Error | null) => void) => void;
  client_sock?: Socket;
}
interface Socket {
  connect: () => Socket;
  close: () => void;
  once: (event: string, listener: (error: Error) => void) => void;
}

/** PM2 with a connection of its own, so that no session closes another's, and that launches nothing. */
async function privatePm2(): Promise<Pm2> {
  const pm2 = (await import('pm2')).default as Pm2;
  const client = Object.create(pm2.Client) as Client;
  client.launchDaemon = (...args) => {
    const callback = args.at(-1) as (error: Error) => void;
    callback(new Error('the PM2 daemon went away'));
  };
  return Object.create(pm2, { Client: { value: client } }) as Pm2;
}

/**
 * Not `pm2.connect`: that tries the daemon with a connection before, which it may leave open,
 * and ends the whole process when it may not use the socket.
 */
function connect(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.launchRPC((error) => (error ? reject(error) : resolve()));
  });
}

/** PM2's client would say nothing, and try again for ever; it is stopped before it tries once. */
function connectionLost(client: Client): Promise<never> {
  return new Promise((_, reject) => {
    client.client_sock?.once('reconnect attempt', () => {
      disconnect(client);
      reject(new Error('the PM2 daemon went away'));
    });
  });
}

/** Not `pm2.disconnect`: that does nothing about a connection that was lost and is tried again. */
function disconnect({ client_sock: socket }: Client): void {
  if (socket === undefined) return;
  socket.connect = () => socket; // what is due to try again
  socket.close();
}

function call<T>(start: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)));
      else resolve(result);
    });
  });
}

const START = 'start it with npm start, with the same PM2_HOME';

function unreachable(reason: string, cause?: unknown, cure = START): AppError {
  return new AppError('supervisor_unreachable', reason, { cause, cure });
}
