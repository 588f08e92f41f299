import { AppError } from '../../../errors.js';
import type { Container, Versioned } from '../account.js';
import type { HeadDocument } from '../documents/documents.js';
import type { DerivedDocument, DerivedRange, Holding } from './holding.js';
import { isIn, joined } from './holding.js';
import { type Behind, derivedSince, HEADS } from './queries.js';

export type Heads = ReadonlyMap<string, HeadDocument>;

export interface Follow {
  /** The heads of a store of which nothing is held. */
  begin(): Promise<Heads>;
  /**
   * What leads from one state to a later one, in which each partition is as it was after one batch.
   * Null: the store is not the one it was.
   * @throws AppError `store_busy` when a partition moved during every attempt
   */
  since(before: Heads): Promise<Followed | null>;
}

export interface Followed {
  /** Of the later state. */
  heads: Heads;
  /** Brings everything held to it, at once; what moved was seen to at `version`. */
  apply(version: number): void;
}

export interface FollowDeps {
  items: Container;
  /** What is in memory, or on its way there. */
  holdings: () => Iterable<Holding>;
}

const ATTEMPTS = 3;
/** Partitions, and ranges, of one query. */
const PARTITIONS = 40;
const RANGES = 80;

export function createFollow({ items, holdings }: FollowDeps): Follow {
  const readHeads = async (): Promise<Map<string, HeadDocument>> => {
    const found = await items.query<Versioned<HeadDocument>>('heads', HEADS);
    return new Map(found.map((head) => [head.subreddit, head]));
  };

  /** Of these partitions, what was written after what is known of them. */
  const readSince = async (
    ranges: readonly DerivedRange[],
    behind: readonly Behind[],
  ): Promise<DerivedDocument[]> => {
    const queries = inPortions(behind, PARTITIONS).flatMap((some) =>
      inPortions(ranges, RANGES).map((part) => derivedSince(part, some)),
    );
    const found = await Promise.all(
      queries.map((query) => items.query<DerivedDocument>('follow', query)),
    );
    return found.flat();
  };

  /** What was written in the partitions after `before`, and the batches up to which it is all of it. */
  const readMoved = async (
    ranges: readonly DerivedRange[],
    moved: readonly Behind[],
    first: Heads,
  ): Promise<{ heads: Heads; documents: Iterable<DerivedDocument> }> => {
    const heads = new Map(first);
    const documents = new Map<string, DerivedDocument>();
    let open = ranges.length === 0 ? [] : moved;
    for (let attempt = 1; open.length > 0; attempt += 1) {
      if (attempt > ATTEMPTS) throw tornApart(open);
      for (const document of await readSince(ranges, open)) {
        const id = `${document.subreddit} ${document.id}`;
        if ((documents.get(id)?.seq ?? 0) <= document.seq) documents.set(id, document);
      }
      const now = await readHeads();
      if (wentBack(heads, now)) throw tornApart(open);
      open = open.filter(({ partition }) => now.get(partition)?.seq !== heads.get(partition)?.seq);
      for (const { partition } of open) heads.set(partition, now.get(partition) as HeadDocument);
    }
    return { heads, documents: documents.values() };
  };

  const since: Follow['since'] = async (before) => {
    const first = await readHeads();
    if (wentBack(before, first)) return null;
    const followed = new Set(holdings());
    const moved = [...first.values()]
      .map(({ subreddit: partition, seq }) => ({
        ...{ partition, seq: before.get(partition)?.seq ?? 0 },
        moved: before.get(partition)?.seq !== seq,
      }))
      .filter((each) => each.moved);
    const { heads, documents } = await readMoved(joined(followed), moved, first);
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
    return { heads, apply };
  };

  return { begin: readHeads, since };
}

/** A session never sees an older state of the same store. */
function wentBack(before: Heads, now: Heads): boolean {
  return [...before].some(([partition, { seq }]) => (now.get(partition)?.seq ?? -1) < seq);
}

function tornApart(partitions: readonly string[]): AppError {
  return new AppError('store_busy', `${partitions.length} subreddits moved whenever they were read`);
}

function inPortions<T>(all: readonly T[], size: number): T[][] {
  const portions: T[][] = [];
  for (let from = 0; from < all.length; from += size) portions.push(all.slice(from, from + size));
  return portions;
}
