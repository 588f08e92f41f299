import { toIso } from '../../clock.js';
import { HOUR_MS } from '../../domain/window.js';
import { MAX_BATCH } from '../../store/store.js';
import type { Omission } from '../../store/upkeep-store.js';
import { groupBy, type UpkeepDeps } from './deps.js';

/**
 * Reddit leaves out of an answer, without a word, what it does not have: mostly what is gone for
 * good. One answer proves nothing (PITFALLS: act on a disappearance only when repeated).
 */
const TIMES_TO_BELIEVE = 3;
const OMITTED_FOR_MS = 3 * HOUR_MS;
/** Looked at in one cycle: these are rare. */
const MOST = 1000;

export function knownOmissions({ store }: Pick<UpkeepDeps, 'store'>): Promise<Omission[]> {
  return store.omissions(MOST);
}

/** Erases what was left out often and long enough; answers how many items. */
export async function blankOmitted({ store, clock, fence, log }: UpkeepDeps): Promise<number> {
  const before = toIso(clock.now() - OMITTED_FOR_MS);
  const believed = (await store.omissions(MOST)).filter(
    ({ times, first_at }) => times >= TIMES_TO_BELIEVE && first_at <= before,
  );
  let blanked = 0;
  for (const [subreddit, items] of groupBy(believed, (one) => one.subreddit)) {
    for (let start = 0; start < items.length; start += MAX_BATCH) {
      const some = items.slice(start, start + MAX_BATCH).map(({ kind, id }) => ({ kind, id }));
      blanked += await store.blank({ fence, subreddit, items: some });
    }
  }
  if (blanked > 0) log.info({ items: blanked }, 'erased what Reddit no longer has');
  return blanked;
}
