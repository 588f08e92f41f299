import type { Config } from '../src/config.js';

/** A job as the runner knows it. Pure data, so that the whole plan can be looked at. */
export interface Job {
  name: 'collect';
  firstRunMs: number;
  intervalMs: number;
  /** The job ends itself by its own deadline; this much later its thread is ended for it. */
  hardLimitMs: number;
  heapMb: number;
}

/** After start, so that the first data is there soon and a crash loop does not hammer Reddit. */
const FIRST_RUN_MS = 5000;
/** From the spawn, so a busy machine needs some of it to load the thread. */
const DEADLINE_SLACK_MS = 30_000;

/** What runs when: nothing while collection is off. */
export function planJobs(config: Config): Job[] {
  if (config.reddit === null) return [];
  const { intervalMs, deadlineMs, jobMemoryMb } = config.collection;
  return [
    {
      name: 'collect',
      firstRunMs: FIRST_RUN_MS,
      intervalMs,
      hardLimitMs: deadlineMs + DEADLINE_SLACK_MS,
      heapMb: jobMemoryMb,
    },
  ];
}

/**
 * Milliseconds until the next slot. Slots lie on the clock, at multiples of the interval
 * since the epoch (:00 and :30 for half an hour), whatever the time of the start; so a
 * clock that jumps or a machine that slept misses slots but never runs them in a burst.
 */
export function untilNextSlot(nowMs: number, intervalMs: number): number {
  return intervalMs - (nowMs % intervalMs);
}

/** The number of the slot that an instant belongs to. */
export function slotOf(nowMs: number, intervalMs: number): number {
  return Math.floor(nowMs / intervalMs);
}
