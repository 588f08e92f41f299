/**
 * What the monitor saw in one look. Plain data: it is what `--once` prints, and what a
 * recorded history replays.
 */
export interface Observation {
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  at: number;
  /** Wall-clock time, for people only: no rule looks at it. */
  time: string;
  outcome: Outcome;
  supervisor: SupervisorView;
}

/** What `GET /health` gave. Any JSON with one of our statuses is an answer, 503 too. */
export type Outcome = Answered | NoAnswer;

export interface Answered {
  kind: 'answered';
  status: HealthStatus;
  httpStatus: number;
  causes: Cause[];
  /** The answering process, when it says so. */
  pid: number | null;
  latencyMs: number;
}

export interface NoAnswer {
  kind: 'no_answer';
  reason: NoAnswerReason;
  detail: string;
  latencyMs: number;
}

export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/**
 * `timeout`: connected or not, nothing whole within the deadline. `refused`: nobody
 * listens. `broken`: the connection was cut. `server_error`: 5xx without a health report.
 * `foreign`: something answers, and it is not our health report.
 */
export type NoAnswerReason = 'timeout' | 'refused' | 'broken' | 'server_error' | 'foreign';

export interface Cause {
  code: string;
  severity: string;
  message: string;
  restartWouldHelp: boolean;
}

export type SupervisorView =
  | { reachable: true; processes: ProcessSample[] }
  | { reachable: false; reason: string };

/** One process as PM2 lists it. */
export interface ManagedProcess {
  name: string;
  pmId: number;
  /** 0 when PM2 has none and will not start one by itself. */
  pid: number;
  /** PM2's word: online, launching, stopping, stopped, errored, waiting restart. */
  status: string;
  /** Of its last exit; null while it has not exited. */
  exitCode: number | null;
  /** Since PM2 last started it; null when PM2 does not say. */
  upMs: number | null;
  /** How often PM2 has restarted it. */
  restarts: number;
}

export interface ProcessSample extends ManagedProcess {
  /** Resident memory with all descendants; null when it could not be read. */
  memoryMb: number | null;
}
