import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { DEFAULT_DATABASE } from '../config-schema.js';
import { AppError } from '../errors.js';
import { createLog } from '../log.js';

const HELP = `Usage: npm run cosmos:setup -- [--throughput N] [--print] [--json] [--help]

Makes the database and the containers of the store in the account of Azure
Cosmos DB that the configuration names (STORE=cosmos, COSMOS_ENDPOINT, the key,
COSMOS_DATABASE), with their indexes and times to live. What is there already is
looked at; where indexes are missing, the container gets our indexing policy in
the place of its own. No document is removed. It may be repeated at any time.

  --throughput N  RU/s that the containers share, when the database is made;
                  without it the account decides (serverless takes none)
  --print         instead, print the commands of Azure's own command line that
                  do the same; no account is asked
  --json          print what was done as one JSON object
  --help          print this

Exit codes: 0 everything is as it should be, 64 wrong usage, 69 the account
cannot be reached, 78 wrong configuration, a key that may not do this, or a
container with another partition key.
`;

/** https://learn.microsoft.com/azure/cosmos-db/concepts-limits#minimum-throughput-limits */
const LEAST_THROUGHPUT = 400;
const ATTEMPT_MS = 10_000;
const PATIENCE_MS = 60_000;

await runCommand(
  {
    name: 'cosmos:setup',
    help: HELP,
    options: {
      throughput: { type: 'string' },
      print: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }, signal) => {
    const throughput = throughputOf(values.throughput);
    if (values.print) {
      const { azureCommands } = await import('../store/cosmos/account/commands.js');
      const database = readEnvironment().COSMOS_DATABASE ?? DEFAULT_DATABASE;
      process.stdout.write(azureCommands(database, throughput));
      return 0;
    }
    const steps = await setUpAccount(throughput, signal);
    const [first] = steps;
    const text = steps.map(({ what, name, outcome, lacked }) => {
      const tail = lacked.length === 0 ? '' : `: it lacked ${lacked.join('; ')}`;
      return `${what} ${name}: ${outcome}${tail}\n`;
    });
    if (throughput !== null && first?.outcome !== 'created') {
      process.stderr.write(
        'The throughput stays as it is, for the database was there: az cosmosdb sql database throughput update changes it.\n',
      );
    }
    process.stdout.write(values.json ? `${JSON.stringify({ steps })}\n` : text.join(''));
    return 0;
  },
);

async function setUpAccount(throughput: number | null, signal: AbortSignal) {
  const { config, secrets } = loadSettings(readEnvironment());
  const { cosmos } = config.store;
  if (cosmos === null || secrets.cosmosKey === null) {
    throw new AppError('config_invalid', 'STORE is not cosmos', {
      cure: 'set STORE=cosmos, COSMOS_ENDPOINT and COSMOS_KEY_FILE in the environment or in .env',
    });
  }
  const { openAccount } = await import('../store/cosmos/account/open-account.js');
  const { setUp } = await import('../store/cosmos/account/setup.js');
  const logConfig = { nodeEnv: config.nodeEnv, logLevel: 'warn' } as const;
  const { endpoint, database, caFile, maxConnections } = cosmos;
  const account = openAccount({
    ...{ endpoint, database, key: secrets.cosmosKey, signal, clock: systemClock },
    ...(caFile === null ? {} : { caFile }),
    log: await createLog('cosmos:setup', logConfig, secrets, process.stderr),
    ...{ maxSockets: maxConnections, attemptMs: ATTEMPT_MS, patienceMs: PATIENCE_MS },
  });
  try {
    return await setUp(account.definitions, { database, throughput });
  } finally {
    await account.close();
  }
}

function throughputOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  const number = Number(given);
  if (/^\d{1,7}$/.test(given) && number >= LEAST_THROUGHPUT && number % 100 === 0) return number;
  throw new AppError('invalid_request', `--throughput ${JSON.stringify(given)} is not accepted`, {
    cure: `it takes a multiple of 100 from ${LEAST_THROUGHPUT} on`,
  });
}
