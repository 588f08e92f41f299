import { collect } from '../../jobs/collect.js';
import { systemClock } from '../../src/clock.js';
import { loadSettings } from '../../src/config.js';
import { AppError } from '../../src/errors.js';
import { holderName } from '../../src/holder.js';
import { silentLog } from './log.js';

/**
 * A process that runs the job `collect` as often as it is told to, for the crash table: who was stopped and let go
 * on can be used again. It is sent the settings of each run, and answers how that ended.
 */
let runs = 0;

process.on('message', (env: Record<string, string>) => {
  void run(env).then((end) => process.send?.(end));
});
process.on('disconnect', () => process.exit());

async function run(env: Record<string, string>): Promise<string> {
  runs += 1;
  const id = `stopped-${runs}`;
  try {
    const { status } = await collect({
      ...loadSettings(env),
      run: { id, job: 'collect', trigger: 'manual', holder: `${holderName()}:${id}` },
      clock: systemClock,
      log: silentLog,
      signal: AbortSignal.timeout(60_000),
    });
    return status;
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}
