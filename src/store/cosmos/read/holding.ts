import type { Versioned } from '../account.js';
import type {
  DayDocument,
  HourDocument,
  PostDocument,
  TitlesDocument,
} from '../documents/documents.js';

export type DerivedDocument = DayDocument | HourDocument | TitlesDocument;
/** What readers follow: posts for the newest of them. */
export type FollowedDocument = DerivedDocument | Versioned<PostDocument>;
export type FollowedKind = FollowedDocument['kind'];

/** Documents of one kind, of all subreddits: `from` ≤ day, hour, start or time of collection < `to`. */
export interface Range {
  kind: FollowedKind;
  from: string;
  to: string;
}

/** A range that is in memory, or on its way there, and follows the store. */
export interface Holding extends Range {
  /**
   * Takes a document, unless it has a newer one; `version`: at which it was seen to move; null: it
   * has just been loaded.
   */
  put(document: FollowedDocument, version: number | null): void;
  /** Documents of it may have moved without it being told, for it was new: it has to be read again. */
  missed: boolean;
}

/** After everything that a range may hold. */
export const END = '~';

/** What a document's place in its kind is called by. */
export function keyOf(document: FollowedDocument): string {
  switch (document.kind) {
    case 'day':
      return document.day;
    case 'hour':
      return document.hour;
    case 'titles':
      return document.from;
    case 'post':
      return document.collected_at;
  }
}

export function isIn(document: FollowedDocument, { kind, from, to }: Range): boolean {
  const key = keyOf(document);
  return document.kind === kind && key >= from && key < to;
}

/** The same in as few ranges as possible. */
export function joined(ranges: Iterable<Range>): Range[] {
  const order = (range: Range) => `${range.kind} ${range.from}`;
  const result: Range[] = [];
  for (const range of [...ranges].sort((a, b) => (order(a) < order(b) ? -1 : 1))) {
    if (range.from >= range.to) continue;
    const last = result.at(-1);
    if (last !== undefined && last.kind === range.kind && last.to >= range.from) {
      if (range.to > last.to) last.to = range.to;
    } else {
      result.push({ kind: range.kind, from: range.from, to: range.to });
    }
  }
  return result;
}
