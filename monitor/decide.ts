import type { Observation } from './observation.js';
import { type Verdict, verdicts } from './verdicts.js';

/** MONITOR_* of the configuration, as the rules need it. */
export interface Policy {
  /** Consecutive failures before anything is said or done. */
  failures: number;
  /** Consecutive successes before an incident is over. */
  recoveries: number;
  /** Failures this soon after the monitor's start, or a restart it made, do not count. */
  graceMs: number;
  /** Restarts of one process within the window; then an escalation instead. */
  maxRestarts: number;
  restartWindowMs: number;
  memoryLimitMb: number;
}

/** Everything that is remembered between observations. Plain data, never changed in place. */
export interface State {
  graceUntil: number;
  processes: Record<string, ProcessMemory>;
  watches: Record<string, Watch>;
}

export interface ProcessMemory {
  /** When the monitor restarted it, oldest first; none older than the window. */
  restarts: Moment[];
  graceUntil: number;
}

/**
 * One subject under watch.
 *
 *   quiet ──failures──▶ incident ──recoveries──▶ quiet
 *                        │  ▲ restart, while the budget lasts
 *                        └▶ escalated: no further restart until it is over
 */
export interface Watch {
  /** Consecutive ones, outside of grace. */
  failures: number;
  successes: number;
  /** The first failure of the present run. */
  since: Moment | null;
  /** How many of the failures in a row a restart could have helped the same processes. */
  restartable: number;
  generation: string | null;
  incident: Incident | null;
}

export interface Moment {
  /** On the clock of `Observation.at`; the rules look at this alone. */
  at: number;
  /** Wall-clock ISO time, for people, and for a file that outlives the process. */
  time: string;
}

/** One episode of trouble with one subject, from its first failing probe on. */
export interface Incident {
  id: string;
  since: Moment;
  cause: string;
  restarts: number;
  escalated: boolean;
}

/** What people are told. */
export interface Notice {
  kind: 'alert' | 'warning' | 'escalation' | 'recovery';
  incident: string;
  subject: string;
  what: string;
  cause: string;
  /** ISO time of the incident's first failing probe. */
  since: string;
  action: string;
  /** Restarts left in the window; null where none would be made. */
  budgetLeft: number | null;
  /** How long it lasted; null while it lasts. */
  durationMs: number | null;
}

export type Action =
  | { kind: 'notify'; notice: Notice }
  | { kind: 'restart'; process: string; incident: string; cause: string; budgetLeft: number };

export interface Decision {
  state: State;
  actions: Action[];
}

export function initialState(at: number, policy: Policy): State {
  return { graceUntil: at + policy.graceMs, processes: {}, watches: {} };
}

/**
 * The whole policy of the monitor: pure, so that every rule is tested without a clock,
 * and a recorded history can be replayed.
 */
export function decide(state: State, observation: Observation, policy: Policy): Decision {
  let decision: Decision = { state, actions: [] };
  for (const verdict of verdicts(observation, policy.memoryLimitMb)) {
    const next = judge(decision.state, verdict, observation, policy);
    decision = { state: next.state, actions: [...decision.actions, ...next.actions] };
  }
  return decision;
}

const QUIET: Watch = {
  failures: 0,
  successes: 0,
  since: null,
  restartable: 0,
  generation: null,
  incident: null,
};

function judge(state: State, verdict: Verdict, now: Moment, policy: Policy): Decision {
  const watch = state.watches[verdict.subject] ?? QUIET;
  switch (verdict.state) {
    case 'unknown':
      return { state, actions: [] };
    case 'ok':
      return succeeded(state, watch, verdict, now, policy);
    case 'failing':
      if (now.at < graceEnd(state, verdict)) {
        return { state: withWatch(state, verdict, { ...watch, successes: 0 }), actions: [] };
      }
      return failed(state, countFailure(watch, verdict, now), verdict, now, policy);
  }
}

function succeeded(
  state: State,
  watch: Watch,
  verdict: Verdict,
  now: Moment,
  policy: Policy,
): Decision {
  const { incident } = watch;
  if (incident === null) return { state: withWatch(state, verdict, QUIET), actions: [] };
  const successes = watch.successes + 1;
  if (successes < policy.recoveries) {
    return { state: withWatch(state, verdict, { ...QUIET, successes, incident }), actions: [] };
  }
  const restarts = incident.restarts === 0 ? 'no restart' : `after ${times(incident.restarts)}`;
  const notice: Notice = {
    kind: 'recovery',
    incident: incident.id,
    subject: verdict.subject,
    what: `${verdict.subject} is well again`,
    cause: incident.cause,
    since: incident.since.time,
    action: restarts,
    budgetLeft: verdict.process === null ? null : budgetLeft(state, verdict.process, now, policy),
    durationMs: Math.max(0, Math.round(now.at - incident.since.at)),
  };
  return {
    state: withWatch(state, verdict, QUIET),
    actions: [{ kind: 'notify', notice }],
  };
}

function countFailure(watch: Watch, verdict: Verdict, now: Moment): Watch {
  const { remedy } = verdict;
  const generation = remedy.restart ? remedy.generation : null;
  const same = generation !== null && generation === watch.generation;
  return {
    ...watch,
    failures: watch.failures + 1,
    successes: 0,
    since: watch.since ?? { at: now.at, time: now.time },
    restartable: generation === null ? 0 : same ? watch.restartable + 1 : 1,
    generation,
  };
}

