import type { Config } from '../src/config.js';
import { DAY_MS, MINUTE_MS } from '../src/domain/window.js';

/** A job as the runner knows it. Pure data, so that the whole plan can be looked at. */
export interface Job {
  name: 'collect' | 'prune' | 'vacuum' | 'backup';
  firstRunMs: number;
  /** The first run, after start, is left out when the job has succeeded since its last slot began. */
  firstRunIfMissed: boolean;
  intervalMs: number;
  /** How long after each multiple of the interval since the epoch its slots begin. */
  offsetMs: number;
  /** The job ends itself by its own deadline; this much later its thread is ended for it. */
  hardLimitMs: number;
  heapMb: number;
  /** Nobody else can write while it works: it waits for the others, and they for it. */
  exclusive?: true;
}

/** After start, so that the first data is there soon and a crash loop does not hammer Reddit. */
const FIRST_RUN_MS = 5000;
/** From the spawn, so a busy machine needs some of it to load the thread. */
const DEADLINE_SLACK_MS = 30_000;
/** A day's worth takes seconds; what is left then is for the next day. */
export const PRUNE_DEADLINE_MS = 20 * MINUTE_MS;
/** They take as long as it takes to write the database anew. */
const WRITING_MS = 60 * MINUTE_MS;

/**
 * What runs when. The daily jobs, at times of UTC, in the order in which they make sense: pruned, then
 * compacted, then copied. Missed for a day, they run some minutes after start. Only a store in a file
 * of this machine is compacted and copied: Azure sees to both by itself.
 */
export function planJobs(config: Config): Job[] {
  const { intervalMs, deadlineMs, jobMemoryMb } = config.collection;
  const collect: Job = {
    name: 'collect',
    firstRunMs: FIRST_RUN_MS,
    firstRunIfMissed: false,
    intervalMs,
    offsetMs: 0,
    hardLimitMs: deadlineMs + DEADLINE_SLACK_MS,
    heapMb: jobMemoryMb,
  };
  const daily = (name: Job['name'], at: string, firstRunMinutes: number): Job => ({
    name,
    firstRunMs: firstRunMinutes * MINUTE_MS,
    firstRunIfMissed: true,
    intervalMs: DAY_MS,
    offsetMs: Date.parse(`1970-01-01T${at}Z`),
    hardLimitMs: WRITING_MS,
    heapMb: jobMemoryMb,
  });
  const ofFile: Job[] = [
    { ...daily('vacuum', '03:35', 4), exclusive: true },
    daily('backup', '03:45', 5),
  ];
  return [
    ...(config.reddit === null ? [] : [collect]),
    { ...daily('prune', '03:10', 3), hardLimitMs: PRUNE_DEADLINE_MS + DEADLINE_SLACK_MS },
    ...(config.store.kind === 'sqlite' ? ofFile : []),
  ];
}

type Slots = Pick<Job, 'intervalMs' | 'offsetMs'>;

/**
 * Milliseconds until the next slot. Slots lie on the clock, at multiples of the interval
 * since the epoch (:00 and :30 for half an hour), whatever the time of the start; so a
 * clock that jumps or a machine that slept misses slots but never runs them in a burst.
 */
export function untilNextSlot(nowMs: number, { intervalMs, offsetMs }: Slots): number {
  return intervalMs - ((nowMs - offsetMs) % intervalMs);
}

/** The number of the slot that an instant belongs to. */
export function slotOf(nowMs: number, { intervalMs, offsetMs }: Slots): number {
  return Math.floor((nowMs - offsetMs) / intervalMs);
}
