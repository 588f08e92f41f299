import type { HealthSeen, Seen } from './questions.js';

/** What a chart has to answer while the database is away; null: that. */
export function wrongWhileAway(now: Seen, before: Seen, previous: Seen): string | null {
  if (now.status !== 200) return `${answered(now)}, not 200`;
  if (!now.stale || now.ageSeconds === null) return '200 that does not say that it is stale';
  if (now.etag === null || now.etag !== before.etag) return 'another answer than before';
  if (now.ageSeconds < (previous.ageSeconds ?? 0)) return `its Age went back to ${now.ageSeconds}`;
  return null;
}

/** What a question that nobody asked before has to answer then. */
export function wrongWhenUnknown(now: Seen): string | null {
  if (now.status !== 503) return `${answered(now)}, not 503`;
  return now.detail === null || now.retryAfter === null
    ? '503 without detail or Retry-After'
    : null;
}

/** At the end, since the api looks at the database every two seconds. */
export function wrongHealth({ status, health, causes }: HealthSeen): string | null {
  const blamed = causes.some(({ code }) => code === 'database_unreachable');
  return status === 503 && health === 'unhealthy' && blamed ? null : `${status} ${health}`;
}

/** An answer of now, and not an empty one where there was something. */
export function isFresh(now: Seen, before: Seen): boolean {
  if (now.status !== 200 || now.stale || now.figure === null) return false;
  return now.figure > 0 || before.figure === 0;
}

export function answered({ status }: Seen): string {
  return status === 0 ? 'no answer' : String(status);
}
