import { explanationOf } from './explain.js';
import type { Look } from './look.js';
import type { Silence } from '../observe/observation.js';
import type { Verdict } from './verdicts/verdict.js';

/**
 * The trouble that people are told of instead of this one; undefined when it stands for itself.
 * What a restart would help stands for itself, unless what explains it is restarted as well.
 */
export function explainedAway(verdict: Verdict, look: Look): Verdict | undefined {
  const explanation = explanationOf(
    verdict,
    look.all.map((one) => standing(one, look)),
  );
  const acts = verdict.remedy.restart && explanation?.remedy.restart === false;
  return acts ? undefined : explanation;
}

/** Trouble lasts until a look says otherwise: while its process starts again, none says anything. */
function standing(verdict: Verdict, { state }: Look): Verdict {
  const incident = state.watches[verdict.subject]?.incident ?? null;
  if (verdict.state !== 'unknown' || incident === null) return verdict;
  return { ...verdict, state: 'failing', cause: incident.cause, what: incident.what };
}

/** The silence that covers it: of everything, of its subject, or of `process` for `process.jobs`. */
export function silenceOf({ subject }: Verdict, { observation }: Look): Silence | undefined {
  return observation.silences.find(
    (one) =>
      one.subject === null || subject === one.subject || subject.startsWith(`${one.subject}.`),
  );
}
