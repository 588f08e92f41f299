import type { Clock } from './clock.js';
import { toAppError, whyOf } from './errors.js';
import { assess, type HealthPolicy } from './health/assess.js';
import { type HealthReport, healthReport } from './health/report.js';
import type { Log } from './log.js';
import type { ProcessSampler } from './process-sampler.js';
import { withDeadline } from './retry.js';
import type { HealthFacts, ReadStore } from './store/store.js';

/**
 * Knows the health at any moment without asking anybody: a loop asks the store every two
 * seconds, one question at a time, and `report` only reads what the loop last learned.
 */
export interface HealthMonitor {
  /** Never waits and never throws. */
  report(): HealthReport;
  /** As of the last check that succeeded; null before the first. */
  dataVersion(): number | null;
  /** Asks the store once; never throws. Answers the facts, or null when it failed. */
  check(): Promise<HealthFacts | null>;
  /** Goes on checking until `close`. */
  start(): void;
  /** Resolves when no check is under way any more. */
  close(): Promise<void>;
}

export interface HealthMonitorDeps {
  store: Pick<ReadStore, 'healthFacts'>;
  clock: Clock;
  log: Log;
  sampler: ProcessSampler;
  policy: HealthPolicy;
  collectionOn: boolean;
  /** False: status and timestamp only. */
  details: boolean;
  /** Deadline of one check. */
  timeoutMs: number;
  intervalMs?: number;
}

const CHECK_INTERVAL_MS = 2000;

interface Knowledge {
  facts: HealthFacts | null;
  latencyMs: number | null;
  checkedAt: number | null;
  succeededAt: number | null;
  /** Code of the last check's failure; null when it succeeded. */
  failure: string | null;
  /** What that failure said of the store. */
  why: string | null;
}

export function createHealthMonitor(deps: HealthMonitorDeps): HealthMonitor {
  const { clock, sampler } = deps;
  const intervalMs = deps.intervalMs ?? CHECK_INTERVAL_MS;
  const known: Knowledge = {
    facts: null,
    latencyMs: null,
    checkedAt: null,
    succeededAt: null,
    failure: null,
    why: null,
  };
  const stop = new AbortController();
  let loop: Promise<void> | null = null;

  async function check(): Promise<HealthFacts | null> {
    sampler.renew();
    return checkStore(deps, known);
  }

  async function run(): Promise<void> {
    for (;;) {
      await clock.sleep(intervalMs, stop.signal);
      if (stop.signal.aborted) return;
      await check();
    }
  }

  return {
    report: () => reportOf(deps, known, 2 * (intervalMs + deps.timeoutMs)),
    dataVersion: () => known.facts?.data_version ?? null,
    check,
    start: () => void (loop ??= run()),
    async close() {
      stop.abort();
      await loop;
      sampler.close();
    },
  };
}

async function checkStore(deps: HealthMonitorDeps, known: Knowledge): Promise<HealthFacts | null> {
  const { clock, log, store, timeoutMs } = deps;
  const began = clock.monotonic();
  const before = known.failure;
  try {
    const now = new Date(clock.now()).toISOString();
    const facts = await withDeadline(timeoutMs, clock, () => store.healthFacts(now));
    known.facts = facts;
    known.succeededAt = clock.monotonic();
    known.latencyMs = known.succeededAt - began;
    known.failure = null;
    if (before !== null) log.info({ latency_ms: known.latencyMs }, 'database answers again');
    return facts;
  } catch (error) {
    const failure = toAppError(error);
    const { code, message, cure } = failure;
    known.failure = code;
    known.why = whyOf(failure);
    // Only the change is news; the state itself stands in /health.
    const advice = cure === undefined ? '' : `. Cure: ${cure}`;
    if (before === null)
      log.error({ code, err: error }, `database does not answer: ${message}${advice}`);
    return null;
  } finally {
    known.checkedAt = clock.monotonic();
  }
}

/** An answer this old counts as none: the loop itself may be stuck. */
function reportOf(deps: HealthMonitorDeps, known: Knowledge, maxAgeMs: number): HealthReport {
  const { clock, sampler } = deps;
  const nowMs = clock.now();
  const lastSuccessMs = known.succeededAt === null ? null : clock.monotonic() - known.succeededAt;
  const connected = known.failure === null && lastSuccessMs !== null && lastSuccessMs <= maxAgeMs;
  const process = sampler.sample();
  const assessment = assess(
    {
      nowMs,
      uptimeMs: process.uptime_seconds * 1000,
      memoryMb: process.memory_mb,
      collectionOn: deps.collectionOn,
      connected,
      silence: { lastSuccessMs, failure: known.failure, why: known.why },
      facts: known.facts,
    },
    deps.policy,
  );
  const ageMs = known.checkedAt === null ? null : clock.monotonic() - known.checkedAt;
  const report = healthReport({
    nowMs,
    assessment,
    facts: known.facts,
    process,
    database: {
      connected,
      latency_ms: known.latencyMs === null ? null : Math.round(known.latencyMs * 10) / 10,
      checked_seconds_ago: ageMs === null ? null : Math.round(ageMs / 100) / 10,
    },
  });
  return deps.details ? report : { status: report.status, timestamp: report.timestamp };
}
