import type { Clock } from '../../../clock.js';
import { AppError } from '../../../errors.js';
import { withDeadline } from '../../../retry.js';
import { classify, type Place, type Verdict, WAIT } from './classify.js';
import { type Attempt, newAttempt, type Transport } from './exchange.js';
import type { Failed } from './failed.js';

export type Speak<T> = (attempt: Attempt) => Promise<T>;

export interface Attempts {
  /** One attempt: its value or what its failure means, with what it cost. It does not throw. */
  make<T>(ms: number, speak: Speak<T>): Promise<Outcome<T> & { cost: Cost }>;
  /** Ends those that are under way. */
  end(): void;
}

export type Outcome<T> = { value: T } | { verdict: Verdict };

export interface Cost {
  /** Answers of the account, those that refuse included. */
  requests: number;
  /** Request units. */
  units: number;
}

/** Thrown by an attempt that finds in a good answer that something was refused. */
export class Refused extends Error {
  constructor(readonly failed: Failed) {
    super('refused');
  }
}

export function createAttempts(transport: Transport, place: Place, clock: Clock): Attempts {
  const live = new Set<Attempt>();

  async function make<T>(ms: number, speak: Speak<T>): Promise<Outcome<T> & { cost: Cost }> {
    const attempt = newAttempt();
    const outcome = await within(attempt, ms, speak);
    return { ...outcome, cost: { requests: attempt.answers, units: attempt.units } };
  }

  async function within<T>(attempt: Attempt, ms: number, speak: Speak<T>): Promise<Outcome<T>> {
    live.add(attempt);
    try {
      const work = () => transport.run(attempt, () => speak(attempt));
      return { value: await withDeadline(ms, clock, work, () => late(place, ms)) };
    } catch (error) {
      attempt.stop.abort(); // whatever of it is still under way
      return { verdict: judge(error, attempt, place) };
    } finally {
      attempt.plan.decide('shut');
      live.delete(attempt);
    }
  }

  return {
    make,
    end() {
      for (const attempt of live) attempt.stop.abort();
    },
  };
}

function judge(error: unknown, { failed }: Attempt, place: Place): Verdict {
  if (error instanceof AppError) {
    return { error, again: 'no', retryAfterMs: null, alive: false, behind: false };
  }
  return classify(error, error instanceof Refused ? error.failed : failed, place);
}

function late({ endpoint }: Place, ms: number): AppError {
  const why = `gives no answer within ${Math.round(ms)} ms`;
  return new AppError('store_timeout', `The Cosmos account ${endpoint} ${why}`, {
    ...{ cure: WAIT, details: { why } },
  });
}
