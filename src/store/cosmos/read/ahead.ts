import type { Clock } from '../../../clock.js';
import type { IsoTime } from '../../../domain/item.js';
import { HOUR_MS, isoTime } from '../../../domain/window.js';
import type { HourItems } from './hour-counts.js';
import type { Parts } from './parts.js';

/**
 * Windows end at the minute they are asked for, so with each new hour all of them have other hours at
 * their edges. Those are loaded before that hour begins, all at once: who asks first in it would
 * wait, and each window would load its own.
 */
export interface Ahead {
  /** These hours were at edges of windows. */
  note(hours: readonly IsoTime[]): void;
  /** Begins to load those that follow them, where it is time; nobody waits for it. */
  begin(): void;
}

/** Before the hour begins. */
const EARLY_MS = 10 * 60_000;
/** What nobody asked for within this will not be asked for again soon. */
const WANTED_MS = 30 * 60_000;
/** The dashboard's windows have eight edges. */
const MOST = 32;

export function createAhead(deps: { hours: Pick<Parts<HourItems>, 'use'>; clock: Clock }): Ahead {
  const { hours, clock } = deps;
  /** When each was asked for last, the latest at the end. */
  const noted = new Map<IsoTime, number>();
  let begunFor = '';

  return {
    note(some) {
      for (const hour of some) {
        noted.delete(hour);
        noted.set(hour, clock.monotonic());
      }
      for (const hour of noted.keys()) {
        if (noted.size <= MOST) break;
        noted.delete(hour);
      }
    },
    begin() {
      const nextMs = clock.now() - (clock.now() % HOUR_MS) + HOUR_MS;
      const next = isoTime(nextMs);
      if (nextMs - clock.now() > EARLY_MS || begunFor === next) return;
      begunFor = next;
      const since = clock.monotonic() - WANTED_MS;
      const wanted = [...noted].filter(([, atMs]) => atMs >= since).map(([hour]) => hour);
      noted.clear();
      const following = wanted.map((hour) => isoTime(Date.parse(hour) + HOUR_MS));
      // What fails is loaded when somebody asks for it.
      if (following.length > 0) hours.use(following, () => undefined).catch(() => undefined);
    },
  };
}
