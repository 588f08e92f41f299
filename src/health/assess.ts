import type { IsoTime } from '../domain/item.js';
import type { HealthFacts } from '../store/store.js';
import { type Cause, causeOf, type Silence } from './causes.js';

export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** Limits are exclusive: a value at the limit is still within it. */
export interface HealthPolicy {
  staleDegradedMs: number;
  staleUnhealthyMs: number;
  memoryDegradedMb: number;
  memoryUnhealthyMb: number;
  /** Share of the last 24 h's cycles that may fail. */
  failedShare: number;
  jobsSilentMs: number;
}

/** What is known at one moment. */
export interface Observation {
  nowMs: number;
  uptimeMs: number;
  /** The API's own resident set. */
  memoryMb: number;
  /** False when no Reddit credentials are configured. */
  collectionOn: boolean;
  connected: boolean;
  silence: Silence;
  /** Of the last successful check; null before the first one. */
  facts: HealthFacts | null;
}

export interface Assessment {
  status: HealthStatus;
  causes: Cause[];
}

/** The limits of SPEC §9; the minutes are 1.5 × and 4 × the collection interval. */
export function healthPolicy(intervalMs: number): HealthPolicy {
  return {
    staleDegradedMs: 1.5 * intervalMs,
    staleUnhealthyMs: 4 * intervalMs,
    memoryDegradedMb: 450,
    memoryUnhealthyMb: 500,
    failedShare: 0.1,
    jobsSilentMs: 60_000,
  };
}

/**
 * The worst finding decides the status. `jobs_silent` is a warning that does not: stale data
 * follows from it soon enough, and an API that serves is not degraded by its neighbour.
 *
 * While the database is away, what it last said is shown but not judged: the one cause that
 * matters is that it is away.
 */
export function assess(seen: Observation, policy: HealthPolicy): Assessment {
  const causes = memoryCauses(seen, policy);
  if (!seen.connected || seen.facts === null) {
    causes.unshift(causeOf('database_unreachable', 'critical', seen.silence));
  } else {
    causes.unshift(
      ...(seen.collectionOn ? collectionCauses(seen, seen.facts, policy) : []),
      ...jobsCauses(seen, seen.facts, policy),
    );
  }
  if (!seen.collectionOn) causes.push(causeOf('collection_off', 'info'));
  return { status: statusOf(causes), causes };
}

/** Milliseconds since the last collection; a clock that was set back does not make it negative. */
export function freshnessMs(nowMs: number, lastCollectionAt: IsoTime | null): number | null {
  return lastCollectionAt === null ? null : Math.max(0, nowMs - Date.parse(lastCollectionAt));
}

function statusOf(causes: readonly Cause[]): HealthStatus {
  if (causes.some(({ severity }) => severity === 'critical')) return 'unhealthy';
  const degrading = ({ severity, code }: Cause) => severity === 'warning' && code !== 'jobs_silent';
  return causes.some(degrading) ? 'degraded' : 'healthy';
}

function memoryCauses({ memoryMb }: Observation, policy: HealthPolicy): Cause[] {
  if (memoryMb > policy.memoryUnhealthyMb) {
    const limitMb = policy.memoryUnhealthyMb;
    return [causeOf('memory_over_limit', 'critical', { memoryMb, limitMb })];
  }
  if (memoryMb <= policy.memoryDegradedMb) return [];
  return [causeOf('memory_high', 'warning', { memoryMb, limitMb: policy.memoryDegradedMb })];
}

/** Judged only while collection is on: nobody expects fresh data of one that is off or paused. */
function collectionCauses(seen: Observation, facts: HealthFacts, policy: HealthPolicy): Cause[] {
  if (facts.paused !== null) return [causeOf('collection_paused', 'info', facts.paused)];
  const causes = [freshnessCause(seen, facts.last_collection_at, policy)];
  const { failed_24h: failed, finished_24h: finished } = facts;
  if (failed > finished * policy.failedShare) {
    causes.push(causeOf('cycles_failing', 'warning', { failed, finished }));
  }
  if (facts.subreddits_failing.length > 0) {
    const subreddits = facts.subreddits_failing;
    causes.push(causeOf('subreddit_failing', 'warning', { subreddits }));
  }
  if (facts.gaps_open > 0) causes.push(causeOf('gap_open', 'warning', { gaps: facts.gaps_open }));
  return causes.filter((cause) => cause !== null);
}

function freshnessCause(
  { nowMs, uptimeMs }: Observation,
  at: IsoTime | null,
  policy: HealthPolicy,
): Cause | null {
  const staleMs = freshnessMs(nowMs, at);
  if (staleMs === null || at === null) {
    if (uptimeMs > policy.staleUnhealthyMs) {
      return causeOf('never_collected', 'critical', { uptimeMs });
    }
    const severity = uptimeMs > policy.staleDegradedMs ? 'warning' : 'info';
    return causeOf('never_collected', severity, { uptimeMs });
  }
  if (staleMs > policy.staleUnhealthyMs) {
    return causeOf('data_stale', 'critical', { staleMs, limitMs: policy.staleUnhealthyMs, at });
  }
  if (staleMs <= policy.staleDegradedMs) return null;
  return causeOf('data_stale', 'warning', { staleMs, limitMs: policy.staleDegradedMs, at });
}

/** A whole system that has just been started is given the same time to report for the first time. */
function jobsCauses(seen: Observation, { jobs }: HealthFacts, policy: HealthPolicy): Cause[] {
  // One from the future was written under a clock that was ahead.
  const silentMs = jobs === null ? null : Math.abs(seen.nowMs - Date.parse(jobs.at));
  const silent = silentMs === null || silentMs > policy.jobsSilentMs;
  if (!silent || seen.uptimeMs <= policy.jobsSilentMs) return [];
  return [causeOf('jobs_silent', 'warning', { silentMs })];
}
