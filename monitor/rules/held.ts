import { explanationOf } from './explain.js';
import type { Look } from './look.js';
import type { Silence } from '../observe/observation.js';
import type { Verdict } from './verdicts/verdict.js';

/**
 * The trouble that people are told of instead of this one; undefined when it stands for itself.
 * What a restart would help stands for itself, unless what explains it is restarted as well.
 */
export function explainedAway(verdict: Verdict, { all }: Look): Verdict | undefined {
  const explanation = explanationOf(verdict, all);
  const acts = verdict.remedy.restart && explanation?.remedy.restart === false;
  return acts ? undefined : explanation;
}

/** The silence that covers it: of everything, of its subject, or of `process` for `process.jobs`. */
export function silenceOf({ subject }: Verdict, { observation }: Look): Silence | undefined {
  return observation.silences.find(
    (one) =>
      one.subject === null || subject === one.subject || subject.startsWith(`${one.subject}.`),
  );
}
