import { DAY_MS, HOUR_MS } from '../domain/window.js';
import { hash32, randomFrom } from '../simulator/random.js';

/**
 * When people in America and Europe write: activity by hour of the day (UTC) and day of the
 * week (from Sunday), relative to the mean. Measured on the 26,489 posts of
 * umbrae/reddit-top-2.5-million (public domain, ODC PDDL).
 */
const BY_HOUR = [
  ...[0.92, 0.93, 0.91, 0.81, 0.66, 0.54, 0.46, 0.46, 0.39, 0.46, 0.56, 0.78],
  ...[1.06, 1.46, 1.69, 1.75, 1.64, 1.55, 1.38, 1.29, 1.19, 1.08, 1.04, 1.01],
];
const BY_WEEKDAY = [0.88, 1.09, 1.08, 1.1, 1.07, 0.97, 0.8];
/** Standard deviation of the logarithm of what chance does to a slot. */
const NOISE = 0.2;

/** A cycle takes less; so the last one is finished by the end of the plan. */
export const CYCLE_MS = 60_000;

/** Before the last week cycles are rarer by a factor: a commit costs a write to the disk. */
const RECENT_MS = 7 * DAY_MS;
const OLD_INTERVALS = 6;

/** What happens between two collection cycles, and is collected by the second. */
export interface Slot {
  fromMs: number;
  /** Also when the cycle begins. */
  toMs: number;
  posts: number;
  comments: number;
}

/**
 * The plan's time in slots of the collection's rhythm (on the clock, as the runner's; the last
 * one ends with the plan; long ago they are longer), with exactly the wanted numbers of items dealt over them.
 */
export function slotsOf(
  plan: { days: number; posts: number; comments: number; seed: number; untilMs: number },
  intervalMs: number,
): Slot[] {
  const startMs = plan.untilMs - plan.days * DAY_MS;
  const endMs = plan.untilMs - CYCLE_MS;
  const after = (ms: number) => {
    const stepMs = ms < plan.untilMs - RECENT_MS ? OLD_INTERVALS * intervalMs : intervalMs;
    return (Math.floor(ms / stepMs) + 1) * stepMs;
  };
  const ends: number[] = [];
  for (let at = after(startMs); at < endMs; at = after(at)) {
    if (at - startMs >= CYCLE_MS && endMs - at >= CYCLE_MS) ends.push(at);
  }
  ends.push(endMs);
  const slots = ends.map((toMs, index) => ({ fromMs: ends[index - 1] ?? startMs, toMs }));
  const weights = slots.map(({ fromMs, toMs }) => weightOf(plan.seed, fromMs, toMs));
  const posts = deal(plan.posts, weights);
  const comments = deal(plan.comments, weights);
  return slots.map((slot, index) => ({
    ...slot,
    ...{ posts: posts[index] ?? 0, comments: comments[index] ?? 0 },
  }));
}

function weightOf(seed: number, fromMs: number, toMs: number): number {
  const random = randomFrom(hash32(`wave ${seed} ${fromMs}`));
  // The sum of twelve even numbers less six is as good as normal.
  const normal = Array.from({ length: 12 }, () => random.next()).reduce((sum, x) => sum + x, -6);
  return (toMs - fromMs) * activityAt((fromMs + toMs) / 2) * Math.exp(NOISE * normal);
}

/** Relative to the mean; moves evenly from the middle of an hour to that of the next. */
export function activityAt(ms: number): number {
  const hours = (((ms / HOUR_MS - 0.5) % 24) + 24) % 24;
  const hour = Math.floor(hours);
  const [before, after] = [BY_HOUR[hour] ?? 1, BY_HOUR[(hour + 1) % 24] ?? 1];
  const weekday = (Math.floor(ms / DAY_MS) + 4) % 7; // 1970 began with a Thursday
  return (before + (after - before) * (hours - hour)) * (BY_WEEKDAY[weekday] ?? 1);
}

/** Whole numbers in the proportion of the weights, whose sum is `total` exactly. */
export function deal(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let passed = 0;
  let dealt = 0;
  return weights.map((weight) => {
    passed += weight;
    const upTo = Math.min(total, Math.round((total * passed) / sum));
    const count = upTo - dealt;
    dealt = upTo;
    return count;
  });
}
