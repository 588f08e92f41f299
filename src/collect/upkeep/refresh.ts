import { toIso } from '../../clock.js';
import type { Upkeep } from '../../domain/cycle.js';
import type { TimeWindow } from '../../store/store.js';
import type { StoredItem } from '../../store/upkeep-store.js';
import { fullname } from '../../domain/item.js';
import { HOUR_MS } from '../../domain/window.js';
import { askAgain, newAsked } from './asking.js';
import type { UpkeepDeps } from './deps.js';
import { openSubreddits } from './open-subreddits.js';
import { blankOmitted, knownOmissions } from './omissions.js';

/**
 * An item is asked for again at about these ages: votes and edits come early, and each doubling
 * of the age costs the same. After that the sweep sees it at least every 48 hours.
 */
export const REFRESH_AGES_MS = [1, 2, 4, 8, 16, 32].map((hours) => hours * HOUR_MS);
/** Items of one cycle: twenty requests. Those beyond are left to their next age, and to the sweep. */
const MOST = 2000;
/** Of one subreddit: more comments than that under unknown posts are not written between two cycles. */
const MOST_STRAYS = 100;

/**
 * Asks again for young items, the most useful ones first: what was left out before, posts that only
 * comments tell of, lively posts, then those that have just reached one of the ages.
 *
 * @param lively posts that got comments in this cycle and stood in no listing
 * @throws AppError as PostSource.info and the store do
 */
export async function refresh(
  lively: readonly StoredItem[],
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Upkeep['refresh'],
): Promise<number> {
  const { store, clock, fence } = deps;
  const state = await store.upkeepState();
  const nowMs = clock.now();
  const windows = agedBetween(state.refreshed_at, nowMs);
  const omitted = await knownOmissions(deps);
  for (const item of omitted) deps.omissions.add(fullname(item));
  const subreddits = await openSubreddits(deps);
  const strays = await straysSince(state.refreshed_at, subreddits, deps);
  const aged = await store.itemsCreated({ windows, subreddits, limit: MOST });
  const open = new Set(subreddits.map((name) => name.toLowerCase()));
  const all = [...omitted, ...strays, ...lively].filter((one) =>
    open.has(one.subreddit.toLowerCase()),
  );
  const items = distinct([...all, ...aged.items]);
  into.left = Math.max(0, items.length - MOST) + aged.left;
  const chosen = items.slice(0, MOST);
  const asked = newAsked();
  try {
    await askAgain(chosen, deps, signal, asked);
  } finally {
    into.asked = asked.asked;
    into.changed = asked.changed;
    into.left += chosen.length - asked.asked;
  }
  await store.saveUpkeepState({ ...state, refreshed_at: toIso(nowMs) }, fence);
  return blankOmitted(deps);
}

/**
 * What comments stored since the last refresh tell of and no listing shows. The store is asked and
 * not the cycle's memory: the cycle that stored them may have died before it got here.
 */
async function straysSince(
  since: string | null,
  subreddits: readonly string[],
  { store, clock }: UpkeepDeps,
): Promise<StoredItem[]> {
  const storedSince = toIso(since === null ? 0 : Math.min(Date.parse(since), clock.now()));
  const found: StoredItem[] = [];
  for (const subreddit of subreddits) {
    const ids = await store.strayPosts({ subreddit, storedSince, limit: MOST_STRAYS });
    found.push(...ids.map((id): StoredItem => ({ kind: 'post', id, subreddit })));
  }
  return found;
}

/**
 * When the items were created that have reached one of the ages since the last refresh: youngest
 * first, without overlaps. Before the first one everything has just been read.
 */
export function agedBetween(since: string | null, nowMs: number): TimeWindow[] {
  const sinceMs = since === null ? nowMs : Math.min(Date.parse(since), nowMs);
  const windows: { from: number; to: number }[] = [];
  for (const age of REFRESH_AGES_MS) {
    const to = Math.min(nowMs - age, windows.at(-1)?.from ?? Number.POSITIVE_INFINITY);
    const from = Math.min(sinceMs - age, to);
    if (from < to) windows.push({ from, to });
  }
  return windows.map(({ from, to }) => ({ from: toIso(from), to: toIso(to) }));
}

function distinct(items: readonly StoredItem[]): StoredItem[] {
  return [...new Map(items.map((item) => [fullname(item), item])).values()];
}
