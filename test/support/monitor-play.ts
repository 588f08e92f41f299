import type { Action, Recorded } from '../../monitor/rules/action.js';
import { decide } from '../../monitor/rules/decide.js';
import type { JournalEvent } from '../../monitor/records/journal-entry.js';
import type { Notice } from '../../monitor/notify/notice.js';
import type {
  DiskSample,
  Outcome,
  ProcessSample,
  Silence,
} from '../../monitor/observe/observation.js';
import { type Policy, policyOf } from '../../monitor/rules/policy.js';
import { initialState, type State } from '../../monitor/rules/state.js';
import { answered, noAnswer, observation } from './observations.js';

const MINUTE = 60_000;
export const INTERVAL = 15_000;
/** The policy of the defaults. */
export const policy: Policy = policyOf({
  shutdownDeadlineMs: 30_000,
  monitor: {
    healthUrl: 'http://127.0.0.1:8000/health',
    stateDir: '/nowhere',
    intervalMs: INTERVAL,
    timeoutMs: 5000,
    metricsPort: 0,
    webhookFormat: 'json',
    command: null,
    graceMs: 30_000,
    failures: 3,
    recoveries: 2,
    maxRestarts: 3,
    restartWindowMs: 15 * MINUTE,
    memoryLimitMb: 500,
  },
});

export interface Look {
  outcome?: Outcome;
  processes?: ProcessSample[] | null;
  silences?: Silence[];
  disks?: DiskSample[];
}

/** Feeds one look each interval, the first right after the monitor's own grace. */
export function play(looks: Look[], rules: Policy = policy): { actions: Action[][]; state: State } {
  let state = initialState(0, rules);
  const actions = looks.map(({ outcome, processes, silences = [], disks }, index) => {
    const at = rules.graceMs + index * INTERVAL;
    const seen = { ...observation(at, outcome, processes), silences };
    if (disks !== undefined) seen.host = { ...seen.host, disks };
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

export const records = (actions: Action[][], event: JournalEvent): Recorded[] =>
  actions
    .flat()
    .flatMap((one) => (one.kind === 'record' && one.entry.event === event ? [one.entry] : []));

/** On the clock of the looks. */
export function restartTimes(looks: Look[], rules: Policy = policy): number[] {
  const { actions } = play(looks, rules);
  return actions.flatMap((at, index) =>
    at.some((one) => one.kind === 'restart') ? [rules.graceMs + index * INTERVAL] : [],
  );
}

export const hung: Look = { outcome: noAnswer() };
export const well: Look = { outcome: answered() };
