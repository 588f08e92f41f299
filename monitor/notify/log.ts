import type { Log } from '../../src/log.js';
import type { Notice } from '../notice.js';
import type { Notifier } from './notifier.js';

const LEVELS = {
  alert: 'error',
  escalation: 'error',
  warning: 'warn',
  reminder: 'warn',
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
    incident: notice.incident,
    subject: notice.subject,
    cause: notice.cause,
    since: notice.since,
    action: notice.action,
    ...(notice.budgetLeft === null ? {} : { budget_left: notice.budgetLeft }),
    ...(notice.durationMs === null ? {} : { duration_s: Math.round(notice.durationMs / 1000) }),
  };
}

function sentence({ kind, what, action, cause, since, durationMs }: Notice): string {
  if (kind !== 'recovery') return `${kind.toUpperCase()} ${what}; since ${since}; ${action}`;
  const lasted = `${Math.round((durationMs ?? 0) / 1000)} s`;
  return `RECOVERED ${what}; it lasted ${lasted} from ${since} (${cause}); ${action}`;
}
