import { runCommand } from '../../src/command.js';
import { AppError } from '../../src/errors.js';

/** `npm run bench -- NAME`: each benchmark is a root of its own, which reads what follows its name. */
const BENCHES: Record<string, string> = {
  collect:
    'one first cycle of the default volume: requests, processor time, memory, with bounds; --json',
  cosmos: 'what cycles, answers and idling cost on Azure Cosmos DB, with bounds; --json',
  memory: 'resident memory of the API under light load; MINUTES FILE',
  'monitor-probes': "processor time and memory of the monitor's rounds; PROBES",
  trending: 'how long questions about topics take in the store; POSTS',
};
const NAMES = Object.keys(BENCHES).join(', ');

const HELP = `Usage: npm run bench -- NAME [what the benchmark takes]

${Object.entries(BENCHES)
  .map(([name, what]) => `  ${name.padEnd(16)}${what}`)
  .join('\n')}

Speed and size, which no test asserts; compare figures of one machine only.

Exit codes: 0 done, 1 a figure is over its bound, 64 wrong usage.
`;

const name = process.argv[2] ?? '';
if (name in BENCHES) {
  process.argv.splice(2, 1);
  await import(`./${name}.js`);
} else {
  await runCommand({ name: 'bench', help: HELP, options: {}, positionals: true }, async () => {
    const what =
      name === '' ? 'which benchmark?' : `there is no benchmark ${JSON.stringify(name)}:`;
    throw new AppError('invalid_request', `${what} There are ${NAMES}`, {
      cure: 'npm run bench -- --help says what each takes',
    });
  });
}
