import type { Clock } from '../../../clock.js';
import type { IsoTime } from '../../../domain/item.js';
import { AppError } from '../../../errors.js';
import type { VerifyDifference } from '../../store.js';
import { type Container, sumOf, type Versioned } from '../account.js';
import {
  type DayDocument,
  dayId,
  HEAD_ID,
  type HeadDocument,
  type HourDocument,
  type TitlesDocument,
  titlesId,
} from '../documents/documents.js';
import { compareHour, type HourDifference, linesOf, type StoredStretch } from './compare.js';
import type { HourSpan } from '../walks/hours.js';
import { type Ask, NOTHING, recount } from './recount.js';
import { hoursIn, later, STRETCH_HOURS } from './stretch.js';

/** One partition, read for comparison. */
export interface Compared {
  items: Container;
  clock: Clock;
  partition: string;
}

interface StretchReport {
  /** Items looked at. */
  items: number;
  /** Rollups stored. */
  rollups: number;
  differences: HourDifference[];
}

/** How often, and how long apart, something is read again that was written to meanwhile. */
const MAX_READINGS = 20;
const PAUSE_MS = 250;

const askOf =
  ({ items, partition }: Compared): Ask =>
  (text, parameters) =>
    items.query('verify', { text, parameters, partition });

/** Compares the hours of one stretch, each with its items. */
export async function compareStretch(compared: Compared, from: IsoTime): Promise<StretchReport> {
  return steadily(compared, (head) => readStretch(compared, from, nameOf(compared, head)), agree);
}

const agree = ({ differences }: StretchReport) => differences.length === 0;

async function readStretch(
  compared: Compared,
  from: IsoTime,
  subreddit: string,
): Promise<StretchReport> {
  const stored = await storedOf(compared, from);
  const report: StretchReport = { items: 0, rollups: 0, differences: [] };
  for (const span of spansOf(from, stored)) {
    const hours = hoursIn(span);
    const before = hours.flatMap((hour) => linesOf(stored.hours.get(hour)));
    const recounted = await recount(askOf(compared), span, before);
    for (const hour of hours) {
      const right = recounted.get(hour) ?? NOTHING;
      const difference = compareHour({ subreddit, hour }, stored, right);
      if (difference !== null) report.differences.push(difference);
      report.items += right.lines.length;
      report.rollups += stored.day?.hours[hour.slice(11, 13)] === undefined ? 0 : 1;
    }
  }
  return report;
}

/** Items that are read at once, where no more seem to be there. */
const MOST_AT_ONCE = 2000;

/** The whole stretch, or hour by hour where that is much. */
function spansOf(from: IsoTime, { hours }: StoredStretch): HourSpan[] {
  const whole = { from, before: later(from, STRETCH_HOURS) };
  const items = [...hours.values()].reduce((sum, { lines }) => sum + lines.length, 0);
  if (items <= MOST_AT_ONCE) return [whole];
  return hoursIn(whole).map((hour) => ({ from: hour, before: later(hour, 1) }));
}

async function storedOf({ items, partition }: Compared, from: IsoTime): Promise<StoredStretch> {
  const hours = await items.query<HourDocument>('verify', {
    text: `SELECT * FROM c WHERE c.kind = 'hour' AND c.hour >= @from AND c.hour < @before`,
    parameters: { '@from': from, '@before': later(from, STRETCH_HOURS) },
    partition,
  });
  return {
    hours: new Map(hours.map((document) => [document.hour, document])),
    day: await items.read<DayDocument>('verify', partition, dayId(from)),
    titles: await items.read<TitlesDocument>('verify', partition, titlesId(from)),
  };
}

/** Compares the number of items that the head tells with theirs; null: they agree. */
export async function compareHead(compared: Compared): Promise<VerifyDifference | null> {
  const read = async (head: Head): Promise<VerifyDifference | null> => {
    const items = await countItems(askOf(compared));
    const told = head?.items ?? 0;
    if (told === items) return null;
    const also = [`${told} items are on record, ${items} are there`];
    const place = { subreddit: nameOf(compared, head), hour: null };
    return { ...place, stored: null, recomputed: null, wrong_terms: false, also };
  };
  return steadily(compared, read, (difference) => difference === null);
}

export async function countItems(ask: Ask): Promise<number> {
  const text = `SELECT VALUE COUNT(1) FROM c WHERE c.kind IN ('post', 'comment')`;
  return sumOf(await ask<number>(text, {}));
}

type Head = Versioned<HeadDocument> | null;

const nameOf = ({ partition }: Compared, head: Head) => head?.name ?? partition;

/**
 * Several reads are of no one moment; but while the head stays the same nothing else in the partition
 * moves. What agrees is believed at once: old hours agree whatever is written in new ones.
 */
async function steadily<T>(
  { items, clock, partition }: Compared,
  read: (head: Head) => Promise<T>,
  isGood: (found: T) => boolean,
): Promise<T> {
  const readHead = () => items.read<HeadDocument>('verify head', partition, HEAD_ID);
  for (let reading = 1; reading <= MAX_READINGS; reading += 1) {
    const before = await readHead();
    const found = await read(before);
    if (isGood(found)) return found;
    const after = await readHead();
    if (before?.seq === after?.seq) return found;
    await clock.sleep(PAUSE_MS);
  }
  throw new AppError('store_busy', `r/${partition} was written to whenever it was compared`);
}
