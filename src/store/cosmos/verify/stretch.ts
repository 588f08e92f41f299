import type { IsoTime } from '../../../domain/item.js';
import { HOUR_MS, isoTime } from '../../../domain/window.js';
import type { Container } from '../account.js';
import { titlesFrom } from '../documents/documents.js';

/**
 * What is compared at once: the six hours of a titles document, so that no more than these are in
 * memory, however long the history.
 */
export const STRETCH_HOURS = 6;

const HOURS_OF_DAY = 24;

/** Starts of the hours of a stretch. */
export function hoursOf(stretch: IsoTime): IsoTime[] {
  return Array.from({ length: STRETCH_HOURS }, (_, n) => later(stretch, n));
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

/** Stretches that a derived document is of, sorted. */
async function toldOf(items: Container, partition: string): Promise<IsoTime[]> {
  const all = async (value: string, kind: string) =>
    items.query<string>('derived documents', {
      text: `SELECT VALUE ${value} FROM c WHERE c.kind = '${kind}'`,
      parameters: {},
      partition,
    });
  const hours = await all('c.hour', 'hour');
  const titles = await all('c["from"]', 'titles');
  const days = await all('c.day', 'day');
  const ofDays = days.flatMap((day) =>
    Array.from({ length: HOURS_OF_DAY / STRETCH_HOURS }, (_, n) =>
      later(`${day}T00:00:00.000Z`, n * STRETCH_HOURS),
    ),
  );
  return [...new Set([...hours, ...titles, ...ofDays].map(titlesFrom))].sort();
}

/** `created_utc` of the first item from a time on; empty: of all. */
async function firstItem(
  items: Container,
  partition: string,
  from: IsoTime,
): Promise<IsoTime | null> {
  const [first] = await items.query<IsoTime>('next item', {
    text: `SELECT TOP 1 VALUE c.created_utc FROM c
      WHERE c.kind IN ('post', 'comment') AND c.created_utc >= @from ORDER BY c.created_utc`,
    parameters: { '@from': from },
    partition,
  });
  return first ?? null;
}
