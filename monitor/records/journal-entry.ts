import type { Observation } from '../observe/observation.js';

/** One line of the journal of incidents. */
export interface JournalEntry {
  /** Wall-clock ISO time. */
  time: string;
  incident: string;
  subject: string;
  event: JournalEvent;
  cause: string;
  /** In plain words: what a person reads in monitor:why. */
  text: string;
  /** What was seen when it was decided; null for what happened between two looks. */
  observation: Observation | null;
  /** Restarts left in the window after it; null or absent where none would be made. */
  budgetLeft?: number | null;
}

/**
 * `opened`: failures enough. `explained`: held back, another incident explains it. `silenced`:
 * held back by monitor:silence. `alert` to `recovery`: the notices, as they were told.
 * `evidence`: what was found before a restart. `restart`, then `restarted` or `restart_failed`.
 * `judged`: what a restart has come to. `closed`: it is over.
 */
export const JOURNAL_EVENTS = [
  'opened',
  'explained',
  'silenced',
  'alert',
  'warning',
  'escalation',
  'reminder',
  'recovery',
  'evidence',
  'restart',
  'restarted',
  'restart_failed',
  'judged',
  'closed',
] as const;
export type JournalEvent = (typeof JOURNAL_EVENTS)[number];
