import type { Action } from '../rules/action.js';
import { decide } from '../rules/decide.js';
import type { Observation } from '../observe/observation.js';
import type { Policy } from '../rules/policy.js';
import { initialState, type State } from '../rules/state.js';

/** What a history came to under a policy. */
export interface ReplaySummary {
  probes: number;
  /** How many monitors saw it, one after the other. */
  runs: number;
  /** Wall-clock ISO times; null without probes. */
  from: string | null;
  to: string | null;
  incidents: number;
  restarts: number;
  /** By kind. */
  notices: Record<string, number>;
}

export interface Replay {
  /** Decides on the next observation. @param run names who saw it, as far as that is known */
  feed(observation: Observation, run: string | null): Action[];
  summary(): ReplaySummary;
}

/**
 * Feeds recorded observations to the rules, oldest first. `at` begins anew with each monitor:
 * then it goes on by what passed on the wall clock, and as after any start with a new grace;
 * spent restarts and open incidents are kept, as the state file keeps them.
 */
export function startReplay(policy: Policy): Replay {
  let state: State | null = null;
  let last: { observation: Observation; run: string | null } | null = null;
  let offsetMs = 0;
  const incidents = new Set<string>();
  const summary = { probes: 0, runs: 0, restarts: 0, notices: {} as Record<string, number> };
  let from: string | null = null;

  function stateFor(seen: Observation, run: string | null): State {
    if (state === null || last === null) {
      summary.runs = 1;
      return initialState(seen.at, policy);
    }
    if (sameRun(last, { observation: seen, run })) return state;
    summary.runs += 1;
    const { at, time } = last.observation;
    const pauseMs = Math.max(0, Date.parse(seen.time) - Date.parse(time));
    offsetMs += at + pauseMs - seen.at;
    return { ...state, graceUntil: initialState(seen.at + offsetMs, policy).graceUntil };
  }

  return {
    feed(seen, run) {
      // An entry of the journal repeats the observation of the one before it.
      const before = last?.observation;
      if (before !== undefined && before.at === seen.at && before.time === seen.time) return [];
      const current = stateFor(seen, run);
      const decision = decide(current, { ...seen, at: seen.at + offsetMs }, policy);
      state = decision.state;
      last = { observation: seen, run };
      from ??= seen.time;
      summary.probes += 1;
      for (const action of decision.actions) count(action);
      return decision.actions;
    },
    summary: () => ({
      ...summary,
      ...{ from, to: last?.observation.time ?? null, incidents: incidents.size },
    }),
  };

  function count(action: Action): void {
    if (action.kind === 'notify') {
      const { kind, incident } = action.notice;
      summary.notices[kind] = (summary.notices[kind] ?? 0) + 1;
      incidents.add(incident);
    } else if (action.kind === 'restart') {
      summary.restarts += 1;
      incidents.add(action.incident);
    } else incidents.add(action.entry.incident);
  }
}

interface Look {
  observation: Observation;
  run: string | null;
}

/** Without names, a clock that went back tells. */
function sameRun(before: Look, now: Look): boolean {
  return before.run === now.run && now.observation.at >= before.observation.at;
}

/** A decision in a line, without its time. Pure. */
export function decisionLine(given: Action): string {
  switch (given.kind) {
    case 'notify': {
      const { kind, what, action } = given.notice;
      return `${kind.toUpperCase()} ${what}; ${action}`;
    }
    case 'restart':
      return `RESTART ${given.process} (${given.cause}), budget left ${given.budgetLeft}`;
    case 'record':
      return `${given.entry.event} ${given.entry.incident}: ${given.entry.text}`;
  }
}
