import { beginsToFlap, changes, remember, stillFlaps } from './flapping.js';
import { type Action, record } from './action.js';
import { graceEnd } from './budget.js';
import { explainedAway } from './held.js';
import type { Decision, Look } from './look.js';
import type { Observation } from '../observe/observation.js';
import type { Policy } from './policy.js';
import { judgeTrials, nextStep, withRestart } from './restarts.js';
import { type Incident, type Moment, QUIET, type State, type Watch, withWatch } from './state.js';
import { recoveryOf, tell } from './tell.js';
import { track } from './track.js';
import { verdicts } from './verdicts/all.js';
import { noRestart, type Verdict } from './verdicts/verdict.js';

/**
 * The whole policy of the monitor: pure, so that every rule is tested without a clock,
 * and a recorded history can be replayed.
 */
export function decide(state: State, observation: Observation, policy: Policy): Decision {
  const { at, time } = observation;
  const tracked = track(state, observation, policy);
  const seen = { observation, policy, state: tracked };
  const look: Look = { ...seen, now: { at, time }, all: verdicts(seen) };
  let decision: Decision = { state: tracked, actions: [] };
  for (const verdict of look.all) {
    const next = judge(decision.state, verdict, look);
    decision = { state: next.state, actions: [...decision.actions, ...next.actions] };
  }
  const judged = judgeTrials(decision.state, look);
  return { state: judged.state, actions: [...decision.actions, ...judged.actions] };
}

function judge(state: State, verdict: Verdict, look: Look): Decision {
  const watch = state.watches[verdict.subject] ?? QUIET;
  switch (verdict.state) {
    case 'unknown':
      return { state, actions: [] };
    case 'ok':
      return succeeded(state, watch, verdict, look);
    case 'failing':
      if (look.now.at < graceEnd(state, verdict.process)) {
        return {
          state: withWatch(state, verdict.subject, { ...watch, successes: 0 }),
          actions: [],
        };
      }
      return failed(state, countFailure(watch, verdict, look.now), verdict, look);
  }
}

function succeeded(state: State, watch: Watch, verdict: Verdict, look: Look): Decision {
  const { subject } = verdict;
  const history = remember(watch.history, false);
  const { incident } = watch;
  if (incident === null) {
    return { state: withWatch(state, subject, { ...QUIET, history }), actions: [] };
  }
  const successes = watch.successes + 1;
  if (successes < look.policy.recoveries || stillFlaps(history)) {
    const waiting = { ...QUIET, history, successes, incident };
    return { state: withWatch(state, subject, waiting), actions: [] };
  }
  const over = withWatch(state, subject, { ...QUIET, history });
  return { state: over, actions: recoveryOf(state, incident, verdict, look) };
}

function countFailure(watch: Watch, verdict: Verdict, now: Moment): Watch {
  const { remedy } = verdict;
  const generation = remedy.restart ? remedy.generation : null;
  const same = generation !== null && generation === watch.generation;
  return {
    ...watch,
    history: remember(watch.history, true),
    failures: watch.failures + 1,
    successes: 0,
    since: watch.since ?? now,
    restartable: generation === null ? 0 : same ? watch.restartable + 1 : 1,
    generation,
  };
}

function failed(before: State, watch: Watch, seen: Verdict, look: Look): Decision {
  const lasting = watch.failures >= look.policy.failures;
  if (watch.incident === null && !lasting && !beginsToFlap(watch.history)) {
    return { state: withWatch(before, seen.subject, watch), actions: [] };
  }
  const opened = watch.incident === null;
  const verdict = opened && !lasting ? flapping(seen, watch) : seen;
  let incident = watch.incident ?? open(verdict, watch.since ?? look.now);
  const actions: Action[] = [];
  if (opened) actions.push(record(incident, verdict.subject, 'opened', verdict.what));

  const step = nextStep(before, { ...watch, incident }, incident, verdict, look);
  const explained = explainedAway(verdict, look) !== undefined;
  const failures = explained ? 0 : watch.failures;
  const told = tell(incident, verdict, { ...step, failures }, look);
  incident = {
    ...told.incident,
    restarts: incident.restarts + (step.restart ? 1 : 0),
    escalated: incident.escalated || step.escalate,
  };
  actions.push(...told.actions);
  const state = withWatch(before, verdict.subject, { ...watch, failures, incident });
  if (!step.restart) return { state, actions };
  const restart = withRestart(state, incident, verdict, step, look);
  return { state: restart.state, actions: [...actions, ...restart.actions] };
}

/** It neither stays well nor stays in trouble: one incident, and not one for each change. */
function flapping(verdict: Verdict, { history }: Watch): Verdict {
  const what = `${verdict.subject} changed ${changes(history)} times within the last ${history.length} looks; now ${verdict.what}`;
  return {
    ...verdict,
    cause: 'flapping',
    what,
    remedy: noRestart('it still serves at times'),
  };
}

function open(verdict: Verdict, since: Moment): Incident {
  const compact = since.time.replace(/[-:]/g, '').replace(/\.\d+Z$/, 'Z');
  return {
    id: `${compact}-${verdict.subject}`,
    since,
    cause: verdict.cause,
    what: verdict.what,
    restarts: 0,
    notFixed: 0,
    escalated: false,
    told: null,
    heldBack: null,
    reminders: 0,
    place: null,
  };
}
