import type { IsoTime, Label } from './item.js';

/** A theme that more of a window's posts share than of those in the window before. */
export interface Topic {
  /** Of the theme and the subreddit asked for: the same in every answer. */
  id: string;
  /** At most ten of its posts, by velocity. */
  post_ids: string[];
  /** A word or a phrase of two, lower case. */
  theme: string;
  /** At most five: the theme, then what rises in mostly the same posts. */
  keywords: string[];
  /** Sum of the velocities of its posts (`velocityOf`), two decimals. */
  engagement_velocity: number;
  /** Its posts by label. */
  sentiment_distribution: Record<Label, number>;
  /** Start of the UTC hour with most mentions, the earliest of several. */
  peak_time: IsoTime;
  /** `created_utc` of its first post in the window. */
  created_at: IsoTime;
  /** Posts of the window whose titles mention the theme. */
  mentions: number;
  /** The same of the equally long window before. */
  baseline: number;
  /** Not mentioned in the window before. */
  is_new: boolean;
}
