import { toIso } from '../clock.js';
import { closedCycle, ENDED_WITHOUT_FINISHING } from '../domain/cycle.js';
import type { IsoTime } from '../domain/item.js';
import { AppError } from '../errors.js';
import { type Comparison, compare } from './compare.js';
import { pagesOfCycles } from './cycles.js';
import type { MoveDeps, MoveProgress } from './deps.js';
import { refuseDiverged, refuseUnfinished, UNFINISHED } from './refusals.js';

export interface MoveReport extends Pick<MoveProgress, 'hours' | 'put'>, Comparison {
  cycles: number;
}

const HOURS_AT_ONCE = 500;

/**
 * Carries everything from one store to another, one subreddit and hour after the other, then compares
 * the two by their counts and all rollups. What has arrived is not put again, so a move that was
 * interrupted goes on when it is repeated. Nobody else may write to either store meanwhile.
 *
 * The target is paused before anything is put into it, so that nobody collects into a part of it and
 * takes that for the whole; when everything has arrived, its pause is what the source's is.
 *
 * @throws AppError `cancelled`; `invalid_request` when the target was collected into on its own, or the
 *   source is itself the target of a move that has not ended; and as the stores and `refuseAtWork` do
 */
export async function move(deps: MoveDeps, signal: AbortSignal): Promise<MoveReport> {
  const { from, to, clock } = deps;
  await refuseUnfinished(from);
  await refuseDiverged(from, to);
  if ((await to.pauseState())?.reason !== UNFINISHED) {
    await to.putPause({ since: toIso(clock.now()), reason: UNFINISHED });
  }
  const progress = { hours: 0, put: 0 };
  for (const subreddit of await from.heldSubreddits()) {
    await to.putSubreddit(subreddit);
    await moveItems(subreddit.name, progress, deps, signal);
  }
  const cycles = await moveCycles(deps, signal);
  await to.putRecords(await from.heldRecords());
  await deps.refuseAtWork();
  const compared = await compare(deps);
  // Last of all: this says that all is well.
  if (compared.differences.length === 0) await to.putPause(await from.pauseState());
  return { ...progress, cycles, ...compared };
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
      if (signal.aborted) throw interrupted();
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

async function moveCycles(
  { from, to, clock }: Pick<MoveDeps, 'from' | 'to' | 'clock'>,
  signal: AbortSignal,
): Promise<number> {
  let moved = 0;
  for await (const page of pagesOfCycles(from)) {
    if (signal.aborted) throw interrupted();
    // Nobody is at work: whoever ran one is dead, and what it wrote is carried over.
    const ended = page.map((cycle) =>
      cycle.status === 'running' ? closedCycle(cycle, ENDED_WITHOUT_FINISHING, clock.now()) : cycle,
    );
    if (ended.length > 0) await to.putCycles(ended);
    moved += ended.length;
  }
  return moved;
}

const interrupted = () => new AppError('cancelled', 'The move was interrupted');
