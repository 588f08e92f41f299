import type { MemorySeries } from './leak.js';
import type { Policy } from './policy.js';

/** Everything that is remembered between observations. Plain data, never changed in place. */
export interface State {
  graceUntil: number;
  processes: Record<string, ProcessMemory>;
  watches: Record<string, Watch>;
  /** Restarts that have not been judged for the last time. */
  trials: Trial[];
}

export interface ProcessMemory {
  /** When the monitor restarted it, oldest first; none older than the window. */
  restarts: Moment[];
  graceUntil: number;
  /** PM2's count of its restarts when last seen; null when it is to be taken anew. */
  counter: number | null;
  /** When that count rose without us, oldest first; none older than the policy's window. */
  crashes: Moment[];
  /** Since when PM2 has had no process for it, without trying to start one. */
  deadSince: number | null;
  memory: MemorySeries | null;
}

/**
 * One subject under watch.
 *
 *   quiet ──failures──▶ incident ──recoveries──▶ quiet
 *                        │  ▲ restart, while the budget lasts and the last one was judged
 *                        └▶ escalated: no further restart until it is over
 */
export interface Watch {
  /** What the last looks said, oldest first: `o` well, `x` failing (flapping.ts). */
  history: string;
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
  /** What it opened with, in code and in words. */
  cause: string;
  what: string;
  restarts: number;
  /** Restarts that were judged not to have fixed it. */
  notFixed: number;
  escalated: boolean;
  /** When people were told; null while it is explained by another one, or silenced. */
  told: Moment | null;
  /** Why they have not heard the last of it, as recorded in the journal; null when they have. */
  heldBack: 'explained' | 'silenced' | null;
  reminders: number;
  /** Where its process was found to hang. */
  place: string | null;
}

/** A restart on trial: it is judged at the times of the policy, or when the next one is made. */
export interface Trial {
  process: string;
  subject: string;
  incident: string;
  cause: string;
  made: Moment;
  /** PM2 is still at it: a monitor that died meanwhile does not know how it ended. */
  underWay: boolean;
  /** How many judgements it has had. */
  stage: number;
  /** The last one; null before the first. */
  fixed: boolean | null;
}

export const QUIET: Watch = {
  history: '',
  failures: 0,
  successes: 0,
  since: null,
  restartable: 0,
  generation: null,
  incident: null,
};

export const NEW_PROCESS: ProcessMemory = {
  restarts: [],
  graceUntil: Number.NEGATIVE_INFINITY,
  counter: null,
  crashes: [],
  deadSince: null,
  memory: null,
};

export function initialState(at: number, policy: Policy): State {
  return { graceUntil: at + policy.graceMs, processes: {}, watches: {}, trials: [] };
}

export function processMemory(state: State, name: string): ProcessMemory {
  return state.processes[name] ?? NEW_PROCESS;
}

export function withProcess(state: State, name: string, changes: Partial<ProcessMemory>): State {
  const own = { ...processMemory(state, name), ...changes };
  return { ...state, processes: { ...state.processes, [name]: own } };
}

export function withWatch(state: State, subject: string, watch: Watch): State {
  return { ...state, watches: { ...state.watches, [subject]: watch } };
}

/** The state with an open incident changed; as it was when that is over. */
export function withIncident(
  state: State,
  { subject, incident: id }: { subject: string; incident: string },
  change: (incident: Incident) => Incident,
): State {
  const watch = state.watches[subject];
  if (watch?.incident?.id !== id) return state;
  return withWatch(state, subject, { ...watch, incident: change(watch.incident) });
}
