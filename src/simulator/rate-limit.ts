import type { Clock } from '../clock.js';

export interface RateLimit {
  /** Requests that one client may make in a window. */
  requests: number;
  windowMs: number;
}

/** Reddit's own: 100 a minute, averaged over ten. */
export const REDDIT_RATE_LIMIT: RateLimit = { requests: 600, windowMs: 600_000 };

export interface Spent {
  allowed: boolean;
  used: number;
  remaining: number;
  /** Whole seconds until the window ends. */
  resetSeconds: number;
}

/** Counts each client's requests in windows that begin at whole multiples of their length. */
export function rateLimiter(clock: Clock, limit: RateLimit): (client: string) => Spent {
  let window = -1;
  let used = new Map<string, number>();
  return (client) => {
    const now = clock.now();
    const current = Math.floor(now / limit.windowMs);
    if (current !== window) {
      window = current;
      used = new Map();
    }
    const count = (used.get(client) ?? 0) + 1;
    used.set(client, count);
    return {
      allowed: count <= limit.requests,
      used: count,
      remaining: Math.max(0, limit.requests - count),
      resetSeconds: Math.ceil(((current + 1) * limit.windowMs - now) / 1000),
    };
  };
}
