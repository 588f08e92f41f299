import { AppError } from '../../../errors.js';
import type { Container } from '../account.js';
import { type Heads, type Overview, readOverview, standStill, wentBack } from './heads.js';
import { type FollowedDocument, type Holding, isIn, joined, type Range } from './holding.js';
import { type Behind, writtenSince } from './queries.js';

export interface Follow {
  /** A store of which nothing is held. */
  begin(): Promise<Overview>;
  /**
   * What leads from one state to a later one, in which each partition is as it was after one batch.
   * Null: the store is not the one it was.
   * @throws AppError `store_busy` when a partition moved during every attempt
   */
  since(before: Heads): Promise<Followed | null>;
}

export interface Followed extends Overview {
  /** Whether there was a batch at all. */
  moved: boolean;
  /** Brings everything held to that state, at once; what moved was seen to at `version`. */
  apply(version: number): void;
}

export interface FollowDeps {
  items: Container;
  /** What is in memory, or on its way there. */
  holdings: () => Iterable<Holding>;
  withGaps: () => boolean;
}

const ATTEMPTS = 3;
/** Asked one by one up to so many, all at once beyond; a query to all is sent to each range of them. */
const ONE_BY_ONE = 4;
/** Partitions, and ranges, of one query. */
const PARTITIONS = 40;
const RANGES = 80;

export function createFollow({ items, holdings, withGaps }: FollowDeps): Follow {
  const overview = () => readOverview(items, withGaps());

  /** Of these partitions, what was written after what is known of them. */
  const readSince = async (ranges: readonly Range[], behind: readonly Behind[]) => {
    const some = inPortions(behind, behind.length > ONE_BY_ONE ? PARTITIONS : 1);
    const queries = some.flatMap((each) =>
      inPortions(ranges, RANGES).map((part) => writtenSince(part, each)),
    );
    const found = await Promise.all(
      queries.map((query) => items.query<FollowedDocument>('follow', query)),
    );
    return found.flat();
  };

  /** What was written in the partitions since, and an overview of which it is all of it. */
  const readMoved = async (
    ranges: readonly Range[],
    moved: readonly Behind[],
    first: Overview,
  ): Promise<{ until: Overview; documents: Iterable<FollowedDocument> }> => {
    let until = first;
    const documents = new Map<string, FollowedDocument>();
    let open = ranges.length === 0 ? [] : moved;
    for (let attempt = 1; open.length > 0; attempt += 1) {
      if (attempt > ATTEMPTS) throw tornApart(open);
      for (const document of await readSince(ranges, open)) {
        // A later reading of a partition is never older.
        documents.set(`${document.subreddit} ${document.id}`, document);
      }
      const names = open.map(({ partition }) => partition);
      if (await standStill(items, until.heads, names)) break;
      const now = await overview();
      const { heads } = until;
      if (wentBack(heads, now.heads)) throw tornApart(open);
      open = open.filter(
        ({ partition }) => now.heads.get(partition)?.seq !== heads.get(partition)?.seq,
      );
      until = replaced(until, now, open);
    }
    return { until, documents: documents.values() };
  };

  const since: Follow['since'] = async (before) => {
    const first = await overview();
    if (wentBack(before, first.heads)) return null;
    const followed = new Set(holdings());
    const moved = movedSince(before, first.heads);
    const { until, documents } = await readMoved(joined(followed), moved, first);
    const apply = (version: number) => {
      for (const holding of holdings()) {
        if (moved.length > 0 && !followed.has(holding)) holding.missed = true;
      }
      for (const document of documents) {
        for (const holding of followed) {
          if (isIn(document, holding)) holding.put(document, version);
        }
      }
    };
    return { ...until, moved: moved.length > 0, apply };
  };

  return { begin: overview, since };
}

function movedSince(before: Heads, now: Heads): Behind[] {
  // A partition that was not there then was begun later than what was last written there.
  const newest = Math.max(0, ...[...before.values()].map(({ _ts }) => _ts));
  return [...now.values()]
    .filter(({ subreddit, seq }) => before.get(subreddit)?.seq !== seq)
    .map(({ subreddit: partition }) => {
      const known = before.get(partition);
      return { partition, seq: known?.seq ?? 0, ts: known?._ts ?? newest };
    });
}

/** With what a later overview tells of some partitions. */
function replaced(before: Overview, now: Overview, partitions: readonly Behind[]): Overview {
  const heads = new Map(before.heads);
  const gaps = new Map(before.gaps);
  for (const { partition } of partitions) {
    const head = now.heads.get(partition);
    if (head !== undefined) heads.set(partition, head);
    gaps.set(partition, now.gaps?.get(partition) ?? 0);
  }
  return { heads, gaps: before.gaps === null || now.gaps === null ? null : gaps };
}

function tornApart(partitions: readonly unknown[]): AppError {
  return new AppError(
    'store_busy',
    `${partitions.length} subreddits moved whenever they were read`,
  );
}

function inPortions<T>(all: readonly T[], size: number): T[][] {
  const portions: T[][] = [];
  for (let from = 0; from < all.length; from += size) portions.push(all.slice(from, from + size));
  return portions;
}
