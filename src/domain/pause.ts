import type { IsoTime } from './item.js';

/** Collection was stopped by hand, and goes on when somebody says so. */
export interface Pause {
  since: IsoTime;
  /** What the one who paused it said; empty: nothing. */
  reason: string;
}

export function pausedSince({ since, reason }: Pause): string {
  return `Collection is paused since ${since}${reason === '' ? '' : `: ${reason}`}`;
}
