import type { IsoTime, Kind } from '../domain/item.js';

/** Proof of holding the lease. Epochs only grow, so a paused old holder is recognised. */
export interface Fence {
  epoch: number;
}

/** Half-open. */
export interface TimeWindow {
  from: IsoTime;
  to: IsoTime;
}

/** An item of a listing up to which nothing is missing. */
export interface Watermark {
  id: string;
  created_utc: IsoTime;
}

export interface Watermarks {
  post: Watermark | null;
  comment: Watermark | null;
  /** The newest item ever read, where a bad object holds the watermark below it. */
  newest?: Partial<Record<Kind, Watermark>>;
}
