import { pino } from 'pino';
import type { Log } from '../../src/log.js';

export interface RecordedLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** A log that keeps its lines for the test to look at. */
export function recordingLog(): { log: Log; lines: RecordedLine[] } {
  const lines: RecordedLine[] = [];
  const log = pino(
    { level: 'trace', formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void lines.push(JSON.parse(line) as RecordedLine) },
  );
  return { log, lines };
}

/** A log for tests that do not look at it. */
export const silentLog: Log = pino({ level: 'silent' });
