import type { IsoTime } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { Container, Query } from '../account.js';
import { type HourDocument, partitionOf } from '../documents/documents.js';
import { type Line, unpackLine } from '../documents/lines.js';

/** What the items of one subreddit and hour are, without reading one of them. */
export interface HourLines {
  hour: IsoTime;
  /** The subreddit as it is written. */
  name: string;
  lines: Line[];
}

type Found = Pick<HourDocument, 'hour' | 'name' | 'lines'>;

const HOURS = `SELECT c.hour, c.name, c.lines FROM c WHERE c.kind = 'hour'`;

/** Half-open, in starts of hours. */
export interface HourSpan {
  from: IsoTime;
  before: IsoTime;
}

/** The hours of one subreddit in any of the spans, in no order; at most about a month of them. */
export async function hoursIn(
  items: Container,
  subreddit: string,
  spans: readonly HourSpan[],
): Promise<HourLines[]> {
  if (spans.length === 0) return [];
  const conditions = spans.map((_, n) => `(c.hour >= @from${n} AND c.hour < @before${n})`);
  const parameters: Query['parameters'] = Object.fromEntries(
    spans.flatMap(({ from, before }, n) => [
      [`@from${n}`, from],
      [`@before${n}`, before],
    ]),
  );
  return find(items, subreddit, `${HOURS} AND (${conditions.join(' OR ')})`, parameters);
}

/** The hours of one subreddit from `since` on in which threads lack comments; `all`: every hour. */
export async function hoursSince(
  items: Container,
  subreddit: string,
  since: IsoTime,
  which: 'short' | 'all',
): Promise<HourLines[]> {
  const short = which === 'short' ? ' AND c.short > 0' : '';
  const text = `${HOURS} AND c.hour >= @from${short}`;
  return find(items, subreddit, text, { '@from': hourOf(since) });
}

/** Documents of the first query of a walk, and the most of any: many are needed where little happens. */
const FIRST = 4;
const MOST = 64;

/** The hours of one subreddit from `from` on (empty: from the first), in their order. */
export async function* hoursInOrder(
  items: Container,
  subreddit: string,
  from: IsoTime,
): AsyncGenerator<HourLines> {
  let condition = 'c.hour >= @from';
  let last = from;
  for (let top = FIRST; ; top = Math.min(2 * top, MOST)) {
    const text = `SELECT TOP ${top} c.hour, c.name, c.lines FROM c
      WHERE c.kind = 'hour' AND ${condition} ORDER BY c.hour`;
    const found = await find(items, subreddit, text, { '@from': last });
    yield* found;
    if (found.length < top) return;
    condition = 'c.hour > @from';
    last = found.at(-1)?.hour ?? last;
  }
}

async function find(
  items: Container,
  subreddit: string,
  text: string,
  parameters: Query['parameters'],
): Promise<HourLines[]> {
  const partition = partitionOf(subreddit);
  const found = await items.query<Found>('hours', { text, parameters, partition });
  return found.map(({ hour, name, lines }) => ({
    hour,
    name,
    lines: lines.map((packed) => unpackLine(packed, hour)),
  }));
}
