import type { IsoTime } from '../../../domain/item.js';
import { HOUR_MS, isoTime } from '../../../domain/window.js';
import type { Container } from '../account.js';
import { type DayDocument, titlesFrom } from '../documents/documents.js';
import type { HourSpan } from '../walks/hours.js';

/**
 * What is compared at once: the six hours of a titles document, so that no more than these are in
 * memory, however long the history.
 */
export const STRETCH_HOURS = 6;

/** Starts of the hours of a span. */
export function hoursIn({ from, before }: HourSpan): IsoTime[] {
  const hours: IsoTime[] = [];
  for (let hour = from; hour < before; hour = later(hour, 1)) hours.push(hour);
  return hours;
}

export function later(time: IsoTime, hours: number): IsoTime {
  return isoTime(Date.parse(time) + hours * HOUR_MS);
}

/**
 * The stretches of a partition in which there is anything, items or what is derived from some,
 * in their order. Items of which no document tells are found from where the last stretch ended.
 */
export async function* stretches(items: Container, partition: string): AsyncGenerator<IsoTime> {
  const known = await toldOf(items, partition);
  let from: IsoTime = '';
  for (;;) {
    const item = await firstItem(items, partition, from);
    const next = known.find((each) => each >= from) ?? null;
    const [stretch] = [item === null ? null : titlesFrom(item), next]
      .filter((each) => each !== null)
      .sort();
    if (stretch === undefined) return;
    yield stretch;
    from = later(stretch, STRETCH_HOURS);
  }
}

/** Stretches of which derived documents tell, sorted. */
async function toldOf(items: Container, partition: string): Promise<IsoTime[]> {
  const at = { items, partition };
  const self = (time: IsoTime) => time;
  const hours = await inOrder(at, { kind: 'hour', by: 'c.hour', what: 'VALUE c.hour' }, self);
  const titles = await inOrder(at, { kind: 'titles', by: FROM, what: `VALUE ${FROM}` }, self);
  const days = await inOrder<Pick<DayDocument, 'day' | 'hours'>>(
    at,
    { kind: 'day', by: 'c.day', what: 'c.day, c.hours' },
    ({ day }) => day,
  );
  const ofDays = days.flatMap((document) =>
    Object.keys(document.hours).map((hour) => `${document.day}T${hour}:00:00.000Z`),
  );
  return [...new Set([...hours, ...titles, ...ofDays].map(titlesFrom))].sort();
}

/** Documents of one query; a kept history may have more of them than a query may find. */
const AT_ONCE = 10_000;
/** A word of the language. */
const FROM = 'c["from"]';

/** All documents of a kind, in the order of what tells one from the others. */
async function inOrder<T>(
  { items, partition }: { items: Container; partition: string },
  { kind, by, what }: { kind: string; by: string; what: string },
  keyOf: (document: T) => string,
): Promise<T[]> {
  const text = `SELECT TOP ${AT_ONCE} ${what} FROM c
    WHERE c.kind = '${kind}' AND ${by} > @after ORDER BY ${by}`;
  const all: T[] = [];
  for (let after = ''; ; ) {
    const parameters = { '@after': after };
    const found = await items.query<T>('verify', { text, parameters, partition });
    for (const one of found) all.push(one);
    const last = found.at(-1);
    if (last === undefined || found.length < AT_ONCE) return all;
    after = keyOf(last);
  }
}

/** `created_utc` of the first item from a time on; empty: of all. */
async function firstItem(
  items: Container,
  partition: string,
  from: IsoTime,
): Promise<IsoTime | null> {
  const [first] = await items.query<IsoTime>('verify', {
    text: `SELECT TOP 1 VALUE c.created_utc FROM c
      WHERE c.kind IN ('post', 'comment') AND c.created_utc >= @from ORDER BY c.created_utc`,
    parameters: { '@from': from },
    partition,
  });
  return first ?? null;
}
