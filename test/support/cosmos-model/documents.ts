/**
 * What the modelled account holds. Partition `control` has the lease and the version; each
 * subreddit is a partition with one head, its items, and one rollup for each day that has items.
 */
export type Document = Head | Item | Day | Lease | Version;

export interface Head {
  kind: 'head';
  /** Of the newest lease that was stamped into it. */
  epoch: number;
  /** Counts the batches of the subreddit. */
  seq: number;
  /** Of the last batch, so that its writer knows it again. */
  token: string;
  /** All that was served up to this place of the listing is stored. */
  watermark: number;
}

export interface Item {
  kind: 'item';
  id: string;
  /** Place in the listing, from 1; 0: it came from a dump and is served no more. */
  place: number;
  /** Day it was created on. */
  day: number;
  /** Which version of it this is; a later one is higher. */
  value: number;
  /** Removed or deleted: it stays, and counts no more. */
  gone: boolean;
}

/** Rollup of a day. It is emptied, never deleted, so that who follows by `seq` hears of it. */
export interface Day {
  kind: 'day';
  day: number;
  /** The head's, of the batch that wrote it. */
  seq: number;
  count: number;
  /** Of the items' values: an item that changed and was counted as before shows here. */
  sum: number;
}

export interface Lease {
  kind: 'lease';
  epoch: number;
  /** Null: free. */
  holder: string | null;
}

/** The hint that readers poll. */
export interface Version {
  kind: 'version';
  version: number;
  /** Of the newest take-over, so that who lost its lease does not move it. */
  epoch: number;
  /** By subreddit: the seq that readers of this version must not fall below. */
  seqs: Readonly<Record<string, number>>;
}

export const CONTROL = 'control';
export const HEAD = '_head';
export const LEASE = 'lease';
export const VERSION = 'version';
export const dayId = (day: number): string => `day-${day}`;

/** A document as it was read. */
export interface Stored {
  id: string;
  etag: number;
  document: Document;
}

/** A partition at one moment, by id. */
export type State = ReadonlyMap<string, Stored>;

type Of<K extends Document['kind']> = Extract<Document, { kind: K }>;

/** The documents of one kind. */
export function all<K extends Document['kind']>(stored: Iterable<Stored>, kind: K): Of<K>[] {
  return [...stored].map(({ document }) => document).filter((document) => isOf(document, kind));
}

/** The only document of its kind, with its etag; undefined: it is not there. */
export function only<K extends Document['kind']>(
  stored: readonly Stored[],
  kind: K,
): (Of<K> & { etag: number }) | undefined {
  for (const { document, etag } of stored) {
    if (isOf(document, kind)) return { ...document, etag };
  }
  return undefined;
}

function isOf<K extends Document['kind']>(document: Document, kind: K): document is Of<K> {
  return document.kind === kind;
}

export type Counts = Pick<Day, 'count' | 'sum'>;

/** What the rollups of these items have to be, by day. */
export function recount(items: readonly Item[]): Map<number, Counts> {
  const days = new Map<number, Counts>();
  for (const { day, value, gone } of items) {
    if (gone) continue;
    const { count, sum } = days.get(day) ?? { count: 0, sum: 0 };
    days.set(day, { count: count + 1, sum: sum + value });
  }
  return days;
}

/** Counts from one day on, as a text that is equal for equal counts. */
export function countsText(days: Iterable<readonly [number, Counts]>, fromDay: number): string {
  return [...days]
    .filter(([day, { count, sum }]) => day >= fromDay && (count !== 0 || sum !== 0))
    .sort(([a], [b]) => a - b)
    .map(([day, { count, sum }]) => `day ${day}: ${count} items of ${sum}`)
    .join(', ');
}

/** The head of a partition; undefined: there is none yet. */
export function headOf(state: State): Head | undefined {
  const document = state.get(HEAD)?.document;
  return document?.kind === 'head' ? document : undefined;
}

/** The rollups of a partition, by day. */
export function rollupsOf(state: State): [number, Counts][] {
  return all(state.values(), 'day').map((day) => [day.day, day]);
}
