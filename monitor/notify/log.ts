import type { Log } from '../../src/log.js';
import type { Notice } from './notice.js';
import type { Notifier } from './notifier.js';
import { sentence } from './sentence.js';

const LEVELS = {
  alert: 'error',
  escalation: 'error',
  reminder: 'error',
  warning: 'warn',
  recovery: 'info',
} as const;

/** One line for each notice, readable without knowing its fields. */
export function logNotifier(log: Log): Notifier {
  return {
    async notify(notice) {
      log[LEVELS[notice.kind]](fields(notice), sentence(notice));
    },
  };
}

function fields(notice: Notice): object {
  return {
    notice: notice.kind,
    id: notice.id,
    incident: notice.incident,
    subject: notice.subject,
    cause: notice.cause,
    since: notice.since,
    action: notice.action,
    ...(notice.budgetLeft === null ? {} : { budget_left: notice.budgetLeft }),
    ...(notice.durationMs === null ? {} : { duration_s: Math.round(notice.durationMs / 1000) }),
    ...(notice.place === null ? {} : { place: notice.place }),
    ...(notice.also.length === 0 ? {} : { also: notice.also }),
  };
}
