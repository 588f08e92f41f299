import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { runCommand } from '../../src/command.js';
import { loadSettings, readEnvironment } from '../../src/config.js';
import { AppError } from '../../src/errors.js';
import { holderIsDead } from '../../src/holder.js';
import { entriesOfIncident, type IncidentSummary, summaries } from './incidents.js';
import { readJournal } from '../records/journal-reader.js';
import { asProgramsSee, listed, otherOpen } from './report.js';
import { story } from './story.js';

const HELP = `Usage: npm run monitor:why -- [--incident ID | --list] [--json]

Prints the last incident in plain words: what happened, since when, what was seen,
what was done about it, whether it is over, and what to do now. It reads the journal
in MONITOR_STATE_DIR and needs no running monitor. Times are UTC.

  --incident ID  that incident rather than the last one
  --list         the recent incidents, newest first, a line each
  --json         the same for programs; "state" is open, escalated or closed
  --help         this text

Exit codes: 0 printed, also when there was no incident; 1 no such incident; 64 wrong
arguments; 78 wrong configuration, or a journal that cannot be read.
`;

await runCommand(
  {
    name: 'monitor:why',
    help: HELP,
    options: {
      incident: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }) => {
    if (values.list && values.incident !== undefined) {
      throw new AppError('invalid_request', '--list and --incident exclude each other', {
        cure: 'give one of them',
      });
    }
    const folder = loadSettings(readEnvironment()).config.monitor.stateDir;
    const bad: string[] = [];
    const all = await summaries(readJournal(folder, (line) => bad.push(line)));
    if (bad.length > 0) {
      process.stderr.write(`monitor:why: ${bad.length} lines are no entries, ${bad[0]} first\n`);
    }
    if (values.list) process.stdout.write(listed(all, values.json));
    else await tell(folder, all, chosen(all, values.incident), values.json);
    return 0;
  },
);

function chosen(all: IncidentSummary[], id: string | undefined): IncidentSummary | null {
  if (id === undefined) return all.at(-1) ?? null;
  const found = all.find((one) => one.id === id);
  if (found !== undefined) return found;
  throw new AppError('not_found', `there is no incident ${JSON.stringify(id)} on record`, {
    cure: 'npm run monitor:why -- --list names them',
  });
}

async function tell(
  folder: string,
  all: IncidentSummary[],
  one: IncidentSummary | null,
  json: boolean,
): Promise<void> {
  if (one === null) {
    const text = `No incident is on record in ${folder}.\n`;
    process.stdout.write(json ? '{"incident":null}\n' : text);
    return;
  }
  const entries = await entriesOfIncident(readJournal(folder), one.id);
  if (json) {
    process.stdout.write(`${JSON.stringify(asProgramsSee(entries, one))}\n`);
    return;
  }
  process.stdout.write(story(entries, systemClock.now()));
  const notes = otherOpen(all, one);
  if (one.ended === null && !(await monitorRuns(folder))) {
    notes.push('No monitor runs with this MONITOR_STATE_DIR: things may have changed since.');
  }
  if (notes.length > 0) process.stdout.write(`\n${notes.join('\n')}\n`);
}

/** As far as its lock says. */
async function monitorRuns(folder: string): Promise<boolean> {
  const holder = await readFile(join(folder, 'monitor.lock'), 'utf8').catch(() => null);
  return holder !== null && !holderIsDead(holder);
}
