import {
  type Action,
  decide,
  initialState,
  type Notice,
  type Policy,
  type State,
} from '../../monitor/decide.js';
import type { Outcome, ProcessSample } from '../../monitor/observation.js';
import { answered, noAnswer, observation } from './observations.js';

const MINUTE = 60_000;
export const INTERVAL = 15_000;
export const policy: Policy = {
  failures: 3,
  recoveries: 2,
  graceMs: 30_000,
  maxRestarts: 3,
  restartWindowMs: 15 * MINUTE,
  memoryLimitMb: 500,
};

export interface Look {
  outcome?: Outcome;
  processes?: ProcessSample[] | null;
}

/** Feeds one look each interval, the first right after the monitor's own grace. */
export function play(looks: Look[], rules: Policy = policy): { actions: Action[][]; state: State } {
  let state = initialState(0, rules);
  const actions = looks.map(({ outcome, processes }, index) => {
    const seen = observation(rules.graceMs + index * INTERVAL, outcome, processes);
    const decision = decide(state, seen, rules);
    state = decision.state;
    return decision.actions;
  });
  return { actions, state };
}

export const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);
export const notices = (actions: Action[][]): Notice[] =>
  actions.flat().flatMap((one) => (one.kind === 'notify' ? [one.notice] : []));
export const restarts = (actions: Action[][]) =>
  actions.flat().filter((one) => one.kind === 'restart');

export const hung: Look = { outcome: noAnswer() };
export const well: Look = { outcome: answered() };
