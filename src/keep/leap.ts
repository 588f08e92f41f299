import type { Clock } from '../clock.js';
import { DAY_MS, HOUR_MS } from '../domain/window.js';
import type { KeepStore } from '../store/keep-store.js';

/** A daily job that is so late was either stopped for long, or its clock has leapt ahead. */
const LEAP_MS = 10 * DAY_MS;
/** A clock that is still the same after this is believed. */
const BELIEVED_AFTER_MS = 20 * HOUR_MS;
const WAITING = 'prune waits';

/**
 * Whether the clock may have leapt: by a clock that is a year ahead everything stored would be past
 * retention, and gone for good. So the first time is noted, and only a day later the clock is
 * believed. @throws AppError as the store does
 */
export async function mayHaveLeapt(
  store: Pick<KeepStore, 'jobSuccess' | 'noteJobSuccess'>,
  clock: Clock,
): Promise<boolean> {
  const since = async (job: string) => {
    const at = await store.jobSuccess(job);
    return at === null ? null : clock.now() - Date.parse(at);
  };
  const sinceLast = await since('prune');
  if (sinceLast === null || sinceLast <= LEAP_MS) return false;
  const waited = await since(WAITING);
  if (waited !== null && waited >= BELIEVED_AFTER_MS && waited <= LEAP_MS) return false;
  if (waited === null || waited < 0 || waited > LEAP_MS) await store.noteJobSuccess(WAITING);
  return true;
}
