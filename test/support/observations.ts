import type {
  Cause,
  HealthStatus,
  NoAnswerReason,
  Observation,
  Outcome,
  ProcessSample,
} from '../../monitor/observe/observation.js';

/** Observations as tests write them: the trouble alone, the rest is in order. */
export function answered(
  status: HealthStatus = 'healthy',
  causes: (Partial<Cause> & { code: string })[] = [],
): Outcome {
  return {
    kind: 'answered',
    status,
    httpStatus: status === 'unhealthy' ? 503 : 200,
    causes: causes.map((one) => ({
      severity: status,
      message: '',
      restartWouldHelp: false,
      ...one,
    })),
    pid: 100,
    jobsHeartbeatAgeS: 5,
    latencyMs: 3,
  };
}

export function noAnswer(reason: NoAnswerReason = 'timeout'): Outcome {
  return { kind: 'no_answer', reason, detail: `test: ${reason}`, latencyMs: 5000 };
}

export function managed(name: string, changes: Partial<ProcessSample> = {}): ProcessSample {
  const pid = { api: 100, jobs: 200 }[name] ?? 300;
  const pmId = { api: 0, jobs: 1 }[name] ?? 2;
  return {
    name,
    pmId,
    pid,
    status: 'online',
    exitCode: null,
    upMs: 3_600_000,
    outLog: null,
    errLog: null,
    restarts: 0,
    askedAt: 1_700_000_000_000,
    memoryMb: 90,
    life: 'running',
    lastWords: null,
    ...changes,
  };
}

export function observation(
  at: number,
  outcome: Outcome = answered(),
  processes: ProcessSample[] | null = [managed('api'), managed('jobs'), managed('monitor')],
): Observation {
  return {
    at,
    time: new Date(Date.parse('2026-01-15T12:00:00.000Z') + at).toISOString(),
    outcome,
    supervisor:
      processes === null
        ? { reachable: false, reason: 'test: no PM2 daemon', daemon: null }
        : { reachable: true, processes, daemon: { pid: 50, life: 'running', memoryMb: 60 } },
    host: { disks: [{ path: '/data', freeMb: 50_000 }], orphans: [], portHolder: null },
    silences: [],
  };
}
