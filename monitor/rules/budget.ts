import type { Policy } from './policy.js';
import { type Moment, processMemory, type State } from './state.js';

interface View {
  policy: Policy;
  now: Pick<Moment, 'at'>;
}

/** Restarts of the process within the rolling window, oldest first. */
export function madeWithin(state: State, process: string, { now, policy }: View): Moment[] {
  const { restarts } = processMemory(state, process);
  return restarts.filter(({ at }) => at > now.at - policy.restartWindowMs);
}

/** Restarts of the process that the window has room for. */
export function budgetLeft(state: State, process: string, view: View): number {
  return Math.max(0, view.policy.maxRestarts - madeWithin(state, process, view).length);
}

/** Until when failures do not count, because the monitor or the process has just been started. */
export function graceEnd(state: State, process: string | null): number {
  const own = process === null ? undefined : state.processes[process];
  return Math.max(state.graceUntil, own?.graceUntil ?? Number.NEGATIVE_INFINITY);
}
