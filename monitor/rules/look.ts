import type { Action } from './action.js';
import type { Moment, State } from './state.js';
import type { Seen, Verdict } from './verdicts/verdict.js';

/** One observation with all it says, for the rules on one subject. */
export interface Look extends Seen {
  now: Moment;
  all: readonly Verdict[];
}

export interface Decision {
  state: State;
  actions: Action[];
}

/** What is to be done about trouble that has lasted long enough. */
export interface Step {
  /** In words, for people. */
  action: string;
  restart: boolean;
  escalate: boolean;
  /** Restarts left in the window after it; null where none would be made. */
  budgetLeft: number | null;
}
