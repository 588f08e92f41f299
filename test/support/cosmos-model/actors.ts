import { type Client, GaveUp, LeaseLost, read, type Steps } from './calls.js';
import { type Changed, changePartition, readHead } from './change.js';
import { moveVersion, releaseLease, takeLease, takeOver } from './control.js';
import { all, type Item } from './documents.js';
import type { Judge } from './judge.js';
import { firstDay, listed, SUBREDDITS, type World } from './world.js';

export interface Surroundings {
  world: World;
  judge: Judge;
  /** Whether an asker thinks that whoever has the lease is gone. */
  isGone: () => boolean;
}

/** Items of a batch. */
const BATCH = 2;
/** How far below the watermark listings are read again: edits show there. */
const OVERLAP = 2;

/** Takes the lease and reads the listings, so often; the last time from their beginning, if told. */
export function* collector(
  client: Client,
  around: Surroundings,
  cycles: number,
  sweeps = false,
): Steps<void> {
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    const overlap = sweeps && cycle === cycles ? Number.POSITIVE_INFINITY : OVERLAP;
    yield* tolerant(() => collect(client, around, overlap));
  }
}

function* collect(before: Client, around: Surroundings, overlap: number): Steps<void> {
  const epoch = yield* takeLease(before, around.isGone);
  const client: Client = { ...before, epoch, kept: new Map() };
  const version = yield* takeOver(client);
  around.judge.tookOver(epoch, version);
  for (const subreddit of SUBREDDITS) {
    yield* collectSubreddit(client, around, subreddit, overlap);
  }
  yield* releaseLease(client);
}

function* collectSubreddit(
  client: Client,
  around: Surroundings,
  subreddit: string,
  overlap: number,
): Steps<void> {
  const { rules } = client;
  const mark = (yield* readHead(client, subreddit))?.watermark ?? 0;
  const items = listed(around.world, subreddit, mark - overlap);
  const batches = batchesOf(items);
  const watermark = items.at(-1)?.place ?? 0;
  for (const [at, batch] of batches.entries()) {
    const moves = rules.watermarkLast ? at === batches.length - 1 : at === 0;
    const store = () => storeBatch(client, around, subreddit, batch, moves ? watermark : undefined);
    if (rules.failureEndsSubreddit) yield* store();
    else yield* tolerant(store);
  }
}

function* storeBatch(
  client: Client,
  around: Surroundings,
  subreddit: string,
  items: readonly Item[],
  watermark: number | undefined,
): Steps<void> {
  const plan = (stored: ReadonlyMap<string, Item>) => ({
    put: items.filter(({ id, value }) => value > (stored.get(id)?.value ?? 0)),
    remove: [],
  });
  const change = { subreddit, items, plan, ...(watermark === undefined ? {} : { watermark }) };
  yield* changeAndAnnounce(client, around, change, items);
}

/** Stores what it has of a dump where the id is unknown; holds no lease. */
export function* importer(client: Client, around: Surroundings): Steps<void> {
  yield* tolerant(function* () {
    for (const subreddit of SUBREDDITS) {
      const dump = around.world.dump.get(subreddit) ?? [];
      for (const items of batchesOf(dump.filter(({ day }) => day >= firstDay(around.world)))) {
        const plan = (stored: ReadonlyMap<string, Item>) => ({
          put: items.filter(({ id }) => !stored.has(id)),
          remove: [],
        });
        yield* changeAndAnnounce(client, around, { subreddit, items, plan }, items);
      }
    }
  });
}

/** Removes what is past retention, so often; holds no lease. */
export function* retention(client: Client, around: Surroundings, rounds: number): Steps<void> {
  for (let round = 1; round <= rounds; round += 1) {
    yield* tolerant(function* () {
      for (const subreddit of SUBREDDITS) {
        const stored = all(yield* read(client, subreddit, 'items'), 'item');
        const old = stored.filter(({ day }) => day < firstDay(around.world));
        for (const items of batchesOf(old)) {
          const plan = (now: ReadonlyMap<string, Item>) => ({ put: [], remove: [...now.values()] });
          yield* changeAndAnnounce(client, around, { subreddit, items, plan }, []);
        }
      }
    });
    yield { kind: 'wait' };
  }
}

function* changeAndAnnounce(
  client: Client,
  { judge }: Surroundings,
  change: Parameters<typeof changePartition>[1],
  stored: readonly Item[],
): Steps<void> {
  const { actor, epoch, rules } = client;
  const { subreddit } = change;
  let version = rules.versionLast ? undefined : yield* moveVersion(client, {});
  const changed: Changed = yield* changePartition(client, change);
  if (changed.seq !== null && rules.versionLast) {
    version = yield* moveVersion(client, { [subreddit]: changed.seq });
  }
  judge.reported({ actor, epoch, subreddit, token: changed.token, items: stored, version });
}

/** Ends early, as a cycle or a command does, where the store or the lease fails it. */
function* tolerant(steps: () => Steps<void>): Steps<void> {
  try {
    yield* steps();
  } catch (error) {
    if (!(error instanceof LeaseLost) && !(error instanceof GaveUp)) throw error;
  }
}

function batchesOf(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / BATCH);
  return Array.from({ length: count }, (_, at) => items.slice(at * BATCH, (at + 1) * BATCH));
}
