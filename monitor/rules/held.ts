import { explanationOf } from './explain.js';
import type { Look } from './look.js';
import type { Silence } from '../observe/observation.js';
import type { Verdict } from './verdicts/verdict.js';

/**
 * The trouble that people are told of instead of this one; undefined when it stands for itself.
 * What a restart would help stands for itself, unless what explains it is restarted as well.
 */
export function explainedAway(verdict: Verdict, look: Look): Verdict | undefined {
  const all = look.all.map((one) => standing(one, look));
  const explanation = explanationOf(verdict, { ...look, all });
  const ignored = verdict.remedy.restart && explanation && !actsFor(explanation, verdict, look);
  return ignored ? undefined : explanation;
}

/**
 * Whether what is done about the explanation is done about this, too. Not what has been given to
 * a human, or what people work on: nothing will come of that. But the process of this very trouble
 * has its remedy, and its budget, whatever became of them.
 */
function actsFor(explanation: Verdict, { process }: Verdict, look: Look): boolean {
  if (!explanation.remedy.restart) return false;
  if (process !== null && explanation.subject === `process.${process}`) return true;
  const incident = look.state.watches[explanation.subject]?.incident;
  return incident?.escalated !== true && restartSilence(explanation, look) === undefined;
}

/** Trouble lasts until a look says otherwise: while its process starts again, none says anything. */
function standing(verdict: Verdict, { state }: Look): Verdict {
  const incident = state.watches[verdict.subject]?.incident ?? null;
  if (verdict.state !== 'unknown' || incident === null) return verdict;
  return { ...verdict, state: 'failing', cause: incident.cause, what: incident.what };
}

/** The silence that covers it: of everything, of its subject, or of `process` for `process.jobs`. */
export function silenceOf({ subject }: Verdict, { observation }: Look): Silence | undefined {
  return observation.silences.find((one) => covers(one, subject));
}

/** The silence that forbids to restart its process, whichever of its subjects that covers. */
export function restartSilence(
  { subject, process }: Verdict,
  { observation }: Look,
): Silence | undefined {
  return observation.silences.find(
    (one) => !one.restarts && (covers(one, subject) || one.subject === process),
  );
}

function covers({ subject: silenced }: Silence, subject: string): boolean {
  return silenced === null || subject === silenced || subject.startsWith(`${silenced}.`);
}
