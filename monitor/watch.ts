import type { Clock } from '../src/clock.js';
import type { Config } from '../src/config.js';
import { environmentForPrograms } from '../src/config.js';
import type { Log } from '../src/log.js';
import type { RootContext, Running } from '../src/process.js';
import { withDeadline } from '../src/retry.js';
import { examiner } from './examine.js';
import { figuresOf } from './figures.js';
import { createHeartbeat } from './heartbeat.js';
import { openHistory } from './history.js';
import { createHost, foldersOf } from './host.js';
import { openJournal } from './journal.js';
import { acquireLock } from './lock.js';
import { runLoop } from './loop.js';
import { createMonitorMetrics } from './metrics.js';
import { startMetricsServer } from './metrics-server.js';
import { createNotifiers } from './notify/notifiers.js';
import { pm2Supervisor } from './pm2.js';
import { policyOf } from './policy.js';
import { observe, type ProbeOptions } from './probe.js';
import { watchSelf } from './self.js';
import { silenceReader } from './silence.js';
import { initialState } from './state.js';
import { stateFile } from './state-file.js';
import { createWatchdog } from './watchdog.js';

/** PM2 answers within milliseconds; one that does not is stopped or overwhelmed. */
const PM2_TIMEOUT_MS = 5000;
/** PM2 waits for the old process (kill_timeout) and for the new one (listen_timeout). */
const RESTART_EXTRA_MS = 60_000;
/** A disk that hangs must not stop the probing. */
const DISK_MS = 2000;
/** Rounds of the loop without progress after which systemd is no longer told that it lives. */
const PATIENCE_ROUNDS = 10;

export function probing(config: Config, clock: Clock): ProbeOptions {
  const { healthUrl, timeoutMs } = config.monitor;
  const supervisor = pm2Supervisor({
    home: config.pm2Home,
    clock,
    timeoutMs: PM2_TIMEOUT_MS,
    restartTimeoutMs: config.shutdownDeadlineMs + RESTART_EXTRA_MS,
  });
  const host = createHost({ clock, healthUrl, folders: foldersOf(config) });
  return { healthUrl, timeoutMs, clock, supervisor, host };
}

/**
 * The monitor in its parts, until the signal aborts.
 *
 * @param dryRun takes no lock and writes no file: it changes nothing anywhere
 */
export async function watch(context: RootContext, dryRun: boolean): Promise<Running> {
  const { config, secrets, log, clock, signal, end } = context;
  const { stateDir: folder, intervalMs, healthUrl, metricsPort } = config.monitor;
  const lock = dryRun ? null : await acquireLock(folder);
  const policy = policyOf(config);
  const file = stateFile(folder, clock, log);
  const initial = await file.restore(initialState(clock.monotonic(), policy));
  const journal = openJournal({ folder, clock, log });
  const history = openHistory({ folder, clock, log });
  const notifiers = createNotifiers({ config, secrets, clock, log, dryRun });
  const metrics = createMonitorMetrics();
  const server = startMetricsServer({ port: dryRun ? 0 : metricsPort, metrics, clock, log });
  const { heartbeatUrl: url } = secrets;
  const heartbeat = url === null || dryRun ? null : createHeartbeat({ url, clock, log });
  const watchdog = createWatchdog({
    systemd: dryRun ? null : config.systemd,
    ...{ pid: process.pid, environment: environmentForPrograms(), clock, log },
    patienceMs: PATIENCE_ROUNDS * intervalMs + config.shutdownDeadlineMs + RESTART_EXTRA_MS,
  });
  const self = watchSelf();
  const probe = probing(config, clock);
  const disk = patience(clock, log);
  const silences = silenceReader(folder, log);

  log.info({ healthUrl, pm2_home: config.pm2Home, dry_run: dryRun, ...policy }, 'watching');
  const loop = runLoop(
    {
      ...{ policy, intervalMs, clock, log, dryRun },
      supervisor: probe.supervisor,
      observe: async () => {
        const seen = await observe(probe);
        return {
          ...seen,
          silences: (await disk.run('silences', () => silences(clock.now()))) ?? [],
        };
      },
      notifier: {
        async notify(notice) {
          metrics.notified(notice.kind);
          await notifiers.notify(notice);
        },
      },
      examine: dryRun
        ? async () => ({ place: null, text: 'nothing is looked up in a dry run' })
        : examiner({ folder, clock, log }),
      made: ({ process: name, cause }) => metrics.restarted(name, cause),
      save: async (state) => {
        if (!dryRun) await disk.run('state', () => file.save(state));
      },
      journal: {
        append: async (entries) => {
          if (!dryRun) await disk.run('journal', () => journal.append(entries));
        },
      },
      looked: async (observation, state) => {
        const { queued } = notifiers.figures();
        metrics.observe(observation, figuresOf(state, observation, policy, queued, self.sample()));
        if (!dryRun) await disk.run('history', () => history.record(observation));
        heartbeat?.beat();
        watchdog.progress();
      },
    },
    initial,
    signal,
  );
  watchdog.ready();
  loop.catch((error: unknown) => {
    log.fatal({ err: error }, 'the monitor failed: this is a bug, please report the stack');
    end(1);
  });
  return {
    async close() {
      await loop.catch(() => undefined);
      heartbeat?.close();
      self.close();
      await Promise.all([watchdog.stop(), server.close(), notifiers.close(), disk.idle()]);
      await lock?.release();
    },
  };
}

interface Patience {
  /** Waits no longer than a moment; null: late, or the same still hangs from before. */
  run<T>(what: string, work: () => Promise<T>): Promise<T | null>;
  /** When what is under way has ended, or a moment later. Never throws. */
  idle(): Promise<void>;
}

/** What is to be done on a disk that may hang. */
function patience(clock: Clock, log: Log): Patience {
  const underWay = new Map<string, Promise<unknown>>();
  return {
    async run(what, work) {
      if (underWay.has(what)) return null;
      const done = work().finally(() => underWay.delete(what));
      done.catch(() => undefined);
      underWay.set(what, done);
      try {
        return await withDeadline(DISK_MS, clock, () => done);
      } catch (error) {
        log.error({ err: error, what }, `the disk of MONITOR_STATE_DIR hangs (${what})`);
        return null;
      }
    },
    async idle() {
      const all = Promise.allSettled(underWay.values());
      await withDeadline(DISK_MS, clock, () => all).catch(() => undefined);
    },
  };
}
