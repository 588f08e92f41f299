import { toIso } from '../../clock.js';
import type { GapRecord, Upkeep } from '../../domain/cycle.js';
import { DAY_MS } from '../../domain/window.js';
import type { StoredItem } from '../../store/upkeep-store.js';
import { askAgain, newAsked } from './asking.js';
import type { UpkeepDeps } from './deps.js';

/** Comments are written under posts of the last days; older ones come round with the sweep. */
export const THREAD_LIFE_MS = 3 * DAY_MS;
/** After this nobody can bring back what is missing: the record says how much it is. */
const GIVE_UP_AFTER_MS = 2 * DAY_MS;
/** Posts whose counts are asked for, or that comments tell of, for one gap. */
const MOST_POSTS = 2000;
const MOST_GAPS = 1000;

export async function openGaps({ store }: Pick<UpkeepDeps, 'store'>): Promise<GapRecord[]> {
  return (await store.gaps({ limit: MOST_GAPS, status: 'open' })).reverse();
}

/** Stretches of posts that are lost, as far as no comment has told of them. */
export async function lostPosts(
  subreddit: string,
  { store }: Pick<UpkeepDeps, 'store'>,
): Promise<GapRecord[]> {
  const lost = await store.gaps({ limit: MOST_GAPS, status: 'lost' });
  return lost.filter(
    (gap) => gap.kind === 'post' && gap.subreddit.toLowerCase() === subreddit.toLowerCase(),
  );
}

/**
 * Brings up to date what Reddit counts in the threads that comments of the gap may belong to, so
 * that the threads which lack some show.
 */
export async function countThreads(
  gap: GapRecord,
  deps: UpkeepDeps,
  signal: AbortSignal,
): Promise<void> {
  const window = { from: toIso(Date.parse(gap.from) - THREAD_LIFE_MS), to: gap.to };
  const { items } = await deps.store.itemsCreated({
    windows: [window],
    subreddits: [gap.subreddit],
    kind: 'post',
    limit: MOST_POSTS,
  });
  await askAgain(items, deps, signal, newAsked());
}

/** Posts of a gap that comments tell of, which are stored while they themselves are not. */
export async function fetchStrayPosts(
  gap: GapRecord,
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Upkeep['repair'],
): Promise<number> {
  const ids = await deps.store.strayPosts({
    subreddit: gap.subreddit,
    window: { from: gap.from, to: toIso(deps.clock.now()) },
    limit: MOST_POSTS,
  });
  const items = ids.map((id): StoredItem => ({ kind: 'post', id, subreddit: gap.subreddit }));
  const asked = newAsked();
  await askAgain(items, deps, signal, asked);
  into.posts_new += asked.added;
  return asked.added;
}

/**
 * Closes a gap in which nothing is missing any more, gives up one that is too old, and notes what
 * is missing in the others.
 */
export async function settle(
  gap: GapRecord,
  missing: number | null,
  deps: UpkeepDeps,
  { final } = { final: false },
): Promise<void> {
  const { store, clock, fence, log } = deps;
  const tooOld = clock.now() - Date.parse(gap.found_at) > GIVE_UP_AFTER_MS;
  const status = missing === 0 ? 'closed' : final || tooOld ? 'lost' : 'open';
  if (status === 'open' && missing === gap.missing) return;
  await store.settleGap({ fence, gap, status, missing });
  const { subreddit, kind, from, to } = gap;
  log.info({ subreddit, kind, from, to, status, missing }, 'gap');
}
