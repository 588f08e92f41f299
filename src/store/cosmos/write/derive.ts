import type { IsoTime } from '../../../domain/item.js';
import { fullname, LABELS } from '../../../domain/item.js';
import { DAY_MS, HOUR_MS } from '../../../domain/window.js';
import type { Operation } from '../account.js';
import { packCounts } from '../documents/counts.js';
import {
  type DayDocument,
  dayId,
  dayOf,
  type HourDocument,
  hourId,
  type PackedTitle,
  partitionOf,
  type TitlesDocument,
  titlesFrom,
  titlesId,
} from '../documents/documents.js';
import { countLines, hasText, type Line, missingOf, packLine } from '../documents/lines.js';
import type { DerivedDocument } from './cache.js';

export interface Derivation {
  /** Of the subreddit, as it is written. */
  name: string;
  /** Of the batch that writes it. */
  seq: number;
  nowMs: number;
  retentionMs: number;
  /** Every line of each hour that changes, as it is to be. */
  hours: ReadonlyMap<IsoTime, readonly Line[]>;
  /** Those that are stored of what `derivedIds` names. */
  stored: ReadonlyMap<string, DerivedDocument>;
  /** Titles of posts that are written, by fullname; others keep the one they have. */
  titles: ReadonlyMap<string, string>;
}

/** What `derive` has to be told of: the documents of these hours, their days, and titles. */
export function derivedIds(hours: Iterable<IsoTime>): string[] {
  const each = [...hours];
  return [...new Set([hourId, dayId, titlesId].flatMap((idOf) => each.map((hour) => idOf(hour))))];
}

/** Writes what follows from the lines of some hours, where it is not stored already. */
export function derive(derivation: Derivation): Operation[] {
  const times = [...derivation.hours.keys()].sort();
  const days = new Set(times.map(dayOf));
  const parts = new Set(times.map(titlesFrom));
  const wanted = [
    ...times.map((hour) => hourDocument(derivation, hour)),
    ...[...days].map((day) => dayDocument(derivation, day)),
    ...[...parts].map((from) => titlesDocument(derivation, from)),
  ];
  return wanted
    .filter((document) => differs(document, derivation.stored.get(document.id)))
    .map((document) => ({ kind: 'upsert', document }));
}

const UNREACHED_S = 2_147_483_647;
/** Until then nobody looks at a day that retention has come to. */
const SPARE_MS = 2 * DAY_MS;

/**
 * Seconds from now until Azure may let go of what belongs to a time: days after retention, so that
 * nobody sees it happen. −1 for what is exempt from retention.
 */
export function ttlOf(
  time: IsoTime,
  keep: boolean,
  { nowMs, retentionMs }: Pick<Derivation, 'nowMs' | 'retentionMs'>,
): number {
  if (keep) return -1;
  const endOfDayMs = Date.parse(`${dayOf(time)}T00:00:00.000Z`) + DAY_MS;
  const ms = Math.max(endOfDayMs + retentionMs + SPARE_MS - nowMs, HOUR_MS);
  return Math.min(Math.ceil(ms / 1000), UNREACHED_S);
}

/** What never goes again once something exempt was in it. */
function common(derivation: Derivation, id: string, time: IsoTime, keep: boolean) {
  const { name, seq, stored } = derivation;
  const ttl = ttlOf(time, keep || stored.get(id)?.ttl === -1, derivation);
  return { id, subreddit: partitionOf(name), name, seq, ttl };
}

function hourDocument(derivation: Derivation, hour: IsoTime): HourDocument {
  const lines = derivation.hours.get(hour) ?? [];
  const short = lines.filter(({ thread }) => thread !== null && missingOf(thread) > 0).length;
  return {
    ...common(derivation, hourId(hour), hour, holdsExempt(lines)),
    kind: 'hour',
    hour,
    lines: lines.map(packLine),
    ...(short > 0 && { short }),
    ...(lines.some(hasText) && { texts: 1 }),
    ...(lines.some(({ keep }) => !keep) && { expires: 1 }),
  };
}

const holdsExempt = (lines: readonly Line[]) => lines.some(({ keep }) => keep);

function dayDocument(derivation: Derivation, day: string): DayDocument {
  const id = dayId(day);
  const before = derivation.stored.get(id);
  const hours = new Map(before?.kind === 'day' ? Object.entries(before.hours) : []);
  const changed = [...derivation.hours].filter(([hour]) => dayOf(hour) === day);
  for (const [hour, lines] of changed) {
    const counts = packCounts(countLines(lines));
    if (counts === null) hours.delete(hour.slice(11, 13));
    else hours.set(hour.slice(11, 13), counts);
  }
  const keep = changed.some(([, lines]) => holdsExempt(lines));
  const sorted = [...hours].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...common(derivation, id, day, keep),
    kind: 'day',
    day,
    hours: Object.fromEntries(sorted),
  };
}

function titlesDocument(derivation: Derivation, from: IsoTime): TitlesDocument {
  const id = titlesId(from);
  const before = derivation.stored.get(id);
  const posts = before?.kind === 'titles' ? before.posts : [];
  const known = new Map(posts.map((post) => [post[0], post]));
  const changed = [...derivation.hours].filter(([hour]) => titlesFrom(hour) === from);
  const starts = new Set(changed.map(([hour]) => Date.parse(hour)));
  const others = posts.filter(([, created]) => !starts.has(created - (created % HOUR_MS)));
  const titled = changed.flatMap(([, lines]) =>
    lines.flatMap((line) => packTitle(line, derivation.titles, known)),
  );
  const keep = changed.some(([, lines]) => holdsExempt(lines));
  return {
    ...common(derivation, id, from, keep),
    kind: 'titles',
    from,
    posts: [...others, ...titled].sort(inOrder),
  };
}

function packTitle(
  line: Line,
  titles: Derivation['titles'],
  known: ReadonlyMap<string, PackedTitle>,
): PackedTitle[] {
  if (line.thread === null || line.excluded !== null) return [];
  const { id, created_utc, label, upvotes, thread } = line;
  const title = titles.get(fullname(line)) ?? known.get(id)?.[5];
  // A counted post whose title nobody has: verify-store finds that it is missing.
  if (title === undefined) return [];
  const created = Date.parse(created_utc);
  return [[id, created, LABELS.indexOf(label), upvotes, thread.comment_count, title]];
}

const inOrder = (a: PackedTitle, b: PackedTitle) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1);

/** Whether there is something in it that is not stored; an empty one is not made. */
function differs(document: DerivedDocument, stored: DerivedDocument | undefined): boolean {
  if (stored === undefined) return !isEmpty(document);
  return contentOf(document) !== contentOf(stored);
}

function contentOf(document: DerivedDocument): string {
  const exempt = document.ttl === -1;
  switch (document.kind) {
    case 'hour': {
      const { lines, short = 0, texts = 0, expires = 0 } = document;
      return JSON.stringify([exempt, lines, short, texts, expires]);
    }
    case 'day':
      return JSON.stringify([exempt, Object.entries(document.hours).sort()]);
    case 'titles':
      return JSON.stringify([exempt, document.posts]);
  }
}

function isEmpty(document: DerivedDocument): boolean {
  if (document.kind === 'day') return Object.keys(document.hours).length === 0;
  return (document.kind === 'hour' ? document.lines : document.posts).length === 0;
}
