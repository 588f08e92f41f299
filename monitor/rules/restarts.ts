import { type Action, record } from './action.js';
import { budgetLeft, madeWithin } from './budget.js';
import { explainedAway, restartSilence } from './held.js';
import type { Decision, Look, Step } from './look.js';
import { MAX_NOT_FIXED, type Policy, restartDelayMs } from './policy.js';
import {
  type Incident,
  type Moment,
  processMemory,
  type State,
  type Trial,
  type Watch,
  withIncident,
  withProcess,
} from './state.js';
import { times, type Verdict } from './verdicts/verdict.js';
import { duration } from '../text.js';

/** What the policy says on an incident at this look. */
export function nextStep(
  state: State,
  watch: Watch,
  incident: Incident,
  verdict: Verdict,
  look: Look,
): Step {
  const { remedy, process } = verdict;
  if (!remedy.restart || process === null) {
    const why = remedy.restart ? '' : `: ${remedy.why}`;
    return { restart: false, escalate: false, action: `no restart${why}`, budgetLeft: null };
  }
  const left = budgetLeft(state, process, look);
  const wait = (action: string): Step => ({
    restart: false,
    escalate: false,
    action,
    budgetLeft: left,
  });
  if (incident.escalated) return wait('no restart: given to a human');
  const reason = notYet(state, watch, verdict, process, look);
  if (reason !== null) return wait(reason);
  const spent = givenUp(incident, left, look.policy);
  if (spent !== null) {
    return {
      restart: false,
      escalate: true,
      action: `${spent}; it needs a human`,
      budgetLeft: left,
    };
  }
  const made = madeWithin(state, process, look).length;
  const again = made === 0 ? '' : `, the ${ordinal(made + 1)} time within ${window(look.policy)}`;
  const action = `restarting ${process} through PM2${again}`;
  return { restart: true, escalate: false, action, budgetLeft: left - 1 };
}

/** Why a restart that would help is not made at this look. */
function notYet(
  state: State,
  watch: Watch,
  verdict: Verdict,
  process: string,
  look: Look,
): string | null {
  const { now, policy } = look;
  if (watch.restartable < policy.failures) {
    return 'no restart yet: its process is new, PM2 may be restarting it';
  }
  const explanation = explainedAway(verdict, look);
  if (explanation !== undefined) return `no restart of its own: ${explanation.subject} explains it`;
  const silence = restartSilence(verdict, look);
  if (silence !== undefined) return `no restart: people work on it until ${silence.until}`;
  const made = madeWithin(state, process, look);
  const last = made.at(-1);
  if (last === undefined) return null;
  if (last.at === now.at) return 'no restart: it has just been restarted';
  const waitMs = last.at + restartDelayMs(made.length, policy) - now.at;
  if (waitMs > 0) return `no restart yet: the next one may be made in ${duration(waitMs)}`;
  const untried = state.trials.some((one) => one.process === process && one.stage === 0);
  return untried ? 'no restart yet: the last one has not been judged' : null;
}

/** Why there will be no restart any more; null while there can be. */
function givenUp({ notFixed }: Incident, left: number, policy: Policy): string | null {
  if (policy.maxRestarts === 0) return 'no restart: MONITOR_MAX_RESTARTS is 0';
  if (notFixed >= MAX_NOT_FIXED) return `no further restart: ${times(notFixed)} did not fix it`;
  if (left > 0) return null;
  return `no further restart: ${times(policy.maxRestarts)} within ${window(policy)} are spent`;
}

const window = ({ restartWindowMs }: Policy) => duration(restartWindowMs);
const ordinal = (count: number) => ['1st', '2nd', '3rd'][count - 1] ?? `${count}th`;

/** Counts the restart, puts it on trial, and ends the trials of those before. */
export function withRestart(
  before: State,
  incident: Incident,
  verdict: Verdict,
  step: Step,
  look: Look,
): Decision {
  const { subject, cause, remedy } = verdict;
  const process = verdict.process ?? subject;
  const { now, policy } = look;
  const superseded = before.trials.filter((one) => one.process === process && one.fixed === true);
  const restarts = [...madeWithin(before, process, look), now];
  let state = withProcess(before, process, {
    ...{ restarts, graceUntil: now.at + policy.graceMs, counter: null, deadSince: null },
    crashes: [], // how it fares from now on is what the restart is judged by
  });
  const watch = state.watches[subject];
  if (watch !== undefined) {
    const fresh = { ...watch, failures: 0, since: null, restartable: 0, generation: null };
    state = { ...state, watches: { ...state.watches, [subject]: fresh } };
  }
  const trial: Trial = {
    ...{ process, subject, cause, incident: incident.id, made: now },
    ...{ underWay: true, stage: 0, fixed: null },
  };
  const others = state.trials.filter((one) => one.process !== process);
  state = { ...state, trials: [...others, trial] };
  const restart: Action = {
    kind: 'restart',
    ...{ process, subject, cause, incident: incident.id },
    budgetLeft: step.budgetLeft ?? 0,
    hangs: remedy.restart && remedy.hangs,
  };
  return { state, actions: [...superseded.map((one) => judged(one, 'recurred', now)), restart] };
}

/** A restart takes a while itself: its grace and its trial begin (again) when it has been made. */
export function restarted(state: State, process: string, at: number, policy: Policy): State {
  const own = processMemory(state, process);
  const trials = state.trials.map((one) =>
    one.process === process && one.underWay
      ? { ...one, underWay: false, made: { ...one.made, at } }
      : one,
  );
  const graceUntil = Math.max(own.graceUntil, at + policy.graceMs);
  return withProcess({ ...state, trials }, process, { graceUntil, counter: null, deadSince: null });
}

/** Judges each restart whose time has come by what its subject is like now. */
export function judgeTrials(state: State, { now, policy }: Look): Decision {
  const due = ({ stage, made }: Trial) => now.at >= made.at + (policy.judgeMs[stage] ?? 0);
  return state.trials.filter(due).reduce<Decision>(
    (before, trial) => {
      const fixed = state.watches[trial.subject]?.history.endsWith('o') ?? true;
      const next = { ...trial, fixed, stage: trial.stage + 1 };
      const goesOn = next.stage < policy.judgeMs.length && (fixed || next.stage === 1);
      const trials = before.state.trials.flatMap((one) =>
        one !== trial ? [one] : goesOn ? [next] : [],
      );
      const counted = fixed || trial.stage > 0 ? 0 : 1;
      const after = withIncident({ ...before.state, trials }, trial, (incident) => ({
        ...incident,
        notFixed: incident.notFixed + counted,
      }));
      const verdict = fixed ? 'fixed' : trial.fixed === true ? 'recurred' : 'not fixed';
      return { state: after, actions: [...before.actions, judged(trial, verdict, now)] };
    },
    { state, actions: [] },
  );
}

function judged(trial: Trial, verdict: 'fixed' | 'not fixed' | 'recurred', now: Moment): Action {
  const { process, made, subject, incident, cause } = trial;
  const after = duration(now.at - made.at);
  const text = `the restart of ${process} at ${made.time}, judged after ${after}: ${verdict}`;
  return record({ id: incident, cause }, subject, 'judged', text);
}
