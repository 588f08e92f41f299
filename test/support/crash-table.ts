import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { collect } from '../../jobs/collect.js';
import { systemClock } from '../../src/clock.js';
import { loadSettings } from '../../src/config.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { holderName } from '../../src/holder.js';
import { openStore } from '../../src/store/open.js';
import { type Store } from '../../src/store/store.js';
import { testConfig } from './config.js';
import { silentLog } from './log.js';
import type { Simulation } from './reddit.js';

/** Where the process is to die: at a write of the cycle, or some time after its start or end. */
type Death = { point: string } | { afterMs: number } | 'after its last write';

/** One write of a cycle, and when, after the start of its process, it had been done. */
export interface Write {
  name: string;
  afterMs: number;
}

type Row = Record<string, unknown>;

/** What a store holds, but for the times at which it got it. */
export interface Content {
  posts: Row[];
  comments: Row[];
  rollups: Row[];
  terms: unknown[];
}

const RUN_WITHIN_MS = 60_000;
const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const JOBS = root('./crash-jobs-root.js');
const COLLECT = root('../../src/cli/collect.js');

/** A folder of databases, and what it takes to let cycles run on them and die, also on several at once. */
export class CrashBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'sentimentagent-crash-'));
  readonly #reddit: Simulation;
  #number = 0;
  readonly #children = new Set<ChildProcess>();

  constructor(reddit: Simulation) {
    this.#reddit = reddit;
  }

  /** A database of its own, copied from another closed one. */
  fresh(from?: string): string {
    this.#number += 1;
    const path = join(this.folder, `${this.#number}.db`);
    if (from !== undefined) cpSync(from, path);
    return path;
  }

  env(path: string): Record<string, string> {
    return {
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      SQLITE_PATH: path,
      SUBREDDITS: this.#reddit.subreddits.join(','),
      REDDIT_CLIENT_ID: 'id',
      REDDIT_CLIENT_SECRET: 'secret',
      REDDIT_USER_AGENT: 'crash-table/1',
      REDDIT_BASE_URL: this.#reddit.url,
      COLLECTION_INTERVAL_MINUTES: '1440', // so that each cycle sees more than half of everything again
    };
  }

  async withStore<T>(path: string, use: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore(testConfig(this.env(path)), {
      clock: systemClock,
      log: silentLog,
    });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  /** Runs the real jobs process with a cycle asked for, until it dies; answers that cycle's writes. */
  async dieIn(path: string, death: Death): Promise<Write[]> {
    await this.withStore(path, (store) => store.requestCycle('dies'));
    const journal = `${path}.journal`;
    const point = typeof death === 'object' && 'point' in death ? death.point : '';
    const began = Date.now();
    const child = this.#spawn(JOBS, [], path, {
      TEST_CRASH_POINT: point,
      TEST_CRASH_JOURNAL: journal,
    });
    const ended = exitOf(child);
    if (death === 'after its last write') {
      await written(journal, 'finishCycle');
      child.kill('SIGKILL');
    } else if ('afterMs' in death) {
      await systemClock.sleep(death.afterMs);
      child.kill('SIGKILL');
    }
    const signal = await ended;
    if (signal !== 'SIGKILL') throw new Error(`it ended with ${signal}, not by SIGKILL`);
    if (!existsSync(journal)) return [];
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    const writes = lines.map((line) => {
      const [name = '', at] = line.split(' ');
      return { name, afterMs: Number(at) - began };
    });
    const last = writes.findIndex(({ name }) => name === 'finishCycle');
    return last === -1 ? writes : writes.slice(0, last + 1); // the runner's own cycle may follow
  }

  /**
   * The same, told to end by SIGTERM at a write; answers the record of the cycle, or null when
   * it never began. Throws unless it ends with 0: past its deadline it would end with 1.
   */
  async endIn(path: string, point: string): Promise<Cycle | null> {
    await this.withStore(path, (store) => store.requestCycle('told-to-end'));
    const code = await exitOf(
      this.#spawn(JOBS, [], path, { TEST_CRASH_POINT: point, TEST_CRASH_SIGNAL: 'SIGTERM' }),
    );
    if (code !== 0) throw new Error(`it ended with ${code}, not with 0`);
    const cycles = await this.withStore(path, (store) => store.cycles({ limit: 10 }));
    return cycles.find(({ id }) => id === 'told-to-end') ?? null;
  }

  /**
   * One whole cycle in this process, by the job that a runner would run next: a second less than a
   * command takes to start. Throws unless it succeeds.
   */
  async collectHere(path: string): Promise<void> {
    const id = 'comes-after';
    const outcome = await collect({
      ...loadSettings(this.env(path)),
      run: { id, job: 'collect', trigger: 'manual', holder: `${holderName()}:${id}` },
      clock: systemClock,
      log: silentLog,
      signal: AbortSignal.timeout(RUN_WITHIN_MS),
    });
    if (outcome.status !== 'succeeded') {
      throw new Error(`the cycle after it ${outcome.status}: ${outcome.reason ?? 'no reason'}`);
    }
  }

  /** One whole cycle by the command `collect`; throws unless it succeeds. */
  async collect(path: string): Promise<void> {
    const code = await exitOf(this.#spawn(COLLECT, ['--json'], path, {}));
    if (code !== 0) throw new Error(`the cycle after it ended with ${code}`);
  }

  #spawn(script: string, args: string[], path: string, more: Record<string, string>) {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, ...this.env(path), ...more },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function written(journal: string, write: string): Promise<void> {
  const end = systemClock.monotonic() + RUN_WITHIN_MS;
  while (!existsSync(journal) || !readFileSync(journal, 'utf8').includes(write)) {
    if (systemClock.monotonic() > end) throw new Error(`no ${write} within ${RUN_WITHIN_MS} ms`);
    await systemClock.sleep(50);
  }
}

/** Exit code or signal; SIGTERM, and with it a failure, when it goes on too long. */
function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGTERM'), RUN_WITHIN_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(signal ?? code ?? -1);
    });
  });
}

export function contentOf(path: string): Content {
  const database = new Database(path, { readonly: true });
  try {
    const all = (sql: string) => database.prepare(sql).all();
    const strip = (rows: unknown[]) =>
      (rows as Row[]).map(
        ({ collected_at: _, updated_at: __, thread_read_at: ___, ...kept }) => kept,
      );
    return {
      posts: strip(all('SELECT * FROM posts ORDER BY id')),
      comments: strip(all('SELECT * FROM comments ORDER BY id')),
      rollups: strip(all('SELECT * FROM rollups_hourly ORDER BY subreddit, hour')),
      terms: all('SELECT * FROM post_terms ORDER BY subreddit, hour'),
    };
  } finally {
    database.close();
  }
}