/** What is to be done about trouble that has lasted long enough. */
interface Step {
  action: string;
  restart: boolean;
  escalate: boolean;
  budgetLeft: number | null;
}

function failed(
  state: State,
  watch: Watch,
  verdict: Verdict,
  now: Moment,
  policy: Policy,
): Decision {
  if (watch.failures < policy.failures) {
    return { state: withWatch(state, verdict, watch), actions: [] };
  }
  const opened = watch.incident === null;
  const incident = watch.incident ?? open(verdict, watch.since ?? now);
  const step = nextStep(state, watch, incident, verdict, now, policy);
  const actions: Action[] = [];
  if (opened || step.escalate) {
    actions.push({ kind: 'notify', notice: alert(verdict, incident, step) });
  }
  const after: Incident = {
    ...incident,
    restarts: incident.restarts + (step.restart ? 1 : 0),
    escalated: incident.escalated || step.escalate,
  };
  if (!step.restart || verdict.process === null) {
    return { state: withWatch(state, verdict, { ...watch, incident: after }), actions };
  }
  const { process, cause } = verdict;
  actions.push({
    kind: 'restart',
    process,
    incident: incident.id,
    cause,
    budgetLeft: step.budgetLeft ?? 0,
  });
  const counted = withRestart(state, process, now, policy);
  return { state: withWatch(counted, verdict, { ...QUIET, incident: after }), actions };
}

function nextStep(
  state: State,
  watch: Watch,
  incident: Incident,
  verdict: Verdict,
  now: Moment,
  policy: Policy,
): Step {
  const { remedy, process } = verdict;
  const idle = { restart: false, escalate: false };
  if (!remedy.restart || process === null) {
    const why = remedy.restart ? '' : `: ${remedy.why}`;
    return { ...idle, action: `no restart${why}`, budgetLeft: null };
  }
  const left = budgetLeft(state, process, now, policy);
  if (incident.escalated) {
    return { ...idle, action: 'no restart: given to a human', budgetLeft: left };
  }
  if (watch.restartable < policy.failures) {
    const action = 'no restart yet: its process is new, PM2 may be restarting it';
    return { ...idle, action, budgetLeft: left };
  }
  if (state.processes[process]?.restarts.at(-1)?.at === now.at) {
    return { ...idle, action: 'no restart: it has just been restarted', budgetLeft: left };
  }
  const minutes = policy.restartWindowMs / 60_000;
  if (left === 0) {
    const spent =
      policy.maxRestarts === 0
        ? 'no restart: MONITOR_MAX_RESTARTS is 0'
        : `no further restart: ${times(policy.maxRestarts)} within ${minutes} minutes did not cure it`;
    const action = `${spent}; it needs a human`;
    return { restart: false, escalate: true, action, budgetLeft: 0 };
  }
  const action = `restarting ${process} through PM2`;
  return { restart: true, escalate: false, action, budgetLeft: left - 1 };
}

function open(verdict: Verdict, since: Moment): Incident {
  const compact = since.time.replace(/[-:]/g, '').replace(/\.\d+Z$/, 'Z');
  return {
    id: `${compact}-${verdict.subject}`,
    since,
    cause: verdict.cause,
    restarts: 0,
    escalated: false,
  };
}

function alert(verdict: Verdict, incident: Incident, step: Step): Notice {
  return {
    kind: step.escalate ? 'escalation' : verdict.level === 'warn' ? 'warning' : 'alert',
    incident: incident.id,
    subject: verdict.subject,
    what: verdict.what,
    cause: verdict.cause,
    since: incident.since.time,
    action: step.action,
    budgetLeft: step.budgetLeft,
    durationMs: null,
  };
}

const NEVER_RESTARTED: ProcessMemory = { restarts: [], graceUntil: Number.NEGATIVE_INFINITY };

function graceEnd(state: State, { process }: Verdict): number {
  const own = process === null ? undefined : state.processes[process];
  return Math.max(state.graceUntil, (own ?? NEVER_RESTARTED).graceUntil);
}

function budgetLeft(state: State, process: string, now: Moment, policy: Policy): number {
  const used = recent(state.processes[process]?.restarts ?? [], now, policy).length;
  return Math.max(0, policy.maxRestarts - used);
}

const recent = (restarts: Moment[], now: Moment, policy: Policy): Moment[] =>
  restarts.filter(({ at }) => at > now.at - policy.restartWindowMs);

function withRestart(state: State, process: string, now: Moment, policy: Policy): State {
  const { at, time } = now;
  const restarts = [...recent(state.processes[process]?.restarts ?? [], now, policy), { at, time }];
  const processes = { ...state.processes, [process]: { restarts, graceUntil: at } };
  return restarted({ ...state, processes }, process, at, policy);
}

/** A restart takes a while itself: its grace begins (again) when it has been made. */
export function restarted(state: State, process: string, at: number, policy: Policy): State {
  const own = state.processes[process];
  if (own === undefined) return state;
  const graceUntil = Math.max(own.graceUntil, at + policy.graceMs);
  return { ...state, processes: { ...state.processes, [process]: { ...own, graceUntil } } };
}

function withWatch(state: State, { subject }: Verdict, watch: Watch): State {
  return { ...state, watches: { ...state.watches, [subject]: watch } };
}

const times = (count: number): string => (count === 1 ? '1 restart' : `${count} restarts`);
