import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { AppError } from '../errors.js';
import { type Demo, startDemo } from '../demo/demo.js';
import { cosmosDemoStore, type DemoStore, sqliteDemoStore } from '../demo/demo-store.js';
import { DEMO_FOLDER } from '../demo/folder.js';
import { showStoreFault } from '../demo/fault-store.js';
import { cycleTable } from '../demo/table.js';

const help = `
npm run demo -- [--detach] [--store sqlite|cosmos] [--fault store] [--replay FILE…]

The whole system on a simulated Reddit, without any account. Everything lies in ${DEMO_FOLDER}/,
which is made anew. API_PORT chooses the port (8000).

  --detach          end after the first finished cycle, the system goes on (npm run demo:stop)
  --store cosmos    on a stand-in for an account of Azure Cosmos DB, which keeps the data in
                    memory, instead of the embedded database
  --fault store     after that cycle the database is away for seven seconds: shows what the API
                    answers meanwhile, when it is fresh again, a further cycle
  --replay FILE…    recorded Reddit objects ({kind,data} NDJSON, gz) instead of generated ones

Without --detach the logs follow until Ctrl-C, which ends everything and puts the database back.
Exit codes: 0 done, 1 the first cycle failed, something was not as promised under --fault, or
interrupted before the logs; 64 wrong usage; 78 port in use, running already or wrong setting.
`;

const print = (line: string) => void process.stdout.write(`${line}\n`);

await runCommand(
  {
    name: 'demo',
    help,
    options: {
      detach: { type: 'boolean', default: false },
      store: { type: 'string', default: 'sqlite' },
      fault: { type: 'string' },
      replay: { type: 'boolean', default: false },
    },
    positionals: true,
  },
  async ({ values, positionals }, signal) => {
    checkFault(values.fault);
    const store = storeNamed(values.store);
    checkReplay(values.replay, positionals);
    const environment = readEnvironment();
    const { config } = loadSettings(environment);
    const demo = await startDemo({
      environment,
      apiHost: config.api.host,
      apiPort: config.api.port,
      store,
      replay: positionals,
      singleApi: values.fault !== undefined,
      clock: systemClock,
      print,
      signal,
    });
    const { url, pm2, cycle } = demo;
    print('');
    for (const line of cycleTable(cycle)) print(line);
    let good = cycle.status !== 'failed';
    if (good && values.fault !== undefined) good = await showFault(demo, store, signal);
    print(`\nAPI:    ${url}/api/v1/sentiment/stats\nHealth: ${url}/health`);
    if (values.detach) print('Stop:   npm run demo:stop');
    else await followLogs(pm2, signal);
    return good ? 0 : 1;
  },
);

/** Whatever ends it early ends the system, too. */
async function showFault(demo: Demo, store: DemoStore, signal: AbortSignal): Promise<boolean> {
  try {
    return await showStoreFault({ ...demo, store, clock: systemClock, print, signal });
  } catch (error) {
    await demo.pm2.kill();
    throw error;
  }
}

async function followLogs(pm2: Demo['pm2'], signal: AbortSignal): Promise<void> {
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
}

function storeNamed(name: string): DemoStore {
  if (name === 'sqlite') return sqliteDemoStore();
  if (name === 'cosmos') return cosmosDemoStore(systemClock);
  throw new AppError('invalid_request', `--store ${JSON.stringify(name)} is not accepted`, {
    cure: 'it takes sqlite or cosmos',
  });
}

function checkFault(fault: string | undefined): void {
  if (fault === undefined || fault === 'store') return;
  throw new AppError('invalid_request', `--fault ${JSON.stringify(fault)} is not accepted`, {
    cure: '--fault store is the one there is',
  });
}

function checkReplay(replay: boolean, files: string[]): void {
  if (replay === files.length > 0) return;
  const problem = replay ? '--replay needs at least one file' : `"${files[0]}" is not expected`;
  throw new AppError('invalid_request', problem, { cure: '--replay FILE… takes recordings' });
}
