import type {
  DayDocument,
  HourDocument,
  TitlesDocument,
} from '../documents/documents.js';

export type DerivedDocument = DayDocument | HourDocument | TitlesDocument;
export type DerivedKind = DerivedDocument['kind'];

/** Derived documents of one kind, of all subreddits: `from` ≤ day, hour or start < `to`. */
export interface DerivedRange {
  kind: DerivedKind;
  from: string;
  to: string;
}

/** A range that is in memory, or on its way there, and follows the store. */
export interface Holding extends DerivedRange {
  /** Takes a document, unless it has a newer one; `version`: at which it was seen to move. */
  put(document: DerivedDocument, version: number | null): void;
  /** Documents of it may have moved without it being told, for it was new: it has to be read again. */
  missed: boolean;
}

/** What a document's place in its kind is called by. */
export function keyOf(document: DerivedDocument): string {
  switch (document.kind) {
    case 'day':
      return document.day;
    case 'hour':
      return document.hour;
    case 'titles':
      return document.from;
  }
}

export function isIn(document: DerivedDocument, { kind, from, to }: DerivedRange): boolean {
  const key = keyOf(document);
  return document.kind === kind && key >= from && key < to;
}

/** The same in as few ranges as possible. */
export function joined(ranges: Iterable<DerivedRange>): DerivedRange[] {
  const order = (range: DerivedRange) => `${range.kind} ${range.from}`;
  const result: DerivedRange[] = [];
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
