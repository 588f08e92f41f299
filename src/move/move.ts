import type { Cycle } from '../domain/cycle.js';
import type { RollupChange } from '../domain/rollup.js';
import { totalOf } from '../domain/rollup.js';
import type { IsoTime } from '../domain/item.js';
import { AppError } from '../errors.js';
import type { MoveStore } from '../store/move-store.js';
import type { ReadStore, Store } from '../store/store.js';

type Moved = MoveStore & Pick<ReadStore, 'cycles' | 'rollups'> & Pick<Store, 'itemCount'>;

export interface MoveDeps {
  from: Moved;
  to: Moved;
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

export interface MoveReport extends Pick<MoveProgress, 'hours' | 'put'> {
  items: number;
  cycles: number;
  rollups: number;
  /** What differs between the two in the end; empty: everything has arrived. */
  differences: string[];
}

const HOURS_AT_ONCE = 500;
const CYCLES_AT_ONCE = 100;
/** Differences that are told one by one. */
const MOST_TOLD = 20;

/**
 * Carries everything from one store to another, one subreddit and hour after the other, then compares
 * the two by their counts and all rollups. What has arrived is not put again, so a move that was
 * interrupted goes on when it is repeated. Nobody else may write to either store meanwhile.
 *
 * @throws AppError `cancelled`, `invalid_request` when the target is the newer of the two, and as the stores do
 */
export async function move(deps: MoveDeps, signal: AbortSignal): Promise<MoveReport> {
  const { from, to } = deps;
  await refuseNewer(from, to);
  const progress = { hours: 0, put: 0 };
  for (const subreddit of await from.heldSubreddits()) {
    await to.putSubreddit(subreddit);
    await moveItems(subreddit.name, progress, deps, signal);
  }
  const cycles = await moveCycles(from, to, signal);
  await to.putRecords(await from.heldRecords());
  const [items, held] = [await from.itemCount(), await to.itemCount()];
  const rollups = await compareRollups(from, to);
  const differences = [
    ...(items === held ? [] : [`${items} items in the one, ${held} in the other`]),
    ...rollups.differences,
  ];
  return { ...progress, items, cycles, rollups: rollups.count, differences };
}

/** What was edited or deleted since would be as it was, text and all, and watermarks would go back. */
async function refuseNewer(from: Moved, to: Moved): Promise<void> {
  const [[here], [there]] = [await from.cycles({ limit: 1 }), await to.cycles({ limit: 1 })];
  if (there === undefined || there.started_at <= (here?.started_at ?? '')) return;
  const last = `its last cycle began at ${there.started_at}, that of the other at ${here?.started_at ?? 'no time'}`;
  throw new AppError('invalid_request', `The store to move to was collected into since: ${last}`, {
    cure: 'move the other way round, or into an empty store: another COSMOS_DATABASE or SQLITE_PATH',
  });
}

async function moveItems(
  subreddit: string,
  progress: { hours: number; put: number },
  { from, to, onProgress = () => undefined }: MoveDeps,
  signal: AbortSignal,
): Promise<void> {
  let after: IsoTime | null = null;
  for (;;) {
    const hours: IsoTime[] = await from.heldHours({ subreddit, after, limit: HOURS_AT_ONCE });
    for (const hour of hours) {
      if (signal.aborted) throw new AppError('cancelled', 'The move was interrupted');
      progress.put += await to.putItems(
        { subreddit, hour },
        await from.heldItems({ subreddit, hour }),
      );
      progress.hours += 1;
      onProgress({ ...progress, subreddit, hour });
      after = hour;
    }
    if (hours.length < HOURS_AT_ONCE) return;
  }
}

/** Of cycles that have ended: one that runs is somebody's who should not. */
async function moveCycles(from: Moved, to: Moved, signal: AbortSignal): Promise<number> {
  let after: { started_at: IsoTime; id: string } | undefined;
  let moved = 0;
  for (;;) {
    if (signal.aborted) throw new AppError('cancelled', 'The move was interrupted');
    const page: Cycle[] = await from.cycles({
      limit: CYCLES_AT_ONCE,
      ...(after === undefined ? {} : { after }),
    });
    const ended = page.filter(({ status }) => status !== 'running');
    if (ended.length > 0) await to.putCycles(ended);
    moved += ended.length;
    const last = page.at(-1);
    if (last === undefined || page.length < CYCLES_AT_ONCE) return moved;
    after = { started_at: last.started_at, id: last.id };
  }
}

const ALL_HOURS = { from: '0000-01-01T00:00:00.000Z', to: '9999-01-01T00:00:00.000Z' };

async function compareRollups(
  from: Moved,
  to: Moved,
): Promise<{ count: number; differences: string[] }> {
  const [here, there] = [await rollupsOf(from), await rollupsOf(to)];
  const keys = [...new Set([...here.keys(), ...there.keys()])].sort();
  const different = keys.filter((key) => here.get(key) !== there.get(key));
  const told = different
    .slice(0, MOST_TOLD)
    .map(
      (key) =>
        `rollup of ${key}: ${here.get(key) ?? 'none'} in the one, ${there.get(key) ?? 'none'} in the other`,
    );
  if (different.length > MOST_TOLD) told.push(`and ${different.length - MOST_TOLD} rollups more`);
  return { count: here.size, differences: told };
}

/** By hour and subreddit, as text that is equal when they are. */
async function rollupsOf(store: Moved): Promise<Map<string, string>> {
  const { rollups } = await store.rollups({ since: null, hours: ALL_HOURS, edges: [] });
  return new Map(
    rollups
      .filter((rollup) => totalOf(rollup) > 0)
      .map((rollup) => [`${rollup.hour} ${rollup.subreddit.toLowerCase()}`, textOf(rollup)]),
  );
}

function textOf({ posts, comments, positive, negative, neutral, ...rest }: RollupChange): string {
  const { score_sum, thread_comments, thread_comments_stored, last_item_at } = rest;
  return JSON.stringify({
    ...{ posts, comments, positive, negative, neutral, score_sum },
    ...{ thread_comments, thread_comments_stored, last_item_at },
  });
}
