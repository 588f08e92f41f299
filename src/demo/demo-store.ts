import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import { DEMO_FOLDER } from './folder.js';
import type { Pm2Cli } from './pm2-cli.js';
import { freePort } from './ports.js';
import { type MovableStore, whileAway } from './store-files.js';

/** What the demo keeps its data in. */
export interface DemoStore {
  /** What befalls it under `--fault store`, and what ends that. */
  words: { goes: string; isBack: string };
  /** Starts what it needs, before the system, and answers the system's settings for it. */
  start(pm2: Pm2Cli, signal: AbortSignal): Promise<Record<string, string>>;
  /** Has it away while `work` goes on; whatever ends that brings it back. */
  whileAway<T>(work: () => Promise<T>): Promise<T>;
}

/** The demo's database, and where it is put when it is moved away. */
export function demoDatabase(): MovableStore {
  const folder = resolve(DEMO_FOLDER);
  return { path: join(folder, 'sentimentagent.db'), awayFolder: join(folder, 'away') };
}

export function sqliteDemoStore(): DemoStore {
  const database = demoDatabase();
  return {
    words: { goes: 'The database is moved away', isBack: 'The database is back' },
    start: async () => ({ STORE: 'sqlite', SQLITE_PATH: database.path }),
    whileAway: (work) => whileAway(database, work),
  };
}

const ACCOUNT_WITHIN_MS = 20_000;
const SETUP_WITHIN_MS = 60_000;
const CONTROL_WITHIN_MS = 5000;

/**
 * The stand-in for an account of Azure Cosmos DB, set up by the command that sets up a real one. It
 * holds everything in memory, so its data end with it.
 */
export function cosmosDemoStore(clock: Clock): DemoStore {
  let url = '';
  const control = async (method: 'GET' | 'POST' | 'DELETE', what: string, body?: unknown) => {
    const answer = await fetch(`${url}/_control/${what}`, {
      ...{ method, signal: AbortSignal.timeout(CONTROL_WITHIN_MS) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new AppError('internal', `The account answered ${answer.status}`);
  };
  return {
    words: { goes: 'The account answers nothing', isBack: 'The account answers again' },
    async start(pm2, signal) {
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const keyFile = resolve(DEMO_FOLDER, 'cosmos-key');
      const key = randomBytes(64).toString('base64');
      writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
      const settings = ['--name', 'cosmos-account', '--no-autorestart'];
      const args = ['--port', String(port), '--key', key];
      await pm2.run(['start', cli('cosmos-account'), ...settings, '--', ...args]);
      const until = clock.monotonic() + ACCOUNT_WITHIN_MS;
      for (;;) {
        const problem = await control('GET', 'requests').catch((error: unknown) => error ?? true);
        if (problem === undefined) break;
        if (signal.aborted) throw new AppError('cancelled', 'The demo was interrupted');
        if (clock.monotonic() > until) {
          throw new AppError('internal', 'The account did not start', { cause: problem });
        }
        await clock.sleep(100, signal);
      }
      const environment = {
        ...{ STORE: 'cosmos', COSMOS_ENDPOINT: url, COSMOS_KEY_FILE: keyFile, COSMOS_KEY: '' },
        ...{ COSMOS_DATABASE: 'demo', COSMOS_CA_FILE: '' },
      };
      await setUp(environment);
      return environment;
    },
    async whileAway(work) {
      await control('POST', 'faults', { kind: 'silent' });
      try {
        return await work();
      } finally {
        await control('DELETE', 'faults');
      }
    },
  };
}

/** As an operator does it: `npm run cosmos:setup`. */
async function setUp(environment: Record<string, string>): Promise<void> {
  await new Promise<void>((done, failed) => {
    const options = { env: { ...environment, NODE_ENV: 'production' }, timeout: SETUP_WITHIN_MS };
    execFile(process.execPath, [cli('cosmos-setup')], options, (error, stdout, stderr) => {
      if (error === null) done();
      else failed(new AppError('internal', `cosmos:setup failed: ${stderr || stdout}`));
    });
  });
}

const cli = (name: string) => fileURLToPath(new URL(`../cli/${name}.js`, import.meta.url));
