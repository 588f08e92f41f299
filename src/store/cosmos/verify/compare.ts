import type { IsoTime } from '../../../domain/item.js';
import { fullname } from '../../../domain/item.js';
import type { Counts, Rollup } from '../../../domain/rollup.js';
import { HOUR_MS } from '../../../domain/window.js';
import type { VerifyDifference } from '../../store.js';
import { packCounts, unpackCounts } from '../documents/counts.js';
import type {
  DayDocument,
  HourDocument,
  PackedTitle,
  TitlesDocument,
} from '../documents/documents.js';
import {
  countLines,
  hasText,
  type Line,
  missingOf,
  packLine,
  type PackedLine,
  unpackLine,
} from '../documents/lines.js';
import type { Recounted } from './recount.js';
import { STRETCH_HOURS } from './stretch.js';

/** What is stored of the stretch that an hour is in. */
export interface StoredStretch {
  /** By hour. */
  hours: ReadonlyMap<IsoTime, HourDocument>;
  day: DayDocument | null;
  titles: TitlesDocument | null;
}

export type HourDifference = VerifyDifference & { hour: IsoTime };

/** What is stored of one hour beside what follows from its items; null: they agree. */
export function compareHour(
  place: { subreddit: string; hour: IsoTime },
  { hours, day, titles }: StoredStretch,
  recounted: Recounted,
): HourDifference | null {
  const { hour } = place;
  const kept = hours.get(hour) ?? null;
  const packed = day?.hours[hour.slice(11, 13)] ?? null;
  const rollups = { stored: packed, recomputed: packCounts(countLines(recounted.lines)) };
  const also = [
    ...wrongLines(kept?.lines ?? [], recounted.lines),
    ...wrongMarks(kept, recounted.lines),
    ...tooShortLived({ hour: kept, day, titles }, recounted),
  ];
  const wrong_terms = !areEqual(titlesOf(titles, hour), recounted.titles);
  if (areEqual(rollups.stored, rollups.recomputed) && !wrong_terms && also.length === 0)
    return null;
  return {
    ...place,
    stored: rollups.stored && rollupOf(place, unpackCounts(rollups.stored)),
    recomputed: rollups.recomputed && rollupOf(place, unpackCounts(rollups.recomputed)),
    wrong_terms,
    ...(also.length > 0 && { also }),
  };
}

function rollupOf(place: { subreddit: string; hour: IsoTime }, counts: Counts): Rollup | null {
  const { last_item_at } = counts;
  return last_item_at === null ? null : { ...place, ...counts, last_item_at };
}

/** Of the posts of the hour. What is of no hour of the document's counts for its first. */
function titlesOf(document: TitlesDocument | null, hour: IsoTime): PackedTitle[] {
  const startMs = Date.parse(hour);
  const isFirst = document?.from === hour;
  return (document?.posts ?? []).filter(
    ([, created]) =>
      (created >= startMs && created < startMs + HOUR_MS) ||
      (isFirst && isMisplaced(created, startMs)),
  );
}

const isMisplaced = (created: number, fromMs: number) =>
  created < fromMs || created >= fromMs + STRETCH_HOURS * HOUR_MS;

function wrongLines(stored: readonly PackedLine[], right: readonly Line[]): string[] {
  const wanted = new Map(right.map((line) => [fullname(line), JSON.stringify(packLine(line))]));
  let wrong = 0;
  for (const packed of stored) {
    const name = nameOf(packed);
    if (wanted.get(name) === JSON.stringify(packed)) wanted.delete(name);
    else if (!wanted.has(name)) wrong += 1; // left over, or a second time
  }
  wrong += wanted.size;
  return wrong === 0 ? [] : [`${wrong} lines of its items are wrong`];
}

function nameOf([kind, id]: PackedLine): string {
  return fullname({ kind: kind === 0 ? 'post' : 'comment', id });
}

/** By the marks walks and retention find hours. */
function wrongMarks(stored: HourDocument | null, lines: readonly Line[]): string[] {
  const right = {
    short: lines.filter(({ thread }) => thread !== null && missingOf(thread) > 0).length,
    texts: lines.some(hasText) ? 1 : 0,
    expires: lines.some(({ keep }) => !keep) ? 1 : 0,
  };
  const { short = 0, texts = 0, expires = 0 } = stored ?? {};
  if (areEqual({ short, texts, expires }, right)) return [];
  return ['the marks by which its hour is found are wrong'];
}

/** What is exempt from retention must not be in a document that goes by itself. */
function tooShortLived(
  {
    hour,
    day,
    titles,
  }: { hour: HourDocument | null; day: DayDocument | null; titles: TitlesDocument | null },
  { lines }: Recounted,
): string[] {
  if (!lines.some(({ keep }) => keep)) return [];
  const going = [hour, day, titles].filter((document) => document !== null && document.ttl !== -1);
  return going.length === 0 ? [] : ['what is exempt from retention would go'];
}

const areEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Lines as they are stored. */
export function linesOf(document: HourDocument | undefined): Line[] {
  return (document?.lines ?? []).map((packed) => unpackLine(packed, document?.hour ?? ''));
}
