import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.js';
import { loadSettings, readEnvironment } from '../src/config.js';
import { AppError, toAppError } from '../src/errors.js';
import { runProcess } from '../src/process.js';
import type { Observation } from './observe/observation.js';
import { observe } from './observe/probe.js';
import { probing, watch } from './watch.js';

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

async function once(): Promise<void> {
  const { config } = loadSettings(readEnvironment());
  const observation = await observe(probing(config, systemClock));
  process.stdout.write(`${JSON.stringify(observation, null, 2)}\n`);
  process.exitCode = exitCodeOf(observation);
}

function exitCodeOf({ outcome }: Observation): number {
  if (outcome.kind === 'no_answer') return 2;
  return { healthy: 0, degraded: 1, unhealthy: 2 }[outcome.status];
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
