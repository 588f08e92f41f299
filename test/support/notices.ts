import type { Notice } from '../../monitor/notify/notice.js';

let count = 0;

/** A notice as the rules would make one; each has an id of its own. */
export function notice(changes: Partial<Notice> = {}): Notice {
  count += 1;
  return {
    id: `20260115T120000Z-api.${count}`,
    kind: 'alert',
    incident: '20260115T120000Z-api',
    subject: 'api',
    what: 'the API does not answer: no whole answer within 1000 ms',
    cause: 'timeout',
    since: '2026-01-15T12:00:00.000Z',
    time: '2026-01-15T12:00:45.000Z',
    action: 'restarting api through PM2',
    budgetLeft: 2,
    durationMs: null,
    place: null,
    also: [],
    ...changes,
  };
}
