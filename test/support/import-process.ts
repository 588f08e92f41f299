import { mkdirSync } from 'node:fs';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { ImportReport } from '../../src/collect/import.js';
import type { ImportCounts } from '../../src/store/import-store.js';
import { temporaryFolder } from './temp.js';

const root = (name: string) => fileURLToPath(new URL(`../../src/cli/${name}.js`, import.meta.url));

export interface CommandEnd {
  /** Exit code, or the signal it died of. */
  code: number | string;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  child: ChildProcess;
  ended: Promise<CommandEnd>;
  /** Resolves when what it wrote to standard error matches; rejects when it ends before. */
  said: (pattern: RegExp) => Promise<void>;
}

/** What `--json` prints. */
export type PrintedReport = ImportReport &
  Omit<ImportCounts, 'skipped'> & { skipped: Record<string, number>; duration_ms: number };

/** A folder with a database of its own, and the commands on it. */
export class ImportBench {
  readonly folder: string;
  readonly database: string;
  readonly #t: Pick<ExecutionContext, 'teardown'>;

  constructor(t: Pick<ExecutionContext, 'teardown'>) {
    this.#t = t;
    // One further down, so that a ../shared beside other temporary folders is not found from it.
    this.folder = join(temporaryFolder(t), 'work');
    mkdirSync(this.folder);
    this.database = join(this.folder, 'store.db');
  }

  start(args: string[], command = 'import', env: Record<string, string> = {}): RunningCommand {
    const child = spawn(process.execPath, [root(command), ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH ?? '', SQLITE_PATH: this.database, ...env },
      stdio: 'pipe',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.stdin.on('error', () => undefined); // it may end without reading
    const ended = new Promise<CommandEnd>((resolve) => {
      child.once('close', (code, signal) => resolve({ code: signal ?? code ?? -1, ...output }));
    });
    this.#t.teardown(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    });
    const said = (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (pattern.test(output.stderr)) resolve();
        };
        child.stderr.on('data', look);
        look();
        void ended.then(() => reject(new Error(`it ended, having said ${output.stderr}`)));
      });
    return { child, ended, said };
  }

  /** Runs it to its end, with `input` as its standard input. */
  async run(args: string[], input: string | Buffer = '', command = 'import'): Promise<CommandEnd> {
    const { child, ended } = this.start(args, command);
    child.stdin?.end(input);
    return ended;
  }

  /** Imports to the end and answers the report and the exit code. */
  async report(args: string[], input: string | Buffer = '') {
    const { code, stdout, stderr } = await this.run(['--json', ...args], input);
    if (!stdout.startsWith('{')) throw new Error(`no report: ${stderr}`);
    return { code, stderr, ...(JSON.parse(stdout) as PrintedReport) };
  }
}
