import { budgetLeft } from '../rules/budget.js';
import { forecast } from '../rules/leak.js';
import type { MonitorFigures, OpenIncident, OwnFigures } from './metrics.js';
import type { Observation } from '../observe/observation.js';
import { RESTARTABLE } from '../rules/ours.js';
import type { Policy } from '../rules/policy.js';
import { processMemory, type State } from '../rules/state.js';

/** What programs read of the state (metrics.ts). Pure. */
export function figuresOf(
  state: State,
  { at, time }: Observation,
  policy: Policy,
  noticesQueued: number,
  own: OwnFigures,
): MonitorFigures {
  const view = { policy, now: { at, time } };
  const budgets = RESTARTABLE.map((name) => [name, budgetLeft(state, name, view)] as const);
  const forecasts = Object.keys(state.processes).flatMap((name) => {
    const { memory } = processMemory(state, name);
    const leak = memory === null ? null : forecast(memory, policy.memoryLimitMb);
    return leak === null ? [] : [[name, leak.minutesToLimit * 60] as const];
  });
  return {
    incidents: openIncidents(state, new Map(budgets)),
    budgetLeft: Object.fromEntries(budgets),
    forecastS: Object.fromEntries(forecasts),
    noticesQueued,
    own,
  };
}

function openIncidents(state: State, budgets: Map<string, number>): OpenIncident[] {
  return Object.entries(state.watches).flatMap(([subject, { incident }]) => {
    if (incident === null) return [];
    const { id, cause, since, escalated, restarts } = incident;
    const left = budgets.get(subject.split('.').at(-1) ?? '') ?? null;
    return [{ id, subject, cause, since: since.time, escalated, restarts, budgetLeft: left }];
  });
}
