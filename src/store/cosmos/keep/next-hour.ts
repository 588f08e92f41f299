import type { IsoTime } from '../../../domain/item.js';
import type { HourQuery, StoredHour } from '../../keep-store.js';
import type { Container } from '../account.js';
import type { HourDocument } from '../documents/documents.js';

/** Subreddits that are asked at once. */
const AT_ONCE = 8;

type Found = Pick<HourDocument, 'hour' | 'name'>;

/** From an index alone: which hours have something to lose is marked on them. */
export async function nextHour(items: Container, query: HourQuery): Promise<StoredHour | null> {
  const text = `SELECT VALUE c.subreddit FROM c WHERE c.kind = 'head'`;
  const partitions = await items.query<string>('heads', { text, parameters: {}, partition: null });
  const found: Found[] = [];
  for (let from = 0; from < partitions.length; from += AT_ONCE) {
    const some = partitions.slice(from, from + AT_ONCE);
    const firsts = await Promise.all(some.map((each) => firstHour(items, each, query)));
    found.push(...firsts.flat());
  }
  const hour = found.map((each) => each.hour).sort()[0];
  if (hour === undefined) return null;
  return { hour, subreddits: namesAt(found, hour) };
}

function namesAt(found: readonly Found[], hour: IsoTime): string[] {
  return found
    .filter((each) => each.hour === hour)
    .map(({ name }) => name)
    .sort();
}

/** None or one. */
function firstHour(
  items: Container,
  partition: string,
  { from, before, losing }: HourQuery,
): Promise<Found[]> {
  const mark = losing === 'items' ? 'c.expires' : 'c.texts';
  return items.query<Found>('next hour', {
    text: `SELECT TOP 1 c.hour, c.name FROM c
      WHERE c.kind = 'hour' AND ${mark} = 1 AND c.hour >= @from AND c.hour < @before
      ORDER BY c.hour`,
    parameters: { '@from': from, '@before': before },
    partition,
  });
}
