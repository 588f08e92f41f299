import type { Clock } from '../clock.js';

/**
 * The budget of one partition range. A request is let in while anything is left and is charged
 * when its cost is known, so the budget can go below zero, as the service's does; what is not
 * used within a second is lost.
 */
export interface Budget {
  /** Milliseconds until a request is let in; 0: now. */
  waitMs(): number;
  spend(charge: number): void;
}

/** @param perSecond RU per second; Infinity never refuses. */
export function createBudget(clock: Clock, perSecond: number): Budget {
  let left = perSecond;
  let filledAt = clock.monotonic();
  return {
    waitMs() {
      if (perSecond === Infinity) return 0;
      const now = clock.monotonic();
      left = Math.min(perSecond, left + ((now - filledAt) * perSecond) / 1000);
      filledAt = now;
      return left > 0 ? 0 : Math.max(1, Math.ceil((-left * 1000) / perSecond));
    },
    spend(charge) {
      if (perSecond !== Infinity) left -= charge;
    },
  };
}
