import type { IsoTime } from '../domain/item.js';
import type { HealthFacts } from '../store/store.js';
import { type Assessment, freshnessMs, type HealthStatus } from './assess.js';
import type { Cause } from './causes.js';

/** What the process says about itself. */
export interface ProcessFigures {
  uptime_seconds: number;
  /** Resident set, MB with one decimal. */
  memory_mb: number;
  /** Of one core, over the last check's interval; threads can take it over 100. */
  cpu_percent: number;
  pid: number;
  /** The longest the event loop kept anybody waiting since the check before. */
  event_loop_delay_ms: number;
}

export interface DatabaseFigures {
  connected: boolean;
  /** Of the last successful check. */
  latency_ms: number | null;
  /** Since the last check that ended, whatever its outcome. */
  checked_seconds_ago: number | null;
}

export interface ApplicationFigures {
  /** End of the last succeeded or partial cycle. */
  last_collection_at: IsoTime | null;
  collections_succeeded: number;
  collections_failed: number;
  data_freshness_minutes: number | null;
  running_cycle: string | null;
  subreddits_failing: string[];
  gaps_open: number;
  /** Null when the jobs process has never reported. */
  jobs_heartbeat_age_seconds: number | null;
}

/** The body of `/health`. With `HEALTH_CHECK_ENABLED=false` only the first two are there. */
export interface HealthReport {
  status: HealthStatus;
  timestamp: IsoTime;
  process?: ProcessFigures;
  application?: ApplicationFigures;
  database?: DatabaseFigures;
  causes?: Cause[];
}

export function applicationFigures(nowMs: number, facts: HealthFacts | null): ApplicationFigures {
  const staleMs = freshnessMs(nowMs, facts?.last_collection_at ?? null);
  const jobs = facts?.jobs ?? null;
  return {
    last_collection_at: facts?.last_collection_at ?? null,
    collections_succeeded: facts?.collections_succeeded ?? 0,
    collections_failed: facts?.collections_failed ?? 0,
    data_freshness_minutes: staleMs === null ? null : oneDecimal(staleMs / 60_000),
    running_cycle: facts?.running_cycle ?? null,
    subreddits_failing: facts?.subreddits_failing ?? [],
    gaps_open: facts?.gaps_open ?? 0,
    jobs_heartbeat_age_seconds:
      jobs === null ? null : oneDecimal(Math.max(0, nowMs - Date.parse(jobs.at)) / 1000),
  };
}

export interface ReportParts {
  nowMs: number;
  assessment: Assessment;
  facts: HealthFacts | null;
  process: ProcessFigures;
  database: DatabaseFigures;
}

export function healthReport(parts: ReportParts): Required<HealthReport> {
  return {
    status: parts.assessment.status,
    timestamp: new Date(parts.nowMs).toISOString(),
    process: parts.process,
    application: applicationFigures(parts.nowMs, parts.facts),
    database: parts.database,
    causes: parts.assessment.causes,
  };
}

export function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
