import type { Cycle } from '../domain/cycle.js';
import type { IsoTime } from '../domain/item.js';
import { AppError } from '../errors.js';
import { pagesOfCycles } from './cycles.js';
import type { Moved } from './deps.js';

/** Why a store is paused while not everything has arrived in it. */
export const UNFINISHED = 'npm run migrate-store is not finished: repeat it';

/** What is missing in it would be taken for what there never was. */
export async function refuseUnfinished(from: Moved): Promise<void> {
  if ((await from.pauseState())?.reason !== UNFINISHED) return;
  throw new AppError(
    'invalid_request',
    'The store to move from has not received everything itself',
    {
      cure: 'repeat the move into it until everything has arrived, or move from the store that it came from',
    },
  );
}

/**
 * A cycle that the source does not know has made the target another store: what was edited or deleted
 * by it would be as it was, text and all, and watermarks would go back. Records older than all of the
 * source's say nothing: theirs may have expired.
 */
export async function refuseDiverged(from: Moved, to: Moved): Promise<void> {
  const known = new Set<string>();
  let oldest: IsoTime = '';
  for await (const page of pagesOfCycles(from)) {
    for (const { id } of page) known.add(id);
    oldest = page.at(-1)?.started_at ?? oldest;
  }
  const own: Cycle[] = [];
  for await (const page of pagesOfCycles(to)) {
    own.push(...page.filter(({ id, started_at }) => !known.has(id) && started_at >= oldest));
  }
  const [newest] = own;
  if (newest === undefined) return;
  const what = own.length === 1 ? '1 of its cycles is' : `${own.length} of its cycles are`;
  throw new AppError(
    'invalid_request',
    `The store to move to was collected into since: ${what} not in the other, the newest began at ${newest.started_at}`,
    {
      cure: 'move the other way round, or into an empty store: another COSMOS_DATABASE or SQLITE_PATH',
    },
  );
}
