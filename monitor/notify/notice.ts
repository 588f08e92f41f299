/** What people are told of an incident. One alert, warning or escalation opens it, one recovery ends it. */
export interface Notice {
  /** Unique, and the same when it is delivered twice: receivers can drop the second. */
  id: string;
  kind: NoticeKind;
  incident: string;
  /** What it is about: `api`, `process.jobs`, `memory.api`, `disk`, … (monitor/rules/verdicts/). */
  subject: string;
  /** The trouble in a sentence. */
  what: string;
  /** Stable code of the trouble; deployment/RUNBOOK.md has an entry for each. */
  cause: string;
  /** ISO time of the incident's first failing probe. */
  since: string;
  /** ISO time at which it was decided. */
  time: string;
  /** What is done about it, or why nothing is. */
  action: string;
  /** Restarts left in the window; null where none would be made. */
  budgetLeft: number | null;
  /** How long it has lasted; null in what opens it. */
  durationMs: number | null;
  /** Where a hung process hangs: `spin (dist/src/x.js:12)`; null when unknown. */
  place: string | null;
  /** Sentences on further trouble that this one explains. */
  also: string[];
}

export const NOTICE_KINDS = ['alert', 'warning', 'escalation', 'reminder', 'recovery'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
