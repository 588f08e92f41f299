import type { MoveStore } from '../../move-store.js';
import type { Control } from '../control/control.js';
import type { WriteDeps } from '../write/change.js';
import { announce } from '../write/announce.js';
import { putPause } from '../control/pause.js';
import { heldCount } from './count.js';
import { heldHours, heldItems, putItems } from './items.js';
import { heldRecords, putCycles, putRecords } from './records.js';
import { heldSubreddits, putSubreddit } from './subreddits.js';

/** Everything, to be carried to another store or put here from one. */
export function cosmosMove(
  deps: WriteDeps,
  control: Pick<Control, 'upkeepState' | 'rateBudget' | 'omissions' | 'saveRateBudget'>,
): MoveStore {
  const { account } = deps;
  return {
    heldSubreddits: () => heldSubreddits(account),
    heldHours: (query) => heldHours(account, query),
    heldItems: (place) => heldItems(account, place),
    heldRecords: () => heldRecords(account, control),
    heldCount: (since) => heldCount(account, since),
    putSubreddit: (subreddit) => putSubreddit(deps, subreddit),
    putItems: (place, items) => putItems(deps, place, items),
    putCycles: async (cycles) => {
      await putCycles(account, cycles);
      await announce(deps, true);
    },
    putRecords: (records) => putRecords(account, records, control),
    putPause: (pause) => putPause(account.control, pause),
  };
}
