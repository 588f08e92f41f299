import type { JournalEntry } from '../records/journal-entry.js';

/**
 * An incident as its journal tells it. `escalated`: open, and no restart is made any more until
 * a human has looked.
 */
export type IncidentState = 'open' | 'escalated' | 'closed';

export interface IncidentSummary {
  id: string;
  subject: string;
  /** Of its newest entry: it may change while the incident lasts. */
  cause: string;
  /** ISO time of the first failing probe, to the second. */
  began: string;
  /** ISO time of its end; null while it lasts. */
  ended: string | null;
  state: IncidentState;
  restarts: number;
  /** Restarts left as of the newest entry that says so; null when none does. */
  budgetLeft: number | null;
  /** ISO time of its newest entry. */
  told: string;
}

/** Incidents that are remembered while a journal is read: the newest. */
const MAX_INCIDENTS = 1000;

/** All incidents of a journal, in the order of their first entries. */
export async function summaries(entries: AsyncIterable<JournalEntry>): Promise<IncidentSummary[]> {
  const found = new Map<string, IncidentSummary>();
  for await (const entry of entries) {
    found.set(entry.incident, withEntry(found.get(entry.incident), entry));
    if (found.size > MAX_INCIDENTS) {
      const [oldest] = found.keys();
      if (oldest !== undefined) found.delete(oldest);
    }
  }
  return [...found.values()];
}

/** Of one incident; null without entries. */
export function summarise(entries: JournalEntry[]): IncidentSummary | null {
  let summary: IncidentSummary | undefined;
  for (const entry of entries) summary = withEntry(summary, entry);
  return summary ?? null;
}

function withEntry(before: IncidentSummary | undefined, entry: JournalEntry): IncidentSummary {
  const { incident: id, subject, cause, time, event } = entry;
  const summary: IncidentSummary = before ?? {
    ...{ id, subject, cause, ended: null, state: 'open', restarts: 0, budgetLeft: null },
    ...{ began: beginOf(id) ?? time, told: time },
  };
  const over = event === 'recovery' || event === 'closed';
  // A judgement may come long after the end: it does not open the incident again.
  const begins = event === 'opened';
  const ended = over ? (summary.ended ?? time) : begins ? null : summary.ended;
  const escalated = event === 'escalation' || (summary.state === 'escalated' && !begins);
  return {
    ...summary,
    cause: cause === '' ? summary.cause : cause,
    ended,
    state: ended !== null ? 'closed' : escalated ? 'escalated' : 'open',
    restarts: summary.restarts + (event === 'restart' ? 1 : 0),
    budgetLeft: entry.budgetLeft ?? summary.budgetLeft,
    told: time,
  };
}

/** An incident's name begins with the time of its first failing probe: `20260115T120000Z-api`. */
function beginOf(id: string): string | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  return Number.isNaN(Date.parse(iso)) ? null : iso;
}

/** Entries of one incident that are kept: its beginning and its end. */
const MAX_ENTRIES = 500;

/** The entries of one incident; of a very long one the first and the newest. */
export async function entriesOfIncident(
  entries: AsyncIterable<JournalEntry>,
  id: string,
): Promise<JournalEntry[]> {
  const first: JournalEntry[] = [];
  const newest: JournalEntry[] = [];
  for await (const entry of entries) {
    if (entry.incident !== id) continue;
    if (first.length < MAX_ENTRIES) first.push(entry);
    else newest.push(entry);
    if (newest.length > MAX_ENTRIES) newest.shift();
  }
  return [...first, ...newest];
}
