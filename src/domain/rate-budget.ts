/**
 * How many requests to Reddit may still be sent: at most so many in any minute, and never
 * more than Reddit says are left (SPEC §5.4). Pure; all times are milliseconds on one
 * timeline of the caller's.
 */
export interface RateBudget {
  /** When the requests of the last minute were sent, oldest first. */
  sentAt: readonly number[];
  /** What Reddit said is left until `resetAt`, less what was sent since; null: not known. */
  remaining: number | null;
  resetAt: number;
  /** Nothing may be sent before this. */
  blockedUntil: number;
}

/** What an answer said about it; null where it said nothing. */
export interface RateHints {
  remaining: number | null;
  resetMs: number | null;
  retryAfterMs: number | null;
}

/** Reddit's Data API terms: 100 queries a minute for each OAuth client. */
export const REQUESTS_PER_MINUTE = 100;

/** A minute, and a second for requests that are on the way for longer than the one before. */
const WINDOW_MS = 61_000;
/** Reddit tells the reset in whole seconds, rounded we do not know how. */
const RESET_MARGIN_MS = 1000;
/** Never wait longer than this for what one header says: Reddit's window is ten minutes. */
export const MAX_PAUSE_MS = 11 * 60_000;

export const FRESH_BUDGET: RateBudget = {
  sentAt: [],
  remaining: null,
  resetAt: 0,
  blockedUntil: 0,
};

/** How long to wait before the next request may be sent; 0: it may be sent now. */
export function delayMs(budget: RateBudget, perMinute: number, now: number): number {
  const { remaining, resetAt, blockedUntil, sentAt } = budget;
  const spent = remaining !== null && remaining < 1 ? resetAt - now : 0;
  const oldest = sentAt.at(-perMinute);
  const full = oldest === undefined ? 0 : oldest + WINDOW_MS - now;
  return Math.max(0, blockedUntil - now, spent, full);
}

/** The budget after one more request, sent now. */
export function spend(budget: RateBudget, now: number): RateBudget {
  const over = budget.remaining !== null && now >= budget.resetAt;
  const remaining = over || budget.remaining === null ? null : budget.remaining - 1;
  const sentAt = [...budget.sentAt.filter((at) => at > now - WINDOW_MS), now];
  return { ...budget, remaining, sentAt };
}

/**
 * The budget after an answer. `inFlight` requests were sent and not yet answered: Reddit may
 * not have counted them when it said what is left.
 */
export function learn(
  budget: RateBudget,
  hints: RateHints,
  inFlight: number,
  now: number,
): RateBudget {
  const learned = { ...budget };
  if (hints.remaining !== null && hints.resetMs !== null) {
    learned.remaining = Math.max(0, Math.floor(hints.remaining) - inFlight);
    learned.resetAt = now + bounded(hints.resetMs) + RESET_MARGIN_MS;
  }
  if (hints.retryAfterMs !== null) {
    learned.blockedUntil = Math.max(budget.blockedUntil, now + bounded(hints.retryAfterMs));
  }
  return learned;
}

/** The same budget on another timeline: `by` is added to every time. Nothing lies beyond what a header may ask. */
export function shifted(budget: RateBudget, by: number, now: number): RateBudget {
  const atMost = (limit: number) => (at: number) => Math.min(at + by, limit);
  return {
    sentAt: budget.sentAt.map(atMost(now)),
    remaining: budget.remaining,
    resetAt: atMost(now + MAX_PAUSE_MS)(budget.resetAt),
    blockedUntil: atMost(now + MAX_PAUSE_MS)(budget.blockedUntil),
  };
}

function bounded(ms: number): number {
  return Math.min(Math.max(ms, 0), MAX_PAUSE_MS);
}
