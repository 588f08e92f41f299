import type { JournalEntry, JournalEvent } from '../../monitor/records/journal-entry.js';
import { managed, noAnswer, observation } from './observations.js';

const START = Date.parse('2026-01-15T12:00:00.000Z');

/** An entry as tests write it: seconds after 2026-01-15T12:00:00Z, what happened, in which words. */
export function entry(
  seconds: number,
  event: JournalEvent,
  text = `test: ${event}`,
  changes: Partial<JournalEntry> = {},
): JournalEntry {
  return {
    time: new Date(START + seconds * 1000).toISOString(),
    incident: '20260115T120000Z-api',
    subject: 'api',
    event,
    cause: 'timeout',
    text,
    observation: null,
    ...changes,
  };
}

/** What was seen so many seconds after the start while the API hung. */
export const hungAt = (seconds: number) =>
  observation(seconds * 1000, noAnswer(), [managed('api', { memoryMb: 212.4 }), managed('jobs')]);

const HUNG = 'the API does not answer: no whole answer within 5000 ms';

/** A hung API that a restart cures, from its alert to the judgement. */
export const cured: JournalEntry[] = [
  entry(30, 'opened', HUNG, { observation: hungAt(30) }),
  entry(30, 'evidence', 'it hangs in scoreAll, dist/src/scorer/scorer.js:41'),
  entry(30, 'restart', 'restarting api through PM2', { budgetLeft: 2 }),
  entry(30, 'alert', `${HUNG}; restarting api through PM2`, { budgetLeft: 2 }),
  entry(33, 'restarted', 'api has been restarted'),
  entry(75, 'recovery', 'api is well again, after 1 restart'),
  entry(75, 'closed', 'over'),
  entry(93, 'judged', 'fixed: well for 1 minute after the restart'),
];
