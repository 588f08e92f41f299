import type { Clock } from '../../../clock.js';
import { AppError } from '../../../errors.js';

/** One look at the store at a time, shared by all whom it serves. */
export interface Looks {
  /** Resolves when a look has ended that began after the call, or `freshForMs` before it at most. */
  recent(): Promise<void>;
  /** When a thorough one has ended that began after the call. */
  anew(): Promise<void>;
  /** Resolves when the one that is under way has ended, however it does. */
  underWay(): Promise<void>;
  /** Looks that have begun by now serve nobody who calls from now on. */
  expire(): void;
}

export interface LooksDeps {
  /** @param thorough whether somebody wants more than a glance */
  look: (thorough: boolean) => Promise<void>;
  clock: Clock;
  freshForMs: number;
}

interface Call {
  /** Among calls and looks, in the order in which they began. */
  order: number;
  ms: number;
  thorough: boolean;
}

/** A look that is under way may be too old; the next may be for somebody else; the third is not. */
const ROUNDS = 4;

export function createLooks({ look, clock, freshForMs }: LooksDeps): Looks {
  let order = 0;
  let expiredAt = 0;
  let last: Call | null = null;
  let underWay: (Call & { ended: Promise<void> }) | null = null;
  let wantedThorough = 0;

  const now = (thorough: boolean): Call => {
    order += 1;
    return { order, ms: clock.monotonic(), thorough };
  };

  /** How long a look takes is nothing to whom it serves: what it tells is as of its beginning. */
  const serves = (look: Call, call: Call): boolean => {
    if (look.order > call.order) return look.thorough || !call.thorough;
    return !call.thorough && look.order > expiredAt && call.ms - look.ms < freshForMs;
  };

  const begin = (): Promise<void> => {
    const begun = now(wantedThorough > 0);
    const ended = look(begun.thorough)
      .then(() => {
        last = begun;
      })
      .finally(() => {
        underWay = null;
      });
    underWay = { ...begun, ended };
    return ended;
  };

  const served = async (thorough: boolean): Promise<void> => {
    const call = now(thorough);
    for (let round = 1; round <= ROUNDS; round += 1) {
      if (last !== null && serves(last, call)) return;
      // One that fails fails for all who wait, lest they wait for each other's.
      await (underWay?.ended ?? begin());
    }
    if (last === null || !serves(last, call)) {
      throw new AppError('store_busy', 'The store is looked at by too many at once');
    }
  };

  return {
    recent: () => served(false),
    async anew() {
      wantedThorough += 1;
      try {
        await served(true);
      } finally {
        wantedThorough -= 1;
      }
    },
    underWay: async () => underWay?.ended.catch(() => undefined),
    expire() {
      order += 1;
      expiredAt = order;
    },
  };
}
