import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { fileBytes, fingerprint, pipeBytes, unpacked } from '../bytes.js';
import { systemClock } from '../clock.js';
import { importDumps, type ImportReport } from '../collect/import.js';
import { faultyLines, sumCounts } from '../collect/import-counts.js';
import { importLines, skipReporter } from '../collect/import-report.js';
import type { ImportOptions, ImportSource } from '../collect/import-source.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { AppError } from '../errors.js';
import { createLog } from '../log.js';
import { createLexiconScorer } from '../scorer/lexicon.js';
import { openStore } from '../store/open.js';

const HELP = `Usage: npm run import -- [--keep-history] [--retime] [--json] [--help] FILE…

Stores the posts and comments of dumps: one object of Reddit's a line, bare or as
{"kind", "data"}, plain or gzip; - is standard input. Numbers may be text, the author may be
missing. The store is the one that the configuration names; everything may run meanwhile.

Only items that are not stored yet are added: what is there is newer than a dump. Running
the same command again is harmless, and goes on where an interrupted run was (standard
input is read from its start). Each line that is not stored is named on standard error.

  --keep-history  store items older than DATA_RETENTION_DAYS, too, and exempt all from it;
                  without it older items are skipped as past_retention
  --retime        shift all times by the same so that the newest item is now;
                  not with standard input, as it reads twice
  --json          print the report as one JSON object
  --help          print this

Exit codes: 0 all stored or known (past_retention allowed), 1 some lines were not or a file
broke off, 64 wrong usage or unreadable file, 69 store unreachable, 78 wrong configuration or
unusable store, 130 interrupted: the same command goes on.
`;

/** Progress is shown from then on, and where a person is looking. */
const PROGRESS_AFTER_MS = 2000;

await runCommand(
  {
    name: 'import',
    help: HELP,
    options: {
      'keep-history': { type: 'boolean', default: false },
      retime: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
    positionals: true,
  },
  async ({ values, positionals }, signal) => {
    const options = { keepHistory: values['keep-history'], retime: values.retime };
    if (positionals.length === 0) throw wrong('No file is given');
    const { config, secrets } = loadSettings(readEnvironment());
    const sources = await sourcesOf(positionals, options, signal);
    const clock = systemClock;
    const logConfig = { nodeEnv: config.nodeEnv, logLevel: 'warn' } as const;
    const log = await createLog('import', logConfig, secrets, process.stderr);
    const store = await openStore(config, { clock, log, signal });
    const began = clock.monotonic();
    const progress = (line: string) => {
      if (!process.stderr.isTTY || clock.monotonic() - began < PROGRESS_AFTER_MS) return;
      process.stderr.write(`\r\u001b[K${line}`);
    };
    const skips = skipReporter((line) => {
      progress('');
      process.stderr.write(`${line}\n`);
    });
    try {
      const report = await importDumps(
        sources,
        options,
        {
          ...{ store, clock, subreddits: config.subreddits },
          scorer: createLexiconScorer(),
          retentionDays: config.collection.retentionDays,
          onSkip: skips.skip,
          onProgress: ({ file, lines, counts }) =>
            progress(`${file}: ${lines} lines, ${counts.posts_new + counts.comments_new} new`),
        },
        signal,
      );
      skips.end();
      progress('');
      const durationMs = Math.round(clock.monotonic() - began);
      process.stdout.write(values.json ? asJson(report, durationMs) : importLines(report));
      return complain(report);
    } finally {
      await store.close();
    }
  },
);

/** Says on standard error what is left to do, and answers the exit code. */
function complain({ files, interrupted }: ImportReport): number {
  for (const { file, lines, error } of files) {
    if (error === null) continue;
    process.stderr.write(`import: ${file} line ${lines + 1}: ${error}; what precedes is stored\n`);
  }
  if (interrupted) {
    process.stderr.write('import: interrupted; run the same command again to resume\n');
    return 130;
  }
  return files.some(({ error, counts }) => error !== null || faultyLines(counts) > 0) ? 1 : 0;
}

function asJson(report: ImportReport, durationMs: number): string {
  return `${JSON.stringify({ ...report, ...sumCounts(report.files), duration_ms: durationMs })}\n`;
}

/** @throws AppError `invalid_request` for what cannot be read, before anything is stored. */
async function sourcesOf(
  names: readonly string[],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ImportSource[]> {
  if (names.filter((name) => name === '-').length > 1) {
    throw wrong('Standard input (-) can be given only once');
  }
  const prints: (string | null)[] = []; // null: it can be read only once
  for (const name of names) {
    const print = name === '-' ? null : await printOf(name, signal);
    if (print === null && options.retime) {
      const what = name === '-' ? 'standard input (-)' : name;
      throw wrong(`--retime reads everything twice, and ${what} can be read only once`);
    }
    prints.push(print);
  }
  return names.map((name, index) => {
    const print = prints[index] ?? null;
    const all = options.retime ? prints : null; // the newest of all decides about each
    const key = print === null ? null : sha256(JSON.stringify([print, options, all]));
    const bytes = () => {
      if (name === '-') return standardInput(signal);
      return print === null ? pipeBytes(name, signal) : fileBytes(name);
    };
    return { name, key, open: () => unpacked(bytes()) };
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Null for a pipe, which looking at would use up. */
async function printOf(path: string, signal: AbortSignal): Promise<string | null> {
  try {
    const found = await stat(path);
    if (found.isFIFO()) return null;
    // A terminal or a socket may never end, and a read of it cannot be ended.
    if (!found.isFile() && !found.isDirectory()) throw new Error('it is neither a file nor a pipe');
    return await fingerprint(path, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a directory',
      EACCES: 'this user may not read it',
    };
    throw wrong(`${path} cannot be read: ${why[code ?? ''] ?? (error as Error).message}`);
  }
}

/** Ends with an error when `signal` aborts: whoever should write to it may never do. */
async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* addAbortSignal(signal, process.stdin) as AsyncIterable<Uint8Array>;
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message, {
    cure: 'give files of one post or comment a line, plain or gzip, or - for standard input; npm run import -- --help says more',
  });
}
