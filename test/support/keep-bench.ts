import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { ExecutionContext } from 'ava';
import { systemClock, toIso } from '../../src/clock.js';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { testConfig } from './config.js';
import { ImportBench } from './import-process.js';
import { aComment, aPost } from './items.js';
import { silentLog } from './log.js';

const HOUR = 3_600_000;
const DAILY = fileURLToPath(new URL('./daily-root.js', import.meta.url));
/** In every text of `told`. */
export const MARKER = 'Zaphod-Beeblebrox';

export const ago = (hours: number) => toIso(systemClock.now() - hours * HOUR);

/** A folder with a database, two days of retention, and what is run on it. */
export class KeepBench {
  readonly commands: ImportBench;
  readonly database: string;
  readonly backups: string;
  readonly env: Record<string, string>;
  readonly #t: ExecutionContext;

  constructor(t: ExecutionContext, env: Record<string, string> = {}) {
    this.#t = t;
    this.commands = new ImportBench(t);
    this.database = this.commands.database;
    this.backups = join(this.commands.folder, 'backups');
    const own = { SQLITE_PATH: this.database, BACKUP_DIR: this.backups };
    this.env = { ...own, DATA_RETENTION_DAYS: '2', ...env };
  }

  get config() {
    return testConfig(this.env);
  }

  async withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore(this.config, { clock: systemClock, log: silentLog });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  command(name: string, args: string[] = [], env: Record<string, string> = {}) {
    return this.commands.start(args, name, { ...this.env, ...env }).ended;
  }

  /** The daily jobs of these names, in a process that is killed with the test. */
  daily(...jobs: string[]): { child: ChildProcess; ended: Promise<DailyEnd> } {
    const child = spawn(process.execPath, [DAILY, ...jobs], {
      cwd: this.commands.folder,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', ...this.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#t.teardown(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const ended = new Promise<DailyEnd>((resolve) => {
      child.once('close', (code, signal) =>
        resolve({
          code: signal ?? code ?? -1,
          outcomes: output
            .split('\n')
            .flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Outcome))),
        }),
      );
    });
    return { child, ended };
  }

  /** Makes the database larger by so many megabytes, in a table that nobody reads. */
  inflate(megabytes: number): void {
    this.sql((db) => {
      const insert = db.prepare(
        `INSERT INTO imports (key, file, lines, counts, finished, updated_at)
         VALUES (?, 'inflated', 0, ?, 1, '')`,
      );
      const text = 'x'.repeat(1_000_000);
      db.transaction(() => {
        for (let n = 0; n < megabytes; n += 1) insert.run(`inflated ${n}`, text);
      })();
    });
  }

  sql<T>(use: (db: Database.Database) => T): T {
    const db = new Database(this.database);
    try {
      return use(db);
    } finally {
      db.close();
    }
  }

  /** Files of the store that hold the marker in their bytes. */
  tellTales(): string[] {
    return ['', '-wal', '-shm']
      .map((suffix) => this.database + suffix)
      .filter((path) => existsSync(path) && readFileSync(path).includes(MARKER));
  }
}

interface Outcome {
  job: string;
  status: string;
  reason?: string;
}

interface DailyEnd {
  code: number | string;
  outcomes: Outcome[];
}

/** A post and a comment of so many hours ago each, with the marker in every text. */
export function told(hours: readonly number[]): { posts: NewPost[]; comments: NewComment[] } {
  const text = { author: MARKER, content: `${MARKER} `.repeat(60) };
  const posts = hours.map((h) =>
    aPost({
      ...{ id: `p${h}`, created_utc: ago(h), ...text, title: MARKER },
      ...{ url: `https://example.org/${MARKER}`, permalink: `/r/claude/comments/p${h}/${MARKER}/` },
    }),
  );
  const comments = hours.map((h) =>
    aComment({
      ...{ id: `c${h}`, post_id: `p${h}`, created_utc: ago(h), ...text },
      permalink: `/r/claude/comments/p${h}/${MARKER}/c${h}/`,
    }),
  );
  return { posts, comments };
}

export const hoursFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, n) => first + n);
