import { type Action, record } from './action.js';
import { budgetLeft } from './budget.js';
import { explainedAway, silenceOf } from './held.js';
import type { Look, Step } from './look.js';
import type { Notice, NoticeKind } from '../notify/notice.js';
import type { Policy } from './policy.js';
import type { Incident, State } from './state.js';
import { times, type Verdict } from './verdicts/verdict.js';

/**
 * Tells people of an incident once, reminds them at growing intervals while it lasts, and holds
 * back what another trouble explains or what is silenced; that is told when it no longer is.
 *
 * @param step with the failures in a row that nothing explained
 */
export function tell(
  incident: Incident,
  verdict: Verdict,
  step: Step & { failures: number },
  look: Look,
): { incident: Incident; actions: Action[] } {
  const kind = kindOf(incident, verdict, step, look);
  if (kind === null) return { incident, actions: [] };
  const held = heldBack(verdict, look);
  if (held !== null) return hold(incident, verdict, held, kind);
  if (isEnding(incident, step, look)) return { incident, actions: [] };
  const reminders = kind === 'reminder' ? incident.reminders + 1 : incident.reminders;
  const notice: Notice = {
    ...noticeOf(kind, incident, verdict, look),
    action: step.action,
    budgetLeft: step.budgetLeft,
    durationMs: incident.told === null ? null : lastedMs(incident, look),
    also: explainedBy(verdict, look),
  };
  const id = kind === 'reminder' ? `${notice.id}-${reminders}` : notice.id;
  return {
    incident: { ...incident, told: look.now, heldBack: null, reminders },
    actions: [{ kind: 'notify', notice: { ...notice, id } }],
  };
}

/** What explained it is over, and so may it be: it has as long as any trouble before it is told. */
function isEnding(
  { heldBack }: Incident,
  { restart, escalate, failures }: Step & { failures: number },
  { policy }: Look,
): boolean {
  return heldBack === 'explained' && !restart && !escalate && failures < policy.failures;
}

/** What there is to say now; null: nothing new. */
function kindOf(
  incident: Incident,
  verdict: Verdict,
  step: Step,
  { now, policy }: Look,
): NoticeKind | null {
  const untold = incident.told === null || incident.heldBack !== null;
  if (step.escalate || (incident.escalated && untold)) return 'escalation';
  if (incident.told === null) return verdict.level === 'warn' ? 'warning' : 'alert';
  return now.at - incident.told.at >= reminderAfterMs(incident, policy) ? 'reminder' : null;
}

function reminderAfterMs({ reminders }: Incident, policy: Policy): number {
  return Math.min(policy.maxReminderMs, policy.reminderMs * 2 ** Math.min(reminders, 20));
}

interface Held {
  event: 'explained' | 'silenced';
  text: string;
}

function heldBack(verdict: Verdict, look: Look): Held | null {
  const explanation = explainedAway(verdict, look);
  if (explanation !== undefined) {
    return {
      event: 'explained',
      text: `not told by itself: explained by ${explanation.subject} (${explanation.what})`,
    };
  }
  const silence = silenceOf(verdict, look);
  if (silence === undefined) return null;
  const text = `not told: silenced until ${silence.until} (${silence.reason})`;
  return { event: 'silenced', text };
}

function hold(
  incident: Incident,
  { subject }: Verdict,
  { event, text }: Held,
  kind: NoticeKind,
): { incident: Incident; actions: Action[] } {
  // What is held back is told later; a reminder is not.
  if (kind === 'reminder') return { incident, actions: [] };
  const news = incident.heldBack !== event;
  return {
    incident: { ...incident, heldBack: event },
    actions: news ? [record(incident, subject, event, text)] : [],
  };
}

/** Further troubles that this one explains. */
function explainedBy(verdict: Verdict, look: Look): string[] {
  return look.all
    .filter(
      (other) =>
        other.state === 'failing' && explainedAway(other, look)?.subject === verdict.subject,
    )
    .map((other) => other.what);
}

/** The end of an incident: told if its beginning was. */
export function recoveryOf(
  state: State,
  incident: Incident,
  verdict: Verdict,
  look: Look,
): Action[] {
  const { subject, process } = verdict;
  const restarts =
    incident.restarts === 0 ? 'without a restart' : `after ${times(incident.restarts)}`;
  const what = `${subject} is well again`;
  const closed = record(incident, subject, 'closed', `${what}, ${restarts}`);
  if (incident.told === null) return [closed];
  const notice: Notice = {
    ...noticeOf('recovery', incident, { ...verdict, what, cause: incident.cause }, look),
    action: restarts,
    budgetLeft: process === null ? null : budgetLeft(state, process, look),
    durationMs: lastedMs(incident, look),
    also: [],
  };
  return [{ kind: 'notify', notice }, closed];
}

function noticeOf(
  kind: NoticeKind,
  incident: Incident,
  { subject, what, cause }: Pick<Verdict, 'subject' | 'what' | 'cause'>,
  { now }: Look,
): Omit<Notice, 'action' | 'budgetLeft' | 'durationMs' | 'also'> {
  return {
    id: `${incident.id}/${kind}`,
    kind,
    incident: incident.id,
    subject,
    what,
    cause,
    since: incident.since.time,
    time: now.time,
    place: incident.place,
  };
}

function lastedMs({ since }: Incident, { now }: Look): number {
  return Math.max(0, Math.round(now.at - since.at));
}
