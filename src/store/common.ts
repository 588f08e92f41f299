import type { IsoTime } from '../domain/item.js';

/** Proof of holding the lease. Epochs only grow, so a paused old holder is recognised. */
export interface Fence {
  epoch: number;
}

/** Half-open. */
export interface TimeWindow {
  from: IsoTime;
  to: IsoTime;
}
