import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { AppError } from '../errors.js';
import { DEMO_FOLDER, startDemo } from '../demo/demo.js';
import { cycleTable } from '../demo/table.js';

const help = `
npm run demo -- [--detach] [--replay FILE…]

The whole system on a simulated Reddit, without any account. Everything lies in ${DEMO_FOLDER}/,
which is made anew. API_PORT chooses the port (8000).

  --detach          end after the first finished cycle, the system goes on (npm run demo:stop)
  --replay FILE…    recorded Reddit objects ({kind,data} NDJSON, gz) instead of generated ones

Without --detach the logs follow until Ctrl-C, which ends everything.
Exit codes: 0 done, 1 the first cycle failed, 78 port in use, running already or wrong setting.
`;

await runCommand(
  {
    name: 'demo',
    help,
    options: {
      detach: { type: 'boolean', default: false },
      replay: { type: 'boolean', default: false },
    },
    positionals: true,
  },
  async ({ values, positionals }, signal) => {
    checkReplay(values.replay, positionals);
    const environment = readEnvironment();
    const { config } = loadSettings(environment);
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const { url, pm2, cycle } = await startDemo({
      environment,
      apiHost: config.api.host,
      apiPort: config.api.port,
      replay: positionals,
      clock: systemClock,
      print,
      signal,
    });
    print('');
    for (const line of cycleTable(cycle)) print(line);
    print(`\nAPI:    ${url}/api/v1/sentiment/stats\nHealth: ${url}/health`);
    const exitCode = cycle.status === 'failed' ? 1 : 0;
    if (values.detach) {
      print('Stop:   npm run demo:stop');
      return exitCode;
    }
    print('\nThe logs follow; Ctrl-C ends everything.\n');
    const logs = pm2.follow(['logs', '--raw', '--lines', '5']);
    await new Promise<void>((resolve) => {
      logs.once('exit', () => resolve());
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    logs.kill();
    print('\nEnding everything …');
    await pm2.kill();
    return exitCode;
  },
);

function checkReplay(replay: boolean, files: string[]): void {
  if (replay === files.length > 0) return;
  const problem = replay ? '--replay needs at least one file' : `"${files[0]}" is not expected`;
  throw new AppError('invalid_request', problem, { cure: '--replay FILE… takes recordings' });
}
