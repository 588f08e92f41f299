import { addSample } from './leak.js';
import { named } from '../observe/listed.js';
import type { Observation, ProcessSample } from '../observe/observation.js';
import { OURS } from './ours.js';
import type { Policy } from './policy.js';
import {
  type Moment,
  type ProcessMemory,
  processMemory,
  type State,
  withProcess,
} from './state.js';

/** What an observation adds to what is remembered of each process. Pure. */
export function track(state: State, observation: Observation, policy: Policy): State {
  if (!observation.supervisor.reachable) return state;
  return OURS.reduce((before, name) => {
    const entries = named(name, observation);
    if (entries.length === 0) return before;
    const own = processMemory(before, name);
    return withProcess(before, name, {
      ...crashes(own, entries, observation, policy),
      deadSince: entries.some(isDead) ? (own.deadSince ?? observation.at) : null,
      memory: memory(own, entries, observation.at),
    });
  }, state);
}

function crashes(
  own: ProcessMemory,
  entries: ProcessSample[],
  { at, time }: Observation,
  { crashWindowMs, failures }: Policy,
): Pick<ProcessMemory, 'counter' | 'asked' | 'crashes'> {
  const counter = entries.reduce((sum, one) => sum + one.restarts, 0);
  const asked = entries.reduce((sum, one) => sum + (one.askedAt ?? 0), 0);
  const recent = own.crashes.filter((crash) => crash.at > at - crashWindowMs);
  // PM2 counts a reload, too.
  const comparable = own.counter !== null && asked === own.asked;
  const further = comparable ? Math.max(0, counter - (own.counter ?? 0)) : 0;
  // PM2 may have restarted it often between two looks; more than makes a loop says no more.
  const added = new Array<Moment>(Math.min(further, failures)).fill({ at, time });
  return { counter, asked, crashes: [...recent, ...added].slice(-failures) };
}

/** PM2 shows one that it will not start again as `errored`, or, with a back-off, without a pid. */
export function isDead({ pid, status }: ProcessSample): boolean {
  return pid === 0 && ['errored', 'waiting restart', 'online'].includes(status);
}

function memory(own: ProcessMemory, entries: ProcessSample[], at: number): ProcessMemory['memory'] {
  const sizes = entries.flatMap((one) => (one.memoryMb === null ? [] : [one.memoryMb]));
  if (sizes.length === 0) return own.memory;
  const generation = entries.map(({ pid }) => pid).sort((a, b) => a - b);
  // Of several instances the largest: each has the limit for itself.
  return addSample(own.memory, generation.join(','), at, Math.max(...sizes));
}
