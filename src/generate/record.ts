import { DAY_MS } from '../domain/window.js';
import { toIso } from '../clock.js';
import { emptyResult } from '../collect/subreddit.js';
import {
  type Cycle,
  type CycleError,
  cycleId,
  cycleStatus,
  newCycle,
  type SubredditResult,
} from '../domain/cycle.js';
import type { ErrorCode } from '../errors.js';
import { hash32, randomFrom } from '../simulator/random.js';
import { CYCLE_MS, type Slot } from './waves.js';

/** How a cycle will go, apart from its items. */
export interface Course {
  startMs: number;
  endMs: number;
  /** Subreddits that fail: their items are stored, their watermarks stay. */
  failing: (index: number) => boolean;
  /** The index of a subreddit whose listing turns out not to reach the watermark any more. */
  gap: number | null;
}

/** Of cycles; the last day has none, so that what is generated is in good health. */
const PARTIAL = 0.01;
const FAILED = 0.002;
const WITH_GAP = 0.001;

export function courseOf(seed: number, slot: Slot, subreddits: number, untilMs: number): Course {
  const random = randomFrom(hash32(`course ${seed} ${slot.toMs}`));
  const startMs = slot.toMs + 1000 + random.integer(2000);
  const endMs = startMs + 15_000 + random.integer(CYCLE_MS - 20_000);
  const [unlucky, withGap] = [random.integer(subreddits), random.integer(subreddits)];
  const fate = untilMs - slot.toMs < DAY_MS ? 1 : random.next();
  return {
    ...{ startMs, endMs },
    failing: (index) => fate < FAILED || (fate < FAILED + PARTIAL && index === unlucky),
    gap: fate > 1 - WITH_GAP && fate < 1 ? withGap : null,
  };
}

/** The record of the cycle; of each subreddit it says already what follows from nothing else. */
export function openRecord(
  seed: number,
  names: readonly string[],
  course: Course,
  trigger: 'startup' | 'schedule',
): Cycle {
  const startedAt = toIso(course.startMs);
  const chance = hash32(`cycle ${seed} ${startedAt}`);
  const id = cycleId(startedAt, chance.toString(16).padStart(8, '0'));
  const cycle = newCycle(id, startedAt, trigger, (880 + (chance % 80)) / 10);
  const duration_ms = Math.round((course.endMs - course.startMs) / names.length);
  cycle.subreddits = names.map((name): SubredditResult => {
    return { ...emptyResult(name), state: 'active', duration_ms };
  });
  return cycle;
}

export function closeRecord(cycle: Cycle, nowMs: number): void {
  cycle.finished_at = toIso(nowMs);
  cycle.duration_ms = nowMs - Date.parse(cycle.started_at);
  cycle.memory_end_mb = Math.round(cycle.memory_start_mb * 10 + 37) / 10;
  cycle.status = cycleStatus(cycle.subreddits);
  cycle.errors = cycle.subreddits.flatMap(({ error }) => error ?? []);
}

export function errorOf(
  subreddit: string,
  nowMs: number,
  code: ErrorCode,
  message: string,
): CycleError {
  return { at: toIso(nowMs), subreddit, code, message, attempt: code === 'cancelled' ? 0 : 4 };
}
