import { AppError } from './errors.js';

/** What refused while the same was done in several places, each on its own. */
export interface Refusals {
  /**
   * Runs what is to be done in one place. A refusal of that place is kept for the end: null; whatever
   * may pass, or concerns all places, is thrown on.
   */
  past<T>(run: () => Promise<T>): Promise<T | null>;
  count(): number;
  /** @throws AppError the first of them, with how many there were */
  end(): void;
}

export function createRefusals(): Refusals {
  const refused: AppError[] = [];
  return {
    past: async (run) => {
      try {
        return await run();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push(error);
        return null;
      }
    },
    count: () => refused.length,
    end: () => {
      const [first] = refused;
      if (first !== undefined) throw summary(first, refused.length);
    },
  };
}

/** No waiting cures it, but elsewhere it may go better: neither the lease nor the store has ended. */
function isRefusal(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error.transient) return false;
  return error.code !== 'lease_lost' && error.code !== 'cancelled';
}

function summary(first: AppError, count: number): AppError {
  const { code, message, cure, details } = first;
  const more = count === 1 ? '' : `; and ${count - 1} more refusals`;
  return new AppError(code, `${message}${more}`, {
    ...{ cause: first, details: { ...details, refusals: count } },
    ...(cure !== undefined && { cure }),
  });
}
