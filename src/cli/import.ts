import { systemClock } from '../clock.js';
import { importDumps, type ImportReport } from '../collect/import.js';
import { faultyLines, sumCounts } from '../collect/import-counts.js';
import { importLines, skipReporter } from '../collect/import-report.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { importFiles } from '../import-files.js';
import { createLog } from '../log.js';
import { createLexiconScorer } from '../scorer/lexicon.js';
import { progressLine } from '../progress.js';
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

const RESUME = 'run the same command again to resume';

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
    const { config, secrets } = loadSettings(readEnvironment());
    const sources = await importFiles(positionals, options, signal);
    const clock = systemClock;
    const logConfig = { nodeEnv: config.nodeEnv, logLevel: 'warn' } as const;
    const log = await createLog('import', logConfig, secrets, process.stderr);
    const store = await openStore(config, { clock, log, signal, cosmosKey: secrets.cosmosKey });
    const began = clock.monotonic();
    const progress = progressLine(clock, process.stderr);
    const skips = skipReporter((line) => {
      progress.clear();
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
            progress.show(`${file}: ${lines} lines, ${counts.posts_new + counts.comments_new} new`),
        },
        signal,
      ).finally(skips.end); // also when the store fails: a resumed run skips these lines unsaid
      progress.clear();
      const durationMs = Math.round(clock.monotonic() - began);
      process.stdout.write(values.json ? asJson(report, durationMs) : importLines(report));
      return complain(report);
    } catch (error) {
      progress.clear();
      if (signal.aborted) return interrupted();
      process.stderr.write(`import: stopped; ${RESUME}\n`);
      throw error;
    } finally {
      await store.close();
    }
  },
);

/** Says on standard error what is left to do, and answers the exit code. */
function complain(report: ImportReport): number {
  const { files } = report;
  for (const { file, lines, error } of files) {
    if (error === null) continue;
    process.stderr.write(`import: ${file} line ${lines + 1}: ${error}; what precedes is stored\n`);
  }
  if (report.interrupted) return interrupted();
  return files.some(({ error, counts }) => error !== null || faultyLines(counts) > 0) ? 1 : 0;
}

function interrupted(): number {
  process.stderr.write(`import: interrupted; ${RESUME}\n`);
  return 130;
}

function asJson(report: ImportReport, durationMs: number): string {
  return `${JSON.stringify({ ...report, ...sumCounts(report.files), duration_ms: durationMs })}\n`;
}
