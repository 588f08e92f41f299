import { named } from '../../observe/listed.js';
import type { Cause, Observation, ProcessSample } from '../../observe/observation.js';
import { API } from '../ours.js';
import type { Policy } from '../policy.js';
import type { State } from '../state.js';

/** What one observation says about one subject. */
export interface Verdict {
  /** `pm2`, `disk`, `api`, `process.NAME`, `memory.NAME`, …: at most one incident each. */
  subject: string;
  /** The process whose grace and restart budget apply. */
  process: string | null;
  /** `unknown`: this observation says nothing about the subject. */
  state: 'ok' | 'failing' | 'unknown';
  level: 'warn' | 'error';
  /** Stable code of the trouble. */
  cause: string;
  /** The trouble in a sentence. */
  what: string;
  remedy: Remedy;
}

/**
 * `generation` names the processes that are in trouble: only what keeps failing without
 * being replaced may be restarted, for what exits is PM2's to restart. `hangs`: they live, and
 * where they hang can be looked up before.
 */
export type Remedy =
  | { restart: true; generation: string; hangs: boolean }
  | { restart: false; why: string };

/** What a verdict is made of: this look, and what is remembered of those before. */
export interface Seen {
  observation: Observation;
  state: State;
  policy: Policy;
}

export type Trouble = Pick<Verdict, 'cause' | 'what' | 'remedy'>;
type Subject = Pick<Verdict, 'subject' | 'process' | 'level'>;

export const noRestart = (why: string): Remedy => ({ restart: false, why });

export function ok(subject: Subject): Verdict {
  return { ...subject, state: 'ok', cause: '', what: '', remedy: noRestart('') };
}

export function unknown(subject: Subject): Verdict {
  return { ...ok(subject), state: 'unknown' };
}

export function failing(subject: Subject, trouble: Trouble): Verdict {
  return { ...subject, ...trouble, state: 'failing' };
}

/** Restarting those that are up; PM2 is already at work on the others. */
export function restartOnline(entries: ProcessSample[], hangs: boolean): Remedy {
  const online = entries.filter((one) => one.status === 'online' && one.pid > 0);
  if (online.length === 0) return noRestart('PM2 is starting or stopping it');
  const pids = online.map((one) => one.pid).sort((a, b) => a - b);
  return { restart: true, generation: pids.join(','), hangs };
}

/** Causes of being unhealthy that a restart would not cure, and might make worse. */
export function blockingCauses({ outcome }: Observation): Cause[] {
  if (outcome.kind !== 'answered' || outcome.status !== 'unhealthy') return [];
  const minor = ['info', 'healthy', 'degraded', 'warning'];
  return outcome.causes.filter((one) => !one.restartWouldHelp && !minor.includes(one.severity));
}

/** Who answers in the place of PM2's processes; null when it is one of them, or does not say. */
function impostor(observation: Observation): number | null {
  const { outcome, supervisor } = observation;
  if (outcome.kind === 'no_answer' || outcome.pid === null || !supervisor.reachable) return null;
  return named(API, observation).some(({ pid }) => pid === outcome.pid) ? null : outcome.pid;
}

/** Why a restart of the API would not help, by what answers in its place or says of itself; or null. */
export function obstacle(observation: Observation): string | null {
  const [blocked] = blockingCauses(observation);
  if (blocked !== undefined) return `a restart would not help: ${blocked.code}`;
  const other = impostor(observation);
  return other === null ? null : `pid ${other} answers, which is none that PM2 lists`;
}

/** Who holds our port and is none of PM2's processes; null when nobody does, or it is not known. */
export function stranger(observation: Observation): string | null {
  const holder = observation.host.portHolder;
  if (holder === null || named(API, observation).some(({ pid }) => pid === holder.pid)) return null;
  return `pid ${holder.pid} (${holder.command})`;
}

export function describe(causes: Cause[]): string {
  if (causes.length === 0) return 'no cause given';
  return causes.map(({ code, message }) => (message ? `${code} (${message})` : code)).join(', ');
}

export const times = (count: number): string => (count === 1 ? '1 restart' : `${count} restarts`);
