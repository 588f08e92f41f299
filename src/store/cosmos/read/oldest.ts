import type { Clock } from '../../../clock.js';
import type { IsoTime } from '../../../domain/item.js';
import { floorToHour, isoTime } from '../../../domain/window.js';
import type { ItemDocument } from '../documents/documents.js';

/** The first hour of `created_utc` that retention keeps, now; empty: it keeps everything. */
export type Oldest = () => IsoTime;

/**
 * Readers stop at the hour, whether or not retention has come to it: Azure lets go of it days later
 * by itself, document by document, which nobody is to see.
 */
export function oldestOf(clock: Clock, retentionMs: number): Oldest {
  return () => {
    const ms = floorToHour(clock.now() - retentionMs);
    return ms > 0 ? isoTime(ms) : '';
  };
}

export function stillThere(
  { created_utc, ttl }: Pick<ItemDocument, 'created_utc' | 'ttl'>,
  oldest: IsoTime,
): boolean {
  return created_utc >= oldest || ttl === -1;
}
