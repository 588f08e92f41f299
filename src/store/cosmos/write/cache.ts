import type { Versioned } from '../account.js';
import type {
  DayDocument,
  HeadDocument,
  HourDocument,
  TitlesDocument,
} from '../documents/documents.js';
import type { Line } from '../documents/lines.js';

/** Documents that follow from items. */
export type DerivedDocument = DayDocument | HourDocument | TitlesDocument;

/** What is known of a partition as of one batch: true for as long as the head tells of no other. */
export interface Known {
  /** Null: nothing is stored of the subreddit. */
  head: Versioned<HeadDocument> | null;
  /** By id; null: there is none. */
  derived: Map<string, DerivedDocument | null>;
  /** Lines of hour documents that were unpacked, by the documents' ids. */
  lines: Map<string, readonly Line[]>;
  /** Of the account, in which all of it was read: in another one a document may be older than the head. */
  session: number;
}

/**
 * What a writer remembers between its batches, so that those of a cycle, and the cycles after it, do
 * not read again what they themselves wrote last. Nothing here is trusted: a batch replaces the head
 * by its etag, and what would write nothing asks for the head.
 */
export interface WriterMemory {
  /** By partition. */
  recall(partition: string): Known | undefined;
  keep(partition: string, known: Known): void;
  forget(partition: string): void;
  /** Results of batches by their tokens, by what they were asked with (see `ChangeOf.intent`). */
  sent: WeakMap<object, Map<string, unknown>>;
  /** What became of batches that are written in parts, and of these parts (parts.ts). */
  parts: WeakMap<object, PartState>;
}

/** Those that are not written and not halved are not known. */
export type PartState = { halves: readonly [object, object] } | { result: unknown };

/** Lines and posts with titles kept in all partitions together: some 30 MB. */
const MAX_WEIGHT = 60_000;

export function createWriterMemory(maxWeight = MAX_WEIGHT): WriterMemory {
  const partitions = new Map<string, { known: Known; weight: number }>();
  let total = 0;

  const forget = (partition: string) => {
    total -= partitions.get(partition)?.weight ?? 0;
    partitions.delete(partition);
  };
  return {
    recall: (partition) => partitions.get(partition)?.known,
    keep: (partition, known) => {
      forget(partition);
      const weight = weightOf(known);
      partitions.set(partition, { known, weight });
      total += weight;
      // The one used longest ago goes first; a partition that is too much by itself goes as well.
      for (const [oldest] of partitions) {
        if (total <= maxWeight) break;
        forget(oldest);
      }
    },
    forget,
    ...{ sent: new WeakMap(), parts: new WeakMap() },
  };
}

function weightOf({ derived }: Known): number {
  let weight = 1;
  for (const document of derived.values()) {
    if (document?.kind === 'hour') weight += document.lines.length;
    if (document?.kind === 'titles') weight += document.posts.length;
    weight += 1;
  }
  return weight;
}
