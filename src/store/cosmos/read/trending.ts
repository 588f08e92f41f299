import type { Clock } from '../../../clock.js';
import type { IsoTime } from '../../../domain/item.js';
import { HOUR_MS, isoTime } from '../../../domain/window.js';
import { AppError } from '../../../errors.js';
import { namesOf } from '../../../trending/names.js';
import type { Steps } from '../../../trending/steps.js';
import { topicsOf } from '../../../trending/topics.js';
import type { TimeWindow } from '../../common.js';
import type { Trending, TrendingQuery } from '../../store.js';
import { partitionOf, titlesFrom } from '../documents/documents.js';
import { inMs } from './counting.js';
import type { Mirror } from './follower.js';
import type { PartsNow } from './parts.js';
import { inSlices } from './slices.js';
import { isKnown } from './subreddits.js';
import { columnsSince, type HeldTitles, makeColumns } from './titles.js';

export const TITLES_MS = 6 * HOUR_MS;
/** What came in while columns were made may lack its own. */
const ATTEMPTS = 3;

/** The starts of the six hours that the windows touch. */
export function titlesIn(windows: readonly TimeWindow[]): IsoTime[] {
  return [...new Set(windows.flatMap(startsIn))];
}

function startsIn({ from, to }: TimeWindow): IsoTime[] {
  const starts: IsoTime[] = [];
  if (from >= to) return starts;
  for (let ms = Date.parse(titlesFrom(from)); ms < Date.parse(to); ms += TITLES_MS) {
    starts.push(isoTime(ms));
  }
  return starts;
}

export interface TitlesState {
  /** What is in memory of the titles at this moment, and what it is the state of. */
  now: () => PartsNow<HeldTitles>;
  seen: () => Mirror | null;
  oldest: IsoTime;
  clock: Clock;
}

export async function topicsFrom(state: TitlesState, query: TrendingQuery): Promise<Trending> {
  const { window, baseline, subreddit, limit } = query;
  const only = subreddit === undefined ? undefined : partitionOf(subreddit);
  const needed = (parts: PartsNow<HeldTitles>, windows: TimeWindow[]) =>
    titlesIn(windows).flatMap((from) => heldOf(parts.get(from), only));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await inSlices(makeColumns(needed(state.now(), [window, baseline])), state.clock);
  }
  // All that is read from here on is of one state, and what memory holds of it is replaced, never changed.
  const [parts, mirror] = [state.now(), state.seen()];
  if (mirror === null) throw new AppError('internal', 'Titles are in memory, and no heads');
  const known = [...mirror.heads.values()].filter(isKnown).map(({ name }) => name);
  const inWindow = needed(parts, [window]);
  const columns = (all: readonly HeldTitles[]) =>
    all.filter(({ posts }) => posts.length > 0).map((held) => columnsSince(held, state.oldest));
  const titles = new Map<string, string>();
  const steps = topicsOf(columns(inWindow), columns(needed(parts, [baseline])), {
    ...{ window: inMs(window), baseline: inMs(baseline), limit },
    names: namesOf([...query.names, ...known]),
    ...(subreddit === undefined ? {} : { subreddit }),
    titleOf: (id) => titles.get(id),
  });
  const data_version = mirror.version;
  await inSlices(takeTitles(inWindow, titles), state.clock);
  return { data_version, topics: await inSlices(steps, state.clock) };
}

function* takeTitles(all: readonly HeldTitles[], into: Map<string, string>): Steps<void> {
  for (const { posts } of all) {
    for (const [id, , , , , title] of posts) into.set(id, title);
    yield;
  }
}

function heldOf(
  part: ReadonlyMap<string, HeldTitles> | undefined,
  only: string | undefined,
): HeldTitles[] {
  return [...(part ?? [])]
    .filter(([partition]) => only === undefined || partition === only)
    .map(([, held]) => held);
}
