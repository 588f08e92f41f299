import { AppError } from '../../../errors.js';
import type { TimeWindow } from '../../common.js';
import type {
  HourCounts,
  HourlyCounts,
  HourlyCountsQuery,
  RollupsAnswer,
  RollupsQuery,
  SubredditDetail,
} from '../../store.js';
import { partitionOf } from '../documents/documents.js';
import { countWindow, edgesOf, firstWholeHour } from './counting.js';
import type { Mirror } from './follower.js';
import { openedAnew } from './loader.js';
import type { Memory } from './memory.js';
import type { Oldest } from './oldest.js';
import { lastDayOf, subredditDetails } from './subreddits.js';

export interface RollupsDeps {
  memory: Memory;
  oldest: Oldest;
}

/** What windows are counted from, and what it is the state of. */
interface Counted {
  mirror: Mirror;
  count: (window: TimeWindow, partition: string | undefined) => HourCounts[];
}

/**
 * Loads what the windows need, and all rollups from `from` on; then answers at once, so that all of
 * it is of one state.
 */
async function counting<T>(
  { memory, oldest }: RollupsDeps,
  windows: readonly TimeWindow[],
  from: string | null,
  work: (counted: Counted) => T,
): Promise<T> {
  const { follower, days, hours, ahead } = memory;
  // Time alone moves it: it is told to those who know the version, until there is another.
  const clamp = ({ version }: Mirror) => days.table.expire(oldest(), version + 1);
  if (days.table.lacks(oldest())) follower.renew();
  clamp(await follower.current());
  const firsts = [firstWholeHour(windows), from].filter((each) => each !== null).sort();
  const [first] = firsts;
  if (first !== undefined) await days.loadFrom(first);
  const edges = edgesOf(windows);
  ahead.note(edges);
  ahead.begin();
  return hours.use(edges, (now) => {
    const mirror = follower.seen();
    if (mirror === null || (first !== undefined && !days.covers(first))) throw openedAnew();
    clamp(mirror);
    const state = { table: days.table, edges: now(), oldest: oldest() };
    return work({ mirror, count: (window, partition) => countWindow(state, window, partition) });
  });
}

export async function hourlyCounts(
  deps: RollupsDeps,
  { windows, subreddit }: HourlyCountsQuery,
): Promise<HourlyCounts> {
  const partition = subreddit === undefined ? undefined : partitionOf(subreddit);
  return counting(deps, windows, null, ({ mirror, count }) => ({
    data_version: mirror.version,
    windows: windows.map((window) => count(window, partition)),
  }));
}

export async function rollups(deps: RollupsDeps, query: RollupsQuery): Promise<RollupsAnswer> {
  const { since, hours, edges, subreddit } = query;
  const partition = subreddit === undefined ? undefined : partitionOf(subreddit);
  const { table } = deps.memory.days;
  return counting(deps, edges, hours?.from ?? null, ({ mirror, count }) => {
    const { opening, version: data_version } = mirror;
    const moved = since?.opening === opening ? table.movedSince(since.data_version) : [];
    return {
      ...{ opening, data_version },
      rollups: [...(hours === undefined ? [] : table.rollups(hours)), ...moved],
      edges: edges.map((edge) => count(edge, partition)),
    };
  });
}

export async function subreddits(deps: RollupsDeps, now: string): Promise<SubredditDetail[]> {
  const { follower, wantGaps } = deps.memory;
  wantGaps();
  const { gaps } = await follower.current();
  if (gaps === null) await follower.confirm();
  const { exact, whole } = lastDayOf(now);
  return counting(deps, [exact, whole], null, ({ mirror, count }) => {
    if (mirror.gaps === null) throw new AppError('store_busy', 'Gaps were not looked at in time');
    return subredditDetails(mirror.heads, now, mirror.gaps, count);
  });
}
