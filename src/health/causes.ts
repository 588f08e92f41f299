import type { IsoTime } from '../domain/item.js';
import { type Pause, pausedSince } from '../domain/pause.js';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
/** `info` and some warnings leave the status alone; `critical` means unhealthy. */
export type Severity = (typeof SEVERITIES)[number];

/** One reason for what `/health` says, for people and for the monitor. */
export interface Cause {
  code: CauseCode;
  severity: Severity;
  message: string;
  /** Whether restarting the API can cure it: the monitor restarts for nothing else. */
  restart_would_help: boolean;
}

interface CauseKind {
  /** The severities it can have, mildest first. */
  severities: readonly Severity[];
  restartWouldHelp: boolean;
  message: (facts: never) => string;
}

/** How the store looks from here; milliseconds since its last answer, null when there was none. */
export interface Silence {
  lastSuccessMs: number | null;
  failure: string | null;
  /** What is wrong with it, as far as that is known: `is locked by another process`. */
  why?: string | null;
}

/** The closed list. Each code has an entry in deployment/RUNBOOK.md. */
export const CAUSES = {
  database_unreachable: {
    severities: ['critical'],
    restartWouldHelp: false,
    message: ({ lastSuccessMs, failure, why }: Silence) =>
      `The database does not answer${failure === null ? '' : ` (${failure}${why ? `: it ${why}` : ''})`}; ` +
      (lastSuccessMs === null
        ? 'it did not answer when asked'
        : `its last answer came ${span(lastSuccessMs)} ago`),
  },
  data_stale: {
    severities: ['warning', 'critical'],
    restartWouldHelp: false,
    message: (facts: { staleMs: number; limitMs: number; at: IsoTime }) =>
      `The last collection ended ${span(facts.staleMs)} ago (${facts.at}), over the limit of ${span(facts.limitMs)}`,
  },
  never_collected: {
    severities: ['info', 'warning', 'critical'],
    restartWouldHelp: false,
    message: ({ uptimeMs }: { uptimeMs: number }) =>
      `No collection has ever succeeded; this process has been up for ${span(uptimeMs)}`,
  },
  memory_high: {
    severities: ['warning'],
    restartWouldHelp: false,
    message: ({ memoryMb, limitMb }: { memoryMb: number; limitMb: number }) =>
      `Memory is at ${memoryMb} MB, over ${limitMb} MB`,
  },
  memory_over_limit: {
    severities: ['critical'],
    restartWouldHelp: true,
    message: ({ memoryMb, limitMb }: { memoryMb: number; limitMb: number }) =>
      `Memory is at ${memoryMb} MB, over the limit of ${limitMb} MB`,
  },
  cycles_failing: {
    severities: ['warning'],
    restartWouldHelp: false,
    message: ({ failed, finished }: { failed: number; finished: number }) =>
      `${failed} of the ${finished} collection cycles of the last 24 h failed`,
  },
  subreddit_failing: {
    severities: ['warning'],
    restartWouldHelp: false,
    message: ({ subreddits }: { subreddits: readonly string[] }) =>
      `Failed in each of the last three cycles: ${subreddits.join(', ')}`,
  },
  gap_open: {
    severities: ['warning'],
    restartWouldHelp: false,
    message: ({ gaps }: { gaps: number }) =>
      `${gaps} ${gaps === 1 ? 'gap is' : 'gaps are'} open: items that Reddit's listings no longer reach are missing`,
  },
  collection_off: {
    severities: ['info'],
    restartWouldHelp: false,
    message: () =>
      'Collection is off: no Reddit credentials are configured (REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, REDDIT_USER_AGENT)',
  },
  collection_paused: {
    severities: ['info'],
    restartWouldHelp: false,
    message: (paused: Pause) => `${pausedSince(paused)} (npm run resume lets it go on)`,
  },
  jobs_silent: {
    severities: ['warning'],
    restartWouldHelp: false,
    message: ({ silentMs }: { silentMs: number | null }) =>
      silentMs === null
        ? 'The jobs process has never reported to this store'
        : `The jobs process last reported ${span(silentMs)} ago`,
  },
  shutting_down: {
    severities: ['info'],
    restartWouldHelp: false,
    message: () => 'This process is shutting down',
  },
} as const satisfies Record<string, CauseKind>;

export type CauseCode = keyof typeof CAUSES;
export const CAUSE_CODES = Object.keys(CAUSES) as CauseCode[];

/** The cause as the API shows it. `facts` are those its message names. */
export function causeOf<Code extends CauseCode>(
  code: Code,
  severity: (typeof CAUSES)[Code]['severities'][number],
  ...facts: Parameters<(typeof CAUSES)[Code]['message']>
): Cause {
  const kind: { restartWouldHelp: boolean; message: (...facts: never) => string } = CAUSES[code];
  return {
    code,
    severity,
    message: kind.message(...(facts as never)),
    restart_would_help: kind.restartWouldHelp,
  };
}

/** A duration in the two largest units that matter: `45 s`, `12 min`, `3 h 20 min`, `4 d 2 h`. */
export function span(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 180) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 72
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
