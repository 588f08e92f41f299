import { execFile } from 'node:child_process';
import type { Clock } from '../../src/clock.js';
import type { SystemdConfig } from '../../src/config.js';
import type { Log } from '../../src/log.js';

export interface WatchdogOptions {
  systemd: SystemdConfig | null;
  /** Of this process. */
  pid: number;
  /** For systemd-notify; it needs PATH (src/config.ts). */
  environment: Record<string, string>;
  /** A loop that has come to no end for so long makes no progress. */
  patienceMs: number;
  clock: Clock;
  log: Log;
}

export interface Watchdog {
  /** Once, when the monitor watches. */
  ready(): void;
  /** At the end of each round of the loop. */
  progress(): void;
  /** Once, when it ends. Waits a moment for systemd to hear it. */
  stop(): Promise<void>;
}

const NOTIFY_WITHIN_MS = 5000;
const STOP_WITHIN_MS = 1000;

/**
 * Tells systemd that the monitor is ready and lives, through systemd-notify: Node has no
 * datagram sockets of the UNIX kind. It is that program's message, so the unit must have
 * `NotifyAccess=all`.
 *
 * Only the process that systemd itself started speaks. Below PM2 the same variables are
 * inherited, but there the service is PM2 with all that it runs: for a monitor that hangs
 * systemd would then end the API.
 */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const { systemd, pid, environment, patienceMs, clock, log } = options;
  const silent = { ready: () => undefined, progress: () => undefined, stop: async () => undefined };
  if (systemd === null || (systemd.mainPid !== null && systemd.mainPid !== pid)) return silent;
  const tell = teller({ ...environment, NOTIFY_SOCKET: systemd.socket }, log);
  const stopped = new AbortController();
  let progressAt = clock.monotonic();

  async function feed(watchdogMs: number): Promise<void> {
    while (!stopped.signal.aborted) {
      if (clock.monotonic() - progressAt <= patienceMs) await tell('WATCHDOG=1');
      await clock.sleep(watchdogMs / 2, stopped.signal);
    }
  }

  return {
    ready() {
      progressAt = clock.monotonic();
      const told = tell('READY=1');
      const { watchdogMs } = systemd;
      if (watchdogMs !== null) void told.then(() => feed(watchdogMs));
    },
    progress() {
      progressAt = clock.monotonic();
    },
    async stop() {
      stopped.abort();
      await Promise.race([tell('STOPPING=1'), clock.sleep(STOP_WITHIN_MS)]);
    },
  };
}

/** Says what is wrong once; without the program, it says nothing more to systemd either. */
function teller(env: Record<string, string>, log: Log): (state: string) => Promise<void> {
  let missing = false;
  let warned = false;
  return (state) =>
    new Promise((resolve) => {
      if (missing) return resolve();
      execFile('systemd-notify', [state], { env, timeout: NOTIFY_WITHIN_MS }, (error) => {
        if (error === null) warned = false;
        else if (!warned) {
          warned = true;
          missing = error.code === 'ENOENT';
          const why = missing ? 'systemd-notify is not installed' : 'systemd-notify failed';
          log.warn({ err: error }, `systemd does not hear from the monitor: ${why}`);
        }
        resolve();
      });
    });
}
