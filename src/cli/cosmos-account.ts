import { parseArguments, USAGE } from '../cosmos-account/arguments.js';
import { startCosmosAccount } from '../cosmos-account/run.js';
import { AppError } from '../errors.js';
import { runProcess } from '../process.js';

/** What is wrong with arguments is told in one line, before anything is logged. */
function optionsOrExit() {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`cosmos-account: ${error.message}\n`);
    process.exit(error.exitCode);
  }
}

const { help, port, key, throughput, replicaLag } = optionsOrExit();
if (help) {
  process.stdout.write(USAGE);
} else {
  await runProcess('cosmos-account', async ({ clock, log }) => {
    const account = await startCosmosAccount({
      ...{ clock, port, throughput, replicaLag },
      ...(key === undefined ? {} : { key }),
      onFailure: (error) => log.error({ err: error }, 'the account failed'),
    });
    const ready = { url: account.url, key: account.key, pid: process.pid };
    // Among the log's lines on standard output; the only one that begins with this key.
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return account;
  });
}
