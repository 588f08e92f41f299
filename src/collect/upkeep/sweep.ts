import { toIso } from '../../clock.js';
import type { Upkeep } from '../../domain/cycle.js';
import { HOUR_MS } from '../../domain/window.js';
import { MOST_PER_REQUEST } from '../../reddit/source.js';
import type { UpkeepState } from '../../store/upkeep-store.js';
import { askAgain, newAsked } from './asking.js';
import type { UpkeepDeps } from './deps.js';
import { openSubreddits } from './open-subreddits.js';

/** Everything stored is asked for again in this time: 48 hours, less what repetition and outages take. */
export const PASS_MS = 40 * HOUR_MS;

type Pass = NonNullable<UpkeepState['sweep']>;

/**
 * Goes on with the walk through everything stored, which finds what was deleted or changed since,
 * at a pace that comes round in PASS_MS; after an outage it catches up.
 *
 * @throws AppError as PostSource.info and the store do; the walk goes on from the last note
 */
export async function sweep(
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Upkeep['sweep'],
): Promise<void> {
  const { store, clock, fence } = deps;
  const nowMs = clock.now();
  const state = await store.upkeepState();
  let pass = begun(state.sweep, nowMs);
  const quota = quotaOf(pass, await store.itemCount(), nowMs + deps.intervalMs);
  const subreddits = await openSubreddits(deps);
  into.left = quota;
  while (into.left > 0) {
    // One request, then noted: whatever ends the cycle here, the next one begins further on.
    const limit = Math.min(MOST_PER_REQUEST, into.left);
    const { items, next } = await store.sweepPage({ after: pass.place, subreddits, limit });
    const asked = newAsked();
    try {
      await askAgain(items, deps, signal, asked);
    } finally {
      into.asked += asked.asked;
      into.changed += asked.changed;
    }
    pass =
      next === null
        ? { began_at: toIso(nowMs), asked: 0, place: null }
        : { ...pass, asked: pass.asked + items.length, place: next };
    await store.saveUpkeepState({ ...state, sweep: pass }, fence);
    into.left = next === null ? 0 : Math.max(0, into.left - items.length);
  }
}

/** A walk that began in the future was begun under a clock that was ahead. */
function begun(pass: Pass | null, nowMs: number): Pass {
  if (pass === null) return { began_at: toIso(nowMs), asked: 0, place: null };
  return Date.parse(pass.began_at) > nowMs ? { ...pass, began_at: toIso(nowMs) } : pass;
}

/** Items to ask for now so that the pass is where it ought to be at `untilMs`; whole requests. */
export function quotaOf(pass: Pass, total: number, untilMs: number): number {
  const share = Math.min(1, (untilMs - Date.parse(pass.began_at)) / PASS_MS);
  const due = Math.ceil(total * share) - pass.asked;
  return Math.max(1, Math.ceil(due / MOST_PER_REQUEST)) * MOST_PER_REQUEST;
}
