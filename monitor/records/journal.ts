import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import { appendFile } from './append-file.js';
import type { JournalEntry } from './journal-entry.js';

/** What the monitor did and why, for people and for programs: the journal of incidents. */
export interface Journal {
  /** Never throws and never takes long: watching goes on without it. */
  append(entries: JournalEntry[]): Promise<void>;
}

export interface JournalOptions {
  /** MONITOR_STATE_DIR. */
  folder: string;
  clock: Clock;
  log: Log;
  /** Of each of the two generations. */
  maxBytes?: number;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** An entry with its observation has some kilobytes; one that is longer goes without it. */
export const MAX_LINE_BYTES = 256 * 1024;

export const journalPaths = (folder: string) => ({
  path: join(folder, 'incidents.ndjson'),
  olderPath: join(folder, 'incidents.1.ndjson'),
});

/** Opens nothing yet: the file appears with the first entry. */
export function openJournal({ folder, clock, log, maxBytes = MAX_BYTES }: JournalOptions): Journal {
  const what = 'the journal of incidents';
  const file = appendFile({ ...journalPaths(folder), maxBytes, what, clock, log });
  return { append: (entries) => file.append(entries.map(toLine)) };
}

function toLine(entry: JournalEntry): string {
  const line = JSON.stringify(entry);
  return line.length <= MAX_LINE_BYTES ? line : JSON.stringify({ ...entry, observation: null });
}
