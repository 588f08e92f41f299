import type { Container, Versioned } from '../account.js';
import { type GapDocument, HEAD_ID, type HeadDocument } from '../documents/documents.js';
import { HEADS, HEADS_AND_GAPS } from './queries.js';

/** By partition. */
export type Heads = ReadonlyMap<string, Versioned<HeadDocument>>;

/** What one query tells of all partitions. */
export interface Overview {
  heads: Heads;
  /** Gaps on record, by partition; null: not asked for. */
  gaps: ReadonlyMap<string, number> | null;
}

export async function readOverview(items: Container, withGaps: boolean): Promise<Overview> {
  const heads = new Map<string, Versioned<HeadDocument>>();
  const gaps = new Map<string, number>();
  const query = withGaps ? HEADS_AND_GAPS : HEADS;
  for (const found of await items.query<Versioned<HeadDocument | GapDocument>>('heads', query)) {
    if (found.kind === 'head') heads.set(found.subreddit, found);
    else gaps.set(found.subreddit, (gaps.get(found.subreddit) ?? 0) + 1);
  }
  return { heads, gaps: withGaps ? gaps : null };
}

/** Of more partitions than this, one query costs less. */
const MAX_POINT_READS = 4;

/** Whether these partitions are still as some heads tell. */
export async function standStill(
  items: Container,
  heads: Heads,
  partitions: readonly string[],
): Promise<boolean> {
  const now =
    partitions.length > MAX_POINT_READS
      ? (await readOverview(items, false)).heads
      : await readHeads(items, partitions);
  return partitions.every((each) => now.get(each)?.seq === heads.get(each)?.seq);
}

async function readHeads(items: Container, partitions: readonly string[]): Promise<Heads> {
  const found = await Promise.all(
    partitions.map((each) => items.read<HeadDocument>('head', each, HEAD_ID)),
  );
  return new Map(found.flatMap((head) => (head === null ? [] : [[head.subreddit, head]])));
}

/** Whether one of them tells of an earlier batch than before: a session never sees that of one store. */
export function wentBack(before: Heads, now: Heads): boolean {
  return [...before].some(([partition, { seq }]) => (now.get(partition)?.seq ?? -1) < seq);
}
