import { toIso } from '../../clock.js';
import type { SubredditState } from '../../domain/cycle.js';
import type { UpkeepDeps } from './deps.js';

const OPEN: readonly SubredditState[] = ['active', 'unknown'];

/**
 * Whose items can be asked for by name: all that are stored, but for those that were closed to us when they
 * were last read. One whose listing has just failed counts, as items do not need it; so does one that is not
 * watched any more.
 */
export async function openSubreddits({
  store,
  clock,
}: Pick<UpkeepDeps, 'store' | 'clock'>): Promise<string[]> {
  const stored = await store.subreddits(toIso(clock.now()));
  return stored.filter(({ state }) => OPEN.includes(state)).map(({ name }) => name);
}
