import { type Clock, systemClock } from './clock.js';
import { loadSettings, readEnvironment, type Settings } from './config.js';
import { type AppError, toAppError } from './errors.js';
import { createLog, flushLog, type Log } from './log.js';

export interface RootContext extends Settings {
  log: Log;
  clock: Clock;
  /** Aborts when the process is told to end, also while it is still starting. */
  signal: AbortSignal;
  /** Ends the process as a signal would, with this exit code. */
  end: (exitCode: number) => void;
}

/** What `start` built: released once, within the shutdown deadline. */
export interface Running {
  close(): Promise<void>;
}

/**
 * The frame of every long-lived process: environment → configuration → log → `start`
 * → `ready` to PM2 → signals → `close` → exit 0. An error at start ends with its exit
 * code and one line that names cause and cure; an error that nobody caught ends with 1.
 *
 * Not close-with-grace: that exits with 1 at the second signal, and systemd stopping PM2
 * sends each process two.
 */
export async function runProcess(
  name: string,
  start: (context: RootContext) => Promise<Running>,
): Promise<void> {
  const began = systemClock.monotonic();
  const stop = new AbortController();
  const frame: Frame = { log: await fallbackLog(name), deadlineMs: 10_000, stop, running: null };
  const end = (exitCode: number, reason: string) => void shutDown(frame, exitCode, reason);

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (frame.ending) frame.log.info({ signal }, 'already shutting down');
      else end(0, signal);
    });
  }
  // PM2's daemon died: as an orphan this process would be restarted by nobody, and would be in
  // the way of the one that the next daemon starts. Processes without an IPC channel never see it.
  process.on('disconnect', () => end(0, 'PM2 is gone'));
  process.on('uncaughtException', (error) => {
    frame.log.fatal({ err: error }, 'uncaught exception: this is a bug, please report the stack');
    end(1, 'uncaught exception');
  });
  process.on('unhandledRejection', (error) => {
    frame.log.fatal({ err: error }, 'unhandled rejection: this is a bug, please report the stack');
    end(1, 'unhandled rejection');
  });

  try {
    const settings = loadSettings(readEnvironment());
    const { config, secrets } = settings;
    frame.log = await createLog(name, config, secrets);
    frame.deadlineMs = config.shutdownDeadlineMs;
    frame.log.info({ node: process.version, cwd: process.cwd() }, 'starting');
    frame.log.info({ config }, 'configuration');
    for (const warning of settings.warnings) frame.log.warn(warning);
    frame.running = await start({
      ...settings,
      log: frame.log,
      clock: systemClock,
      signal: stop.signal,
      end: (exitCode) => end(exitCode, 'ended by itself'),
    });
    if (frame.ending) return;
    frame.log.info({ ms: Math.round(systemClock.monotonic() - began) }, 'start-up complete');
    process.send?.('ready');
  } catch (error) {
    if (frame.ending) return; // told to end while starting: the shutdown finishes it
    const known = toAppError(error);
    frame.log.fatal(startFailure(known), startLine(known));
    if (!frame.log.isLevelEnabled('fatal')) process.stderr.write(`${name}: ${startLine(known)}\n`);
    await flushLog();
    process.exit(known.exitCode);
  }
}

interface Frame {
  log: Log;
  deadlineMs: number;
  stop: AbortController;
  running: Running | null;
  ending?: boolean;
}

async function shutDown(frame: Frame, exitCode: number, reason: string): Promise<void> {
  if (frame.ending) return;
  frame.ending = true;
  frame.log.info({ reason, deadline_ms: frame.deadlineMs }, 'shutting down');
  setTimeout(() => {
    frame.log.error({ deadline_ms: frame.deadlineMs }, 'shutdown deadline passed: ending anyway');
    void flushLog().then(() => (exitCode <= 1 ? endNow() : process.exit(exitCode)));
  }, frame.deadlineMs).unref();
  frame.stop.abort();
  try {
    await frame.running?.close();
    frame.log.info('shut down');
    await flushLog();
    process.exit(exitCode);
  } catch (error) {
    frame.log.error({ err: error }, 'shutdown failed: exiting anyway');
    await flushLog();
    process.exit(1);
  }
}

/**
 * `process.exit` waits for every thread, and one in a call of SQLite's (a VACUUM, a backup, a long
 * question) does not end before that does. Only 69 and 78, which say what PM2 is to do, are worth the wait.
 */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

function startLine(error: AppError): string {
  const message = `cannot start: ${error.message}`;
  if (error.cure === undefined) return message;
  return `${message}${/[.?!]$/.test(message) ? '' : '.'} Cure: ${error.cure}`;
}

/** The stack helps only when we do not know the cause. */
function startFailure(error: AppError): object {
  const known = { code: error.code, exit_code: error.exitCode };
  return error.code === 'internal' ? { ...known, err: error.cause ?? error } : known;
}

/** Before the configuration is known; NODE_ENV may be the very key that is wrong. */
function fallbackLog(name: string): Promise<Log> {
  const production = readEnvironmentSafely().NODE_ENV === 'production';
  const nodeEnv = production ? 'production' : 'development';
  return createLog(name, { nodeEnv, logLevel: 'info' });
}

function readEnvironmentSafely(): Record<string, string | undefined> {
  try {
    return readEnvironment();
  } catch {
    return {};
  }
}
