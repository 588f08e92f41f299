import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { collect } from '../../jobs/collect.js';
import { systemClock } from '../../src/clock.js';
import { loadSettings } from '../../src/config.js';
import type { RequestEvent } from '../../src/cosmos-account/holds.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { holderName } from '../../src/holder.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { setUpDatabase } from './cosmos-store.js';
import { silentLog } from './log.js';
import type { Simulation } from './reddit.js';

/** Sees the requests for one database, and may do something at them. */
export type Watch = (event: RequestEvent) => Promise<'lost' | undefined> | undefined;

interface Process {
  pid: number;
  signal(signal: NodeJS.Signals): void;
}

/** A process that stays for the next one who needs it. */
export interface Worker extends Process {
  /** Runs the job `collect`; answers its status, or the code of the error that it ended with. */
  collect(database: string): Promise<string>;
}

/** A real `npm run collect` on a database. */
export interface Collector extends Process {
  ended: Promise<{ by: number | NodeJS.Signals; output: string; errors: string }>;
}

export type Documents = Record<string, unknown>[];

const RUN_WITHIN_MS = 120_000;
const WORKER = fileURLToPath(new URL('./cosmos-crash-root.js', import.meta.url));
const COLLECT = fileURLToPath(new URL('../../src/cli/collect.js', import.meta.url));

/**
 * The stand-in for an account, in this process, with a database for every point, and what it takes to let
 * cycles run on them and meet with something at their requests, also on several at once.
 */
export class CosmosCrashBench {
  readonly #reddit: Simulation;
  readonly #watches = new Map<string, Watch>();
  readonly #children = new Set<ChildProcess>();
  readonly #idle: Worker[] = [];
  #account: CosmosAccount | null = null;
  #number = 0;
  #cycles = 0;

  constructor(reddit: Simulation) {
    this.#reddit = reddit;
  }

  /** To be awaited before anything else. */
  async start(): Promise<void> {
    this.#account = await startCosmosAccount({
      onRequest: (event) => this.#watches.get(event.database ?? '')?.(event),
    });
  }

  get #standIn(): CosmosAccount {
    if (this.#account === null) throw new Error('the bench was not started');
    return this.#account;
  }

  /** A database of its own: with nothing in it, or with what another one holds. */
  async fresh(from?: string): Promise<string> {
    this.#number += 1;
    const database = `point-${this.#number}`;
    const { url: endpoint, key } = this.#standIn;
    if (from === undefined) await setUpDatabase({ endpoint, key, database });
    else this.#standIn.copy(from, database);
    return database;
  }

  /** A database of its own that is dropped afterwards. */
  async withCopy(from: string, use: (database: string) => Promise<void>): Promise<void> {
    const database = await this.fresh(from);
    try {
      await use(database);
    } finally {
      this.drop(database);
    }
  }

  drop(database: string): void {
    this.#watches.delete(database);
    this.#standIn.drop(database);
  }

  documents(database: string, container: 'items' | 'control'): Documents {
    return this.#standIn.documents(database, container);
  }

  /** From now on; null: nobody. */
  watch(database: string, watch: Watch | null): void {
    if (watch === null) this.#watches.delete(database);
    else this.#watches.set(database, watch);
  }

  env(database: string): Record<string, string> {
    return {
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      STORE: 'cosmos',
      COSMOS_ENDPOINT: this.#standIn.url,
      COSMOS_KEY: this.#standIn.key,
      COSMOS_DATABASE: database,
      DB_RETRY_BASE_DELAY: '0.1', // lost answers lead to a repetition by the store's caller
      SUBREDDITS: this.#reddit.subreddits.join(','),
      REDDIT_CLIENT_ID: 'id',
      REDDIT_CLIENT_SECRET: 'secret',
      REDDIT_USER_AGENT: 'crash-table/1',
      REDDIT_BASE_URL: this.#reddit.url,
      COLLECTION_INTERVAL_MINUTES: '1440', // so that each cycle sees more than half of everything again
    };
  }

  settings(database: string) {
    return loadSettings(this.env(database));
  }

  async withStore<T>(database: string, use: (store: Store) => Promise<T>): Promise<T> {
    const { config, secrets } = this.settings(database);
    const { cosmosKey } = secrets;
    const store = await openStore(config, { clock: systemClock, log: silentLog, cosmosKey });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  /** Starts the command `collect`. Whoever runs too long is killed. */
  startCollector(database: string): Collector {
    const child = spawn(process.execPath, [COLLECT, '--json'], {
      env: { PATH: process.env.PATH ?? '', ...this.env(database) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (errors += text));
    const ended = new Promise<Awaited<Collector['ended']>>((resolve, reject) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), RUN_WITHIN_MS);
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        this.#children.delete(child);
        resolve({ by: signal ?? code ?? -1, output, errors });
      });
    });
    return { ended, pid: child.pid ?? 0, signal: (signal) => void child.kill(signal) };
  }

  /** Lends a worker; one that fails whoever uses it is not lent again. */
  async withWorker(use: (worker: Worker) => Promise<void>): Promise<void> {
    const worker = this.#idle.pop() ?? this.#startWorker();
    try {
      await use(worker);
      this.#idle.push(worker);
    } catch (error) {
      worker.signal('SIGKILL');
      throw error;
    }
  }

  #startWorker(): Worker {
    const child = fork(WORKER, { env: { PATH: process.env.PATH ?? '' } });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return {
      pid: child.pid ?? 0,
      signal: (signal) => void child.kill(signal),
      collect: async (database) => {
        const signal = AbortSignal.timeout(RUN_WITHIN_MS);
        const answered = once(child, 'message', { signal });
        child.send(this.env(database));
        const [end] = (await answered) as [string];
        return end;
      },
    };
  }

  /** A whole cycle of that command, to its end; throws unless it succeeds. Answers its record. */
  async collect(database: string): Promise<Cycle> {
    const { by, output, errors } = await this.startCollector(database).ended;
    if (by !== 0) throw new Error(`the cycle ended with ${by}: ${errors.trim()}`);
    return (JSON.parse(output) as { cycle: Cycle }).cycle;
  }

  /** The cycle after it, by the job that a runner would run next, in this process; throws unless it succeeds. */
  async collectHere(database: string): Promise<Cycle> {
    this.#cycles += 1;
    const id = `comes-after-${this.#cycles}`;
    const outcome = await collect({
      ...this.settings(database),
      run: { id, job: 'collect', trigger: 'manual', holder: `${holderName()}:${id}` },
      clock: systemClock,
      log: silentLog,
      signal: AbortSignal.timeout(RUN_WITHIN_MS),
    });
    if (outcome.status !== 'succeeded') {
      throw new Error(`the cycle after it ${outcome.status}: ${outcome.reason ?? 'no reason'}`);
    }
    const cycles = await this.withStore(database, (store) => store.cycles({ limit: 10 }));
    const cycle = cycles.find((one) => one.id === id);
    if (cycle === undefined) throw new Error('the cycle after it left no record');
    return cycle;
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#account?.close();
  }
}
