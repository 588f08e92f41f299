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
  host: HostView;
  /** Silences in force at this moment (monitor:silence). */
  silences: Silence[];
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
  /** Age of the heartbeat of the jobs process, seconds; null when it has never reported. */
  jobsHeartbeatAgeS: number | null;
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
  | { reachable: true; processes: ProcessSample[]; daemon: DaemonSample | null }
  | { reachable: false; reason: string; daemon: DaemonSample | null };

/**
 * Whether a process really lives. `suspended`: state T, by SIGSTOP or a debugger. `gone`: no such
 * pid, a zombie, or a pid that a stranger has got since. `unknown`: /proc does not tell.
 */
export const LIVES = ['running', 'suspended', 'gone', 'unknown'] as const;
export type Life = (typeof LIVES)[number];

/** PM2's own process, by its pid file. */
export interface DaemonSample {
  pid: number;
  life: Life;
  memoryMb: number | null;
}

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
  /** Files that take its output; null when PM2 keeps none. */
  outLog: string | null;
  errLog: string | null;
  /** How often PM2 has restarted it, after an exit or because it was asked to. */
  restarts: number;
  /** When it was last asked to start it, by its clock; null when it does not say. */
  askedAt: number | null;
}

export interface ProcessSample extends ManagedProcess {
  /** Resident memory with all descendants; null when it could not be read. */
  memoryMb: number | null;
  life: Life;
  /** The last line that says why it ended, of one that ended with 69 or 78; else null. */
  lastWords: string | null;
}

/** The machine, as far as our processes depend on it. */
export interface HostView {
  disks: DiskSample[];
  orphans: Orphan[];
  /** Who listens on the port of MONITOR_HEALTH_URL, when it is on this machine and can be told. */
  portHolder: PortHolder | null;
}

export interface DiskSample {
  /** The folder that was asked about. */
  path: string;
  freeMb: number;
}

/** A process of ours that PM2 does not know: it runs one of our entry points, left by a PM2 that died. */
export interface Orphan {
  pid: number;
  /** PM2's name of the entry point it runs: api, jobs or monitor. */
  name: string;
  /** Wall-clock ISO time of its start. */
  startedAt: string;
}

export interface PortHolder {
  pid: number;
  /** Its command line, cut. */
  command: string;
}

/** Asked for by monitor:silence: people work on it. */
export interface Silence {
  /** Wall-clock ISO time of its end. */
  until: string;
  /** Null: everything. */
  subject: string | null;
  reason: string;
  /** False: no restart either, while it lasts. */
  restarts: boolean;
}
