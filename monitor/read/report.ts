import type { IncidentSummary } from './incidents.js';
import type { JournalEntry } from '../records/journal-entry.js';
import { runbookSection } from './runbook.js';
import { whatHappened } from './story.js';
import { count, duration, utc } from './words.js';
import { oneLine } from '../text.js';

/** Of `--list`: the newest so many. */
const LISTED = 20;

/** Incidents, newest first, a line each, or as JSON. Pure. */
export function listed(all: IncidentSummary[], json: boolean): string {
  const newest = all.slice(-LISTED).reverse();
  if (json) return `${JSON.stringify({ incidents: newest.map(head) })}\n`;
  if (newest.length === 0) return 'No incident is on record.\n';
  const width = Math.max(...newest.map(({ id }) => oneLine(id).length));
  return newest
    .map((one) => `${oneLine(one.id).padEnd(width)}  ${one.state.padEnd(9)}  ${line(one)}\n`)
    .join('');
}

function line({ cause, began, ended, restarts }: IncidentSummary): string {
  const lasted =
    ended === null
      ? `since ${utc(began)}`
      : `lasted ${duration(Date.parse(ended) - Date.parse(began))}`;
  return `${oneLine(cause)}, ${lasted}, ${count(restarts, 'restart')}`;
}

/** A line for each incident but `one` that is not over. Pure. */
export function otherOpen(all: IncidentSummary[], one: IncidentSummary): string[] {
  return all
    .filter(({ id, ended }) => id !== one.id && ended === null)
    .slice(-LISTED)
    .map(({ id }) => `Open as well: npm run monitor:why -- --incident ${oneLine(id)}`);
}

/** What `--json` prints of one incident. Pure. */
export function asProgramsSee(entries: JournalEntry[], summary: IncidentSummary): object {
  const looks = entries.flatMap(({ observation }) => (observation === null ? [] : [observation]));
  return {
    ...head(summary),
    what: whatHappened(entries, summary),
    runbook: runbookSection(summary.cause),
    entries: entries.map(({ time, event, cause, text }) => ({ time, event, cause, text })),
    observation: looks[0] ?? null,
    last_observation: looks.at(-1) ?? null,
  };
}

function head({ id, subject, cause, state, began, ended, ...rest }: IncidentSummary): object {
  return {
    ...{ incident: id, state, subject, cause, began, ended },
    duration_seconds:
      ended === null ? null : Math.max(0, (Date.parse(ended) - Date.parse(began)) / 1000),
    restarts: rest.restarts,
    budget_left: rest.budgetLeft,
    last_entry: rest.told,
  };
}
