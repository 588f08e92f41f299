import { rounded } from './charges.js';
import type { Target } from './target.js';

export interface Count {
  operation: string;
  /** Null: the account, a database or an offer. */
  container: string | null;
  requests: number;
  /** Request units. */
  charge: number;
  /** Answered with a status from 400, or not at all. */
  refused: number;
  /** Of these, 429. */
  throttled: number;
}

/** What was asked since the start or the last reset, without the control routes. */
export interface Totals {
  requests: number;
  charge: number;
  by: Count[];
}

export interface Journal {
  /** @param status 0: no answer was sent. */
  note(target: Target, status: number, charge: number): void;
  totals(): Totals;
  reset(): void;
}

export function createJournal(): Journal {
  const counts = new Map<string, Count>();
  return {
    note({ operation, container = null }, status, charge) {
      const name = `${operation} ${container ?? ''}`;
      const count = counts.get(name) ?? {
        ...{ operation, container, requests: 0, charge: 0, refused: 0, throttled: 0 },
      };
      counts.set(name, count);
      count.requests += 1;
      count.charge += charge;
      if (status >= 400 || status === 0) count.refused += 1;
      if (status === 429) count.throttled += 1;
    },
    totals() {
      const by = [...counts.values()].map((count) => ({ ...count, charge: rounded(count.charge) }));
      const sum = (of: (count: Count) => number) => by.reduce((total, each) => total + of(each), 0);
      return {
        requests: sum(({ requests }) => requests),
        charge: rounded(sum(({ charge }) => charge)),
        by,
      };
    },
    reset: () => counts.clear(),
  };
}
