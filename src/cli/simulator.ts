import { AppError } from '../errors.js';
import { runProcess } from '../process.js';
import { parseArguments, USAGE } from '../simulator/arguments.js';
import { loadRecordings } from '../simulator/recordings.js';
import { startSimulator } from '../simulator/run.js';

/** What is wrong with arguments or files is told in one line, before anything is logged. */
async function inputsOrExit() {
  try {
    const options = parseArguments(process.argv.slice(2));
    return { options, recordings: options.help ? [] : await loadRecordings(options.replay) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const cure = error.cure === undefined ? '' : `; ${error.cure}`;
    process.stderr.write(`simulator: ${error.message}${cure}\n`);
    process.exit(error.exitCode);
  }
}

const { options, recordings } = await inputsOrExit();
if (options.help) {
  process.stdout.write(USAGE);
} else {
  await runProcess('simulator', async ({ config, clock, log }) => {
    const simulator = await startSimulator(options, recordings, config.subreddits, clock, log);
    // Among the log's lines on standard output; the only one that begins with this key.
    process.stdout.write(`${simulator.readyLine}\n`);
    return simulator;
  });
}
