import { Compile } from 'typebox/compile';
import type { JournalEntry } from './journal-entry.js';
import type { Observation } from '../observe/observation.js';
import { JournalEntrySchema, ObservationSchema } from './observation-schema.js';

/**
 * Compiled, for a whole journal is 20,000 entries: without, each takes half a millisecond. Only
 * when the first is asked for, and not loaded by the monitor itself.
 */
let entries: ReturnType<typeof compileEntry> | null = null;
let observations: ReturnType<typeof compileObservation> | null = null;
const compileEntry = () => Compile(JournalEntrySchema);
const compileObservation = () => Compile(ObservationSchema);

/** The value itself when it is one; null when it is not. */
export function asJournalEntry(value: unknown): JournalEntry | null {
  entries ??= compileEntry();
  return entries.Check(value) ? value : null;
}

/** The value itself when it is one; null when it is not. */
export function asObservation(value: unknown): Observation | null {
  observations ??= compileObservation();
  return observations.Check(value) ? value : null;
}
