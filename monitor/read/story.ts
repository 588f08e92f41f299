import { type IncidentSummary, summarise } from './incidents.js';
import type { JournalEntry, JournalEvent } from '../records/journal-entry.js';
import { RUNBOOK, runbookSection } from './runbook.js';
import { sightOf } from './sight.js';
import { count, duration, utc } from './words.js';
import { oneLine } from '../text.js';

/** What is said at the left of each step. */
const STEPS: Record<JournalEvent, string> = {
  opened: 'noticed',
  explained: 'held back',
  silenced: 'silenced',
  alert: 'alert',
  warning: 'warning',
  escalation: 'escalation',
  reminder: 'reminder',
  recovery: 'recovered',
  evidence: 'evidence',
  restart: 'restart',
  restarted: 'restarted',
  restart_failed: 'restart failed',
  judged: 'judged',
  closed: 'closed',
};

/** Steps that are shown: the first and the newest of a longer incident. */
const FIRST_STEPS = 20;
const NEWEST_STEPS = 10;

/**
 * One incident in plain words, for whoever is woken by it. Pure.
 *
 * @param entries those of one incident, oldest first
 * @param nowMs wall-clock time, milliseconds since the epoch: how long an open one has lasted
 */
export function story(entries: JournalEntry[], nowMs: number): string {
  const summary = summarise(entries);
  if (summary === null) return 'No incident is on record.\n';
  const blocks = [
    [`Incident ${oneLine(summary.id)} (${summary.state})`],
    [
      row('What happened', whatHappened(entries, summary)),
      row('Cause', oneLine(summary.cause)),
      row('Since', since(summary, nowMs)),
      row('Over', over(summary)),
      row('Restarts', restarts(summary)),
    ],
    seen(entries),
    ['What was done', ...steps(entries)],
    ['What to do now', ...advice(entries, summary).map((line) => `  ${line}`)],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

const row = (name: string, text: string): string => `${name.padEnd(15)}${text}`;

/** The trouble as it was first told. */
export function whatHappened(entries: JournalEntry[], { subject }: IncidentSummary): string {
  const told = entries.find(({ event }) => ['opened', 'alert', 'warning'].includes(event));
  const text = oneLine((told ?? entries[0])?.text ?? '');
  return text === '' ? `trouble with ${oneLine(subject)}` : text;
}

function since({ began, state }: IncidentSummary, nowMs: number): string {
  const lasting = state === 'closed' ? '' : `, ${duration(nowMs - Date.parse(began))} ago`;
  return `${utc(began)}${lasting}`;
}

function over({ ended, began, state, told }: IncidentSummary): string {
  if (ended === null) {
    const human = state === 'escalated' ? ': it needs a human' : '';
    return `no${human} (last entry ${utc(told)})`;
  }
  return `yes, ${utc(ended)}: it lasted ${duration(Date.parse(ended) - Date.parse(began))}`;
}

function restarts({ restarts: made, budgetLeft, state }: IncidentSummary): string {
  const done = made === 0 ? 'none' : `${made}`;
  if (budgetLeft === null) return done;
  const then = state === 'closed' ? 'were left' : 'are left';
  if (budgetLeft === 0) return `${done}; the budget is spent`;
  return `${done}; ${budgetLeft} more ${budgetLeft === 1 ? then.replace(/are|were/, 'is') : then}`;
}

function seen(entries: JournalEntry[]): string[] {
  const looks = entries.flatMap(({ observation }) => (observation === null ? [] : [observation]));
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined) return [];
  const lines = [`What was seen at ${utc(first.time)}`, ...sightOf(first)];
  if (last.time !== first.time) {
    lines.push('', `and at ${utc(last.time)}`, ...sightOf(last));
  }
  return lines;
}

function steps(entries: JournalEntry[]): string[] {
  const all = entries.map(
    ({ time, event, text }) => `  ${utc(time)}  ${STEPS[event].padEnd(14)}  ${oneLine(text)}`,
  );
  const hidden = all.length - FIRST_STEPS - NEWEST_STEPS;
  if (hidden <= 0) return all.map((line) => line.trimEnd());
  return [
    ...all.slice(0, FIRST_STEPS),
    `  … and ${count(hidden, 'step')} more: --json has them`,
    ...all.slice(-NEWEST_STEPS),
  ].map((line) => line.trimEnd());
}

function advice(entries: JournalEntry[], { state, cause }: IncidentSummary): string[] {
  const page = `"${oneLine(runbookSection(cause))}" in ${RUNBOOK}`;
  if (state === 'closed') return [`Nothing: it is over. Should it come back: ${page}.`];
  if (state === 'escalated') {
    return [`The monitor restarts nothing any more until this is over. Follow ${page}.`];
  }
  const { event } = entries.findLast(({ event: one }) => isStance(one)) ?? {};
  if (event === 'explained') {
    return [`Another incident explains it: look at that one first (--list). Else ${page}.`];
  }
  if (event === 'silenced') {
    return [`It is silenced (npm run monitor:silence -- --list). Else ${page}.`];
  }
  if (event === 'restarted') return [`Wait for the judgement of the restart. Else ${page}.`];
  return [`Follow ${page}.`];
}

const isStance = (event: JournalEvent): boolean => !['reminder', 'evidence'].includes(event);
