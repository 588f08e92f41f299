import { type IsoTime, isGone } from '../../../domain/item.js';
import type { StoredItem, SweepPlace, SweepQuery } from '../../upkeep-store.js';
import type { Container } from '../account.js';
import { partitionOf } from '../documents/documents.js';
import type { Line } from '../documents/lines.js';
import { KINDS } from './created.js';
import { type HourLines, hoursInOrder } from './hours.js';

type Place = Required<SweepPlace>;
type Part = Pick<SweepPlace, 'kind' | 'subreddit'>;

/**
 * Kind by kind and subreddit by subreddit, there by the hour an item was created in, then by when it
 * was stored. A page costs a few documents of hours, not its items.
 *
 * That everything is asked for again in time (collect/upkeep/sweep.ts) needs no order of
 * `collected_at`, only one in which an item's place never changes. A walk comes to a place about as
 * long after its beginning as the walk before did; so from one time that an item is asked for to
 * the next is about the length of a walk. An item that is stored behind the walk's place (in an hour
 * that was passed: a thread read late, an import) has just been read then, and the next walk comes to it before
 * a walk's length is over. One that is stored ahead of it is asked for in this walk. New items move the
 * places behind them later by their share of everything, as they do in the order of `collected_at`;
 * the walk's 40 of 48 hours leave room for a growth of a fifth from walk to walk. Retention takes items
 * in front of the others, which moves these earlier.
 */
export async function sweepPage(
  items: Container,
  { after, subreddits, limit }: SweepQuery,
): Promise<{ items: StoredItem[]; next: SweepPlace | null }> {
  const found: Place[] = [];
  const names = [...new Set(subreddits.map(partitionOf))].sort();
  for (const part of KINDS.flatMap((kind) => names.map((subreddit) => ({ kind, subreddit })))) {
    if (found.length >= limit) break;
    const order = after === null ? 1 : orderOf(part, after);
    if (order < 0) continue;
    const within = order === 0 ? after : null;
    found.push(...(await pageOfPart(items, part, within, limit - found.length)));
  }
  return {
    items: found.map(({ kind, id, subreddit }) => ({ kind, id, subreddit })),
    next: found.length < limit ? null : (found.at(-1) ?? null),
  };
}

async function pageOfPart(
  items: Container,
  part: Part,
  after: SweepPlace | null,
  limit: number,
): Promise<Place[]> {
  const found: Place[] = [];
  // A place without an hour is another store's: the part is walked from its beginning.
  const place = after?.hour === undefined ? null : { ...after, hour: after.hour };
  for await (const hour of hoursInOrder(items, part.subreddit, place?.hour ?? '')) {
    const places = placesOf(hour, part.kind);
    const behind = place?.hour === hour.hour ? places.filter((one) => isAfter(one, place)) : places;
    found.push(...behind.slice(0, limit - found.length));
    if (found.length >= limit) break;
  }
  return found;
}

function placesOf({ hour, name, lines }: HourLines, kind: Part['kind']): Place[] {
  return lines
    .filter((line) => line.kind === kind && !isGone(line))
    .map((line) => placeOf(line, name, hour))
    .sort((a, b) => (isAfter(a, b) ? 1 : -1));
}

function placeOf({ kind, id, collected_at }: Line, subreddit: string, hour: IsoTime): Place {
  return { kind, id, subreddit, hour, collected_at };
}

/** Of two in one hour. */
function isAfter(one: Place, other: Place): boolean {
  if (one.collected_at !== other.collected_at) return one.collected_at > other.collected_at;
  return one.id > other.id;
}

/** Below 0: the part stands before the other one. */
function orderOf(part: Part, other: Part): number {
  const byKind = KINDS.indexOf(part.kind) - KINDS.indexOf(other.kind);
  if (byKind !== 0) return byKind;
  const name = partitionOf(other.subreddit);
  if (part.subreddit === name) return 0;
  return part.subreddit < name ? -1 : 1;
}
