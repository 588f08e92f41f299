import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/clock.js';
import { openStore } from '../../src/store/open.js';
import type { Store, VerifyReport } from '../../src/store/store.js';
import { testConfig } from './config.js';
import { silentLog } from './log.js';
import type { Simulation } from './reddit.js';
import { temporaryFolder } from './temp.js';

export const LEASE_SECONDS = 2;
export const INTERVAL_SECONDS = 3;
const POLL_MS = 20;

/** One of the two runners. */
export interface Runner {
  machine: string;
  pid: number;
  lines: { msg?: string; run?: string; status?: string; reason?: string }[];
  exit: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
}

/** Who has the lease, by the database. */
export interface Held {
  epoch: number;
  pid: number;
  cycle: string;
}

/** One store, real jobs processes on it, and a note of each write with the process that made it. */
export interface TakeoverBench {
  folder: string;
  databasePath: string;
  start(machine: string): Runner;
  held(): Held | null;
  /** The lease's epoch: how often it has been given away. */
  epoch(): number;
  /** The newest records, with the process that ran each. */
  recent(): { id: string; status: string; pid: number }[];
  /** Writes by a process that did not have the lease, and how many there were of all. */
  writes(): { strangers: string[]; noted: number };
  verify(): Promise<VerifyReport>;
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ROOT = file('./takeover-jobs-root.js');
const PRELOAD = pathToFileURL(file('./takeover-preload-root.js')).href;
/** Written without a lease, by whoever runs; and the lease itself, of which nothing is to be proved by itself. */
const FREE = ['heartbeat', 'requests', 'rate_budget', 'lease', 'meta', 'imports'];

export async function takeoverBench(
  t: { teardown(release: () => unknown): void },
  reddit: Simulation,
): Promise<TakeoverBench> {
  const folder = temporaryFolder(t);
  const databasePath = join(folder, 'store.db');
  const config = testConfig({ SQLITE_PATH: databasePath });
  const withStore = async <T>(use: (store: Store) => Promise<T>): Promise<T> => {
    const store = await openStore(config, { clock: systemClock, log: silentLog });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  };
  await withStore(async () => undefined);
  noteWrites(databasePath);
  const database = new Database(databasePath, { readonly: true });
  t.teardown(() => database.close());
  const env = {
    NODE_ENV: 'production',
    SQLITE_PATH: databasePath,
    SUBREDDITS: reddit.subreddits.join(','),
    REDDIT_CLIENT_ID: 'id',
    REDDIT_CLIENT_SECRET: 'secret',
    REDDIT_USER_AGENT: 'takeovers/1',
    REDDIT_BASE_URL: reddit.url,
    COLLECTION_INTERVAL_MINUTES: String(INTERVAL_SECONDS / 60),
    COLLECTION_DEADLINE_MINUTES: '1',
    LEASE_SECONDS: String(LEASE_SECONDS),
    TEST_ORDERS: folder,
  };
  return {
    ...{ folder, databasePath },
    start: (machine) => startRunner(t, machine, env, folder),
    held: () => heldIn(database),
    epoch: () => database.prepare('SELECT epoch FROM lease').pluck().get() as number,
    recent: () => recentIn(database),
    writes: () => writesIn(database),
    verify: () => withStore((store) => store.verify({ repair: false })),
  };
}

/**
 * Every write to what a lease protects leaves a note of the process that made it and of the
 * lease as it stood in that transaction. `writer()` comes from takeover-preload-root.ts: a process without
 * it cannot write at all.
 */
function noteWrites(path: string): void {
  const database = new Database(path);
  const free = FREE.map((name) => `'${name}'`).join(', ');
  const tables = database
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
       AND name NOT IN (${free})`,
    )
    .pluck()
    .all() as string[];
  database.exec('CREATE TABLE test_writes (what TEXT, pid INTEGER, epoch INTEGER, holder TEXT)');
  for (const table of tables) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      database.exec(`CREATE TRIGGER test_${table}_${event} AFTER ${event} ON ${table} BEGIN
        INSERT INTO test_writes SELECT '${event} ${table}', writer(), epoch, holder FROM lease;
      END`);
    }
  }
  database.close();
}

/** `host:pid:start:boot:run`, see src/holder.ts. */
const pidOf = (holder: string | null) => Number(holder?.split(':')[1] ?? 0);

function writesIn(database: Database.Database): { strangers: string[]; noted: number } {
  const rows = database
    .prepare(
      'SELECT what, pid, epoch, holder, count(*) AS times FROM test_writes GROUP BY 1, 2, 3, 4',
    )
    .all() as { what: string; pid: number; epoch: number; holder: string | null; times: number }[];
  return {
    noted: rows.reduce((sum, { times }) => sum + times, 0),
    strangers: rows
      .filter(({ pid, holder }) => pidOf(holder) !== pid)
      .map((row) => `${row.what} by ${row.pid} while ${row.holder} had epoch ${row.epoch}`),
  };
}

function heldIn(database: Database.Database): Held | null {
  const row = database.prepare('SELECT epoch, holder, cycle_id FROM lease').get() as {
    epoch: number;
    holder: string | null;
    cycle_id: string | null;
  };
  if (row.holder === null) return null;
  return { epoch: row.epoch, pid: pidOf(row.holder), cycle: row.cycle_id ?? '' };
}

function recentIn(database: Database.Database): { id: string; status: string; pid: number }[] {
  const rows = database
    .prepare('SELECT id, status, holder FROM cycles ORDER BY started_at DESC, id DESC LIMIT 200')
    .all() as { id: string; status: string; holder: string }[];
  return rows.map(({ id, status, holder }) => ({ id, status, pid: pidOf(holder) }));
}

function startRunner(
  t: { teardown(release: () => unknown): void },
  machine: string,
  env: Record<string, string>,
  cwd: string,
): Runner {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', `${PRELOAD}?machine=${machine}`, ROOT],
    {
      cwd,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: Runner['lines'] = [];
  if (child.stdout === null) throw new Error('no output to read');
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Runner['lines'][number]);
  });
  const exit = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return {
    ...{ machine, lines, exit, pid: child.pid ?? 0 },
    signal: (signal) => void child.kill(signal),
  };
}

/** Looks until there is an answer; says what it waited for when there is none in time. */
export async function awaited<T>(
  what: string,
  look: () => T | null | undefined | Promise<T | null | undefined>,
  withinMs: number,
): Promise<T> {
  const end = systemClock.monotonic() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    if (systemClock.monotonic() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await systemClock.sleep(POLL_MS);
  }
}

/** The byte of SQLite's -shm file whose lock is the right to write (WAL_WRITE_LOCK, walformat.html). */
const WRITE_LOCK = 120;

/**
 * A process that is stopped within a transaction keeps SQLite's lock, and then nobody can write
 * whatever the lease says: it is let go on until its other thread, which beats the heart, is out of it.
 */
export async function standStill(runner: Runner): Promise<void> {
  await systemClock.sleep(POLL_MS);
  while (holdsWriteLock(runner.pid)) {
    runner.signal('SIGCONT');
    await systemClock.sleep(POLL_MS);
    runner.signal('SIGSTOP');
    await systemClock.sleep(POLL_MS);
  }
}

/** By /proc/locks, see proc(5): `N: POSIX ADVISORY WRITE pid device:inode from to`. */
function holdsWriteLock(pid: number): boolean {
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(
      (lock) => lock[3] === 'WRITE' && Number(lock[4]) === pid && Number(lock[6]) === WRITE_LOCK,
    );
}
