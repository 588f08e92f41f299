import type { Clock } from '../src/clock.js';
import { type Config, environmentForPrograms } from '../src/config.js';
import type { RootContext, Running } from '../src/process.js';
import { examiner } from './evidence/examine.js';
import { openFiles } from './records/files.js';
import { figuresOf } from './figures/figures.js';
import { createHeartbeat } from './notify/heartbeat.js';
import { createHost, foldersOf } from './observe/host.js';
import { acquireLock } from './records/lock.js';
import { runLoop } from './loop.js';
import { createMonitorMetrics } from './figures/metrics.js';
import { startMetricsServer } from './figures/metrics-server.js';
import { createNotifiers } from './notify/notifiers.js';
import { pm2Supervisor } from './observe/pm2.js';
import { policyOf } from './rules/policy.js';
import { observe, type ProbeOptions } from './observe/probe.js';
import { watchSelf } from './figures/self.js';
import { initialState } from './rules/state.js';
import { createWatchdog } from './notify/watchdog.js';

/** PM2 answers within milliseconds; one that does not is stopped or overwhelmed. */
const PM2_TIMEOUT_MS = 5000;
/** More than PM2 may take for a restart by its own settings: of several instances, one by one. */
const RESTART_SLACK_MS = 25_000;
/** Rounds of the loop without progress after which systemd is no longer told that it lives. */
const PATIENCE_ROUNDS = 10;

export function probing(config: Config, clock: Clock): ProbeOptions {
  const { healthUrl, timeoutMs } = config.monitor;
  const supervisor = pm2Supervisor({
    home: config.pm2Home,
    clock,
    timeoutMs: PM2_TIMEOUT_MS,
    restartTimeoutMs: policyOf(config).restartMs + RESTART_SLACK_MS,
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
  const files = openFiles({
    ...{ folder, clock, log, readOnly: dryRun },
    restartMs: policy.restartMs,
  });
  const initial = await files.restore(initialState(clock.monotonic(), policy));
  const notifiers = createNotifiers({ config, secrets, clock, log, dryRun });
  const metrics = createMonitorMetrics();
  const server = startMetricsServer({ port: dryRun ? 0 : metricsPort, metrics, clock, log });
  const { heartbeatUrl: url } = secrets;
  const heartbeat = url === null || dryRun ? null : createHeartbeat({ url, clock, log });
  const watchdog = createWatchdog({
    systemd: dryRun ? null : config.systemd,
    ...{ pid: process.pid, environment: environmentForPrograms(), clock, log },
    patienceMs: PATIENCE_ROUNDS * intervalMs + policy.restartMs + RESTART_SLACK_MS,
  });
  const self = watchSelf();
  const probe = probing(config, clock);

  log.info({ healthUrl, pm2_home: config.pm2Home, dry_run: dryRun, ...policy }, 'watching');
  const loop = runLoop(
    {
      ...{ policy, intervalMs, clock, log, dryRun },
      supervisor: probe.supervisor,
      observe: async () => {
        const [seen, silences] = await Promise.all([observe(probe), files.silences()]);
        return { ...seen, silences };
      },
      notifier: {
        async notify(notice) {
          metrics.notified(notice);
          await notifiers.notify(notice);
        },
      },
      examine: dryRun
        ? async () => ({ place: null, text: 'nothing is looked up in a dry run' })
        : examiner({ folder, clock, log }),
      made: ({ process: name, cause }) => metrics.restarted(name, cause),
      save: files.save,
      journal: files,
      looked: async (observation, state) => {
        const { queued } = notifiers.figures();
        metrics.observe(observation, figuresOf(state, observation, policy, queued, self.sample()));
        await files.record(observation);
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
      await Promise.all([watchdog.stop(), server.close(), notifiers.close(), files.idle()]);
      await lock?.release();
    },
  };
}
