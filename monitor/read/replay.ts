import { once } from 'node:events';
import { runCommand } from '../../src/command.js';
import { loadSettings, readEnvironment } from '../../src/config.js';
import { EnvSchema } from '../../src/config-schema.js';
import { AppError } from '../../src/errors.js';
import type { Policy } from '../rules/policy.js';
import { policyOf } from '../rules/policy.js';
import { readRecorded } from '../records/recorded.js';
import { decisionLine, type Replay, type ReplaySummary, startReplay } from './replaying.js';
import { count, duration, utc } from './words.js';
import { oneLine } from '../text.js';

const HELP = `Usage: npm run monitor:replay -- [--from TIME] [--policy KEY=VALUE]… FILE…

Feeds a recorded history to the rules of the monitor, and prints what they decide and
when. Nothing is touched: no process, no lock, no state. A history is what the monitor
records in MONITOR_STATE_DIR: observations.1.ndjson (older) and observations.ndjson, or
its journal (which has only what led to something: MONITOR_FAILURES=1); plain or gzip.

  --from TIME         leave out what is older, such as 2026-01-31T12:00:00Z
  --policy KEY=VALUE  another setting than the configured one, such as
                      MONITOR_FAILURES=5; repeatable
  --help              this text

Exit codes: 0 done, 1 some lines could not be used, 64 wrong arguments or a file that
cannot be read, 78 wrong configuration.
`;

/** Bad lines that are named one by one. */
const NAMED = 20;

process.stdout.on('error', () => process.exit()); // the reader has seen enough: replay | head

await runCommand(
  {
    name: 'monitor:replay',
    help: HELP,
    positionals: true,
    options: { from: { type: 'string' }, policy: { type: 'string', multiple: true } },
  },
  async ({ values, positionals }, signal) => {
    if (positionals.length === 0) throw wrong('it takes a FILE');
    const fromMs = values.from === undefined ? Number.NEGATIVE_INFINITY : moment(values.from);
    const replay = startReplay(policyWith(values.policy ?? []));
    let bad = 0;
    for (const path of positionals) {
      if (!signal.aborted) bad += await replayFile(path, replay, fromMs, signal);
    }
    if (signal.aborted) return 130;
    process.stdout.write(inWords(replay.summary(), bad));
    return bad === 0 ? 0 : 1;
  },
);

/** Answers how many of its lines could not be used. */
async function replayFile(
  path: string,
  replay: Replay,
  fromMs: number,
  signal: AbortSignal,
): Promise<number> {
  let bad = 0;
  for await (const recorded of readRecorded(path)) {
    if (signal.aborted) break;
    if (recorded.kind === 'bad') {
      bad += 1;
      if (bad <= NAMED) process.stderr.write(`${path} line ${recorded.line}: ${recorded.why}\n`);
    } else if (recorded.kind === 'observation') {
      const { observation, run } = recorded;
      if (Date.parse(observation.time) < fromMs) continue;
      for (const action of replay.feed(observation, run)) {
        const line = `${utc(observation.time)}  ${oneLine(decisionLine(action))}\n`;
        if (!process.stdout.write(line)) await once(process.stdout, 'drain');
      }
    }
  }
  if (bad > NAMED) process.stderr.write(`${path}: and ${bad - NAMED} more such lines\n`);
  return bad;
}

function moment(time: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw wrong(`--from ${JSON.stringify(time)} is no time: such as 2026-01-31T12:00:00Z`);
  }
  return ms;
}

/** Checked as the environment is, so that a slip is told with what would be right. */
function policyWith(changes: string[]): Policy {
  const environment = readEnvironment();
  const policy = policyOf(loadSettings(environment).config);
  if (changes.length === 0) return policy;
  const given = Object.fromEntries(changes.map(assignment));
  try {
    return policyOf(loadSettings({ ...environment, ...given }).config);
  } catch (error) {
    throw error instanceof AppError ? wrong(`--policy: ${error.message}`) : error;
  }
}

function assignment(change: string): [key: string, value: string] {
  const at = change.indexOf('=');
  const key = change.slice(0, Math.max(at, 0));
  if (key.startsWith('MONITOR_') && key in EnvSchema.properties && at < change.length - 1) {
    return [key, change.slice(at + 1)];
  }
  throw wrong(`--policy ${JSON.stringify(change)}: it takes KEY=VALUE with a key MONITOR_…`);
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message, {
    cure: 'npm run monitor:replay -- --help lists what it takes',
  });
}

function inWords(summary: ReplaySummary, bad: number): string {
  const { probes, runs, from, to, incidents, restarts, notices } = summary;
  const unusable = bad === 0 ? '' : `${count(bad, 'line')} could not be used\n`;
  if (from === null || to === null) return `No observation to replay\n${unusable}`;
  const kinds = Object.entries(notices).map(([kind, many]) => `${many} ${kind}`);
  const told = Object.values(notices).reduce((sum, many) => sum + many, 0);
  return [
    `${count(probes, 'probe')} by ${count(runs, 'run')} of the monitor, ${utc(from)} to ${utc(to)}`,
    ` (${duration(Date.parse(to) - Date.parse(from))})\n`,
    `${count(incidents, 'incident')}, ${count(restarts, 'restart')}, ${count(told, 'notice')}`,
    `${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}\n${unusable}`,
  ].join('');
}
