import type { Clock } from '../../clock.js';
import type { NewComment, NewPost } from '../../domain/item.js';
import type { Log } from '../../log.js';
import type { PostSource } from '../../reddit/source.js';
import type { Scorer } from '../../scorer/scorer.js';
import type { CommitResult, Fence, ReadStore } from '../../store/store.js';
import type { UpkeepStore } from '../../store/upkeep-store.js';

/** What each step of the upkeep works with. */
export interface UpkeepDeps {
  store: UpkeepStore & Pick<ReadStore, 'gaps' | 'subreddits'>;
  source: UpkeepSource;
  scorer: Scorer;
  clock: Clock;
  log: Log;
  fence: Fence;
  /** From one cycle to the next. */
  intervalMs: number;
  retentionDays: number;
  /** Those that were read in this cycle and are open to us. */
  subreddits: readonly string[];
  /** Fullnames of what Reddit left out before, or just now. */
  omissions: Set<string>;
  /** Stores items of one subreddit, however many; `direct` as in the store's `ItemBatch`. */
  commit: (subreddit: string, items: Items, direct: boolean) => Promise<Stored>;
}

/** What asking again needs; `listing` is the cycle's. */
export type UpkeepSource = Pick<PostSource, 'info' | 'thread' | 'moreComments' | 'requestsSent'>;

export interface Items {
  posts: NewPost[];
  comments: NewComment[];
}

export type Stored = Omit<CommitResult, 'data_version'>;

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
