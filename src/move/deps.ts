import type { Clock } from '../clock.js';
import type { IsoTime } from '../domain/item.js';
import type { KeepStore } from '../store/keep-store.js';
import type { MoveStore } from '../store/move-store.js';
import type { ReadStore } from '../store/store.js';

export type Moved = MoveStore &
  Pick<ReadStore, 'cycles' | 'rollups'> &
  Pick<KeepStore, 'pauseState'>;

export interface MoveDeps {
  from: Moved;
  to: Moved;
  clock: Pick<Clock, 'now'>;
  retentionDays: number;
  /** Throws when somebody else is at work on one of the two; asked again when everything is there. */
  refuseAtWork: () => Promise<void>;
  onProgress?: (progress: MoveProgress) => void;
}

export interface MoveProgress {
  subreddit: string;
  /** Start of the hour that has just been done. */
  hour: IsoTime;
  /** Hours looked at, of all subreddits. */
  hours: number;
  /** Items that were put; the others were there already. */
  put: number;
}
