import type { RateHints } from '../domain/rate-budget.js';

/** Reads `X-Ratelimit-Remaining`, `X-Ratelimit-Reset` (seconds) and `Retry-After`. */
export function rateHints(headers: Record<string, string>, nowMs: number): RateHints {
  const resetSeconds = number(headers['x-ratelimit-reset']);
  return {
    remaining: number(headers['x-ratelimit-remaining']),
    resetMs: resetSeconds === null ? null : resetSeconds * 1000,
    retryAfterMs: retryAfterMs(headers, nowMs),
  };
}

/** `Retry-After`: seconds or an HTTP date (RFC 9110 §10.2.3); null when absent or unreadable. */
export function retryAfterMs(headers: Record<string, string>, nowMs: number): number | null {
  const given = headers['retry-after'];
  const seconds = number(given);
  if (seconds !== null) return seconds * 1000;
  const at = /^\w{3}, /.test(given ?? '') ? Date.parse(given ?? '') : Number.NaN;
  return Number.isFinite(at) ? Math.max(0, at - nowMs) : null;
}

/** A number as these headers write it: no sign, no exponent. */
function number(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,12}(\.\d+)?$/.test(text.trim()) ? Number(text) : null;
}
