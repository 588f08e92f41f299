import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.js';
import { type Config, loadSettings, readEnvironment } from '../src/config.js';
import { AppError, toAppError } from '../src/errors.js';
import { type RootContext, type Running, runProcess } from '../src/process.js';
import { createHost, foldersOf } from './host.js';
import { acquireLock, type Lock } from './lock.js';
import { runLoop } from './loop.js';
import { logNotifier } from './notify/log.js';
import type { Observation } from './observation.js';
import { pm2Supervisor } from './pm2.js';
import { policyOf } from './policy.js';
import { observe, type ProbeOptions } from './probe.js';
import { initialState } from './state.js';
import { stateFile } from './state-file.js';

const HELP = `Usage: npm run monitor -- [--once | --dry-run]

Watches the API's /health and PM2's processes, restarts through PM2 what lives but does
not serve, and logs an alert when a restart would not help.

  --once     print one observation as JSON and exit: 0 healthy, 1 degraded, 2 unhealthy
             or no answer
  --dry-run  decide and log, but restart nothing; runs beside the real monitor
  --help     this text

Other exit codes: 64 wrong arguments, 69 cannot start now, 78 wrong configuration or
another monitor runs. Settings: MONITOR_* in the README's table.
`;

/** PM2 answers within milliseconds; one that does not is stopped or overwhelmed. */
const PM2_TIMEOUT_MS = 5000;
/** PM2 waits for the old process (kill_timeout) and for the new one (listen_timeout). */
const RESTART_EXTRA_MS = 60_000;

function arguments_(): { once: boolean; dryRun: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return { once: values.once, dryRun: values['dry-run'], help: values.help };
  } catch (error) {
    throw new AppError('invalid_request', error instanceof Error ? error.message : String(error), {
      cure: 'npm run monitor -- --help lists what it takes',
    });
  }
}

function probeOptions(config: Config): ProbeOptions {
  const { healthUrl, timeoutMs } = config.monitor;
  const supervisor = pm2Supervisor({
    home: config.pm2Home,
    clock: systemClock,
    timeoutMs: PM2_TIMEOUT_MS,
    restartTimeoutMs: config.shutdownDeadlineMs + RESTART_EXTRA_MS,
  });
  const host = createHost({ clock: systemClock, healthUrl, folders: foldersOf(config) });
  return { healthUrl, timeoutMs, clock: systemClock, supervisor, host };
}

async function once(): Promise<void> {
  const { config } = loadSettings(readEnvironment());
  const observation = await observe(probeOptions(config));
  process.stdout.write(`${JSON.stringify(observation, null, 2)}\n`);
  process.exitCode = exitCodeOf(observation);
}

function exitCodeOf({ outcome }: Observation): number {
  if (outcome.kind === 'no_answer') return 2;
  return { healthy: 0, degraded: 1, unhealthy: 2 }[outcome.status];
}

/** @param dryRun takes no lock and writes no state: it changes nothing anywhere. */
async function watch(context: RootContext, dryRun: boolean): Promise<Running> {
  const { config, log, clock, signal, end } = context;
  const { stateDir, intervalMs, healthUrl } = config.monitor;
  const lock: Lock | null = dryRun ? null : await acquireLock(stateDir);
  const file = stateFile(stateDir, clock, log);
  const policy = policyOf(config);
  const state = await file.restore(initialState(clock.monotonic(), policy));
  const probing = probeOptions(config);
  log.info({ healthUrl, pm2_home: config.pm2Home, dry_run: dryRun, ...policy }, 'watching');
  const loop = runLoop(
    {
      observe: () => observe(probing),
      supervisor: probing.supervisor,
      notifier: logNotifier(log),
      policy,
      intervalMs,
      clock,
      log,
      save: dryRun ? async () => undefined : (changed) => file.save(changed),
      journal: { append: async () => undefined },
      examine: async () => ({ place: null, text: 'nothing was looked up' }),
      looked: () => undefined,
      dryRun,
    },
    state,
    signal,
  );
  loop.catch((error: unknown) => {
    log.fatal({ err: error }, 'the monitor failed: this is a bug, please report the stack');
    end(1);
  });
  return {
    async close() {
      await loop.catch(() => undefined);
      await lock?.release();
    },
  };
}

try {
  const { once: onlyOnce, dryRun, help } = arguments_();
  if (help) process.stdout.write(HELP);
  else if (onlyOnce) await once();
  else await runProcess('monitor', (context) => watch(context, dryRun));
} catch (error) {
  const known = toAppError(error);
  const cause = known.code === 'internal' ? ` (${String(known.cause)})` : '';
  process.stderr.write(`monitor: ${known.message}${cause}. ${known.cure ?? ''}\n`);
  process.exitCode = known.exitCode;
}
