import type { IsoTime } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';

/** Where what is derived from items is kept: a subreddit in an hour of `created_utc`. */
export interface Place {
  subreddit: string;
  hour: IsoTime;
}

export function placeOf(item: { subreddit: string; created_utc: IsoTime }): Place {
  return { subreddit: item.subreddit, hour: hourOf(item.created_utc) };
}

/** Equal for the same place, in whatever case its subreddit is written; in the order of time. */
export function keyOf({ subreddit, hour }: Place): string {
  return `${hour} ${subreddit.toLowerCase()}`;
}
