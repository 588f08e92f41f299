import type { Config } from '../../src/config.js';

/** MONITOR_* of the configuration, and what follows from it, as the rules need it. */
export interface Policy {
  /** Consecutive failures before anything is said or done. */
  failures: number;
  /** Consecutive successes before an incident is over. */
  recoveries: number;
  /** Failures this soon after the monitor's start, or a restart it made, do not count. */
  graceMs: number;
  /** Restarts of one process within the window; then an escalation instead. */
  maxRestarts: number;
  restartWindowMs: number;
  memoryLimitMb: number;
  /** PM2 has given up a process that has had no pid for so long, without a further start. */
  deadMs: number;
  /** As many crashes as `failures` within it are a crash loop; it is over after as long without one. */
  crashWindowMs: number;
  /** PM2 has restarted a process by then: it waits for the old one to end, and for the new one. */
  restartMs: number;
  /** How long after a restart it is judged, ascending. */
  judgeMs: readonly number[];
  /** The first reminder of an open incident; each further one after twice the time. */
  reminderMs: number;
  maxReminderMs: number;
  /** Free disk below it is called low. */
  minFreeMb: number;
}

const MINUTE_MS = 60_000;
/** Longer than PM2's longest pause between two starts, 15 s. */
const DEAD_MS = 30_000;
/** ecosystem.config.cjs: 5 s more than the deadline for the old one, 30 for the new one. */
const RESTART_EXTRA_MS = 35_000;
/** The store's daily clean-up needs twice its size, about 420 MB after 90 days. */
const MIN_FREE_MB = 1024;
/** A remedy that was judged so often not to have fixed an incident is not tried again in it. */
export const MAX_NOT_FIXED = 2;

/**
 * Times that have no key of their own are multiples of the interval: of its default of 15 s they
 * make judgements after 1, 5 and 30 minutes, a first reminder after 30, and crashes within 10.
 */
export function policyOf({
  monitor,
  shutdownDeadlineMs,
}: Pick<Config, 'monitor' | 'shutdownDeadlineMs'>): Policy {
  const { intervalMs, graceMs } = monitor;
  // Two looks that count, at least, before the first judgement.
  const first = Math.max(4, graceMs / intervalMs + 2);
  return {
    failures: monitor.failures,
    recoveries: monitor.recoveries,
    graceMs,
    maxRestarts: monitor.maxRestarts,
    restartWindowMs: monitor.restartWindowMs,
    memoryLimitMb: monitor.memoryLimitMb,
    deadMs: DEAD_MS,
    restartMs: shutdownDeadlineMs + RESTART_EXTRA_MS,
    crashWindowMs: 40 * intervalMs,
    judgeMs: [first, 5 * first, 30 * first].map((times) => Math.round(times * intervalMs)),
    reminderMs: 120 * intervalMs,
    maxReminderMs: 24 * 60 * MINUTE_MS,
    minFreeMb: MIN_FREE_MB,
  };
}

/** How long after the n-th restart within the window the next one may be made: 2, 4, 8 … × grace. */
export function restartDelayMs(made: number, { graceMs }: Policy): number {
  return made === 0 ? 0 : graceMs * 2 ** Math.min(made, 10);
}
