import type { Gap, SubredditState } from '../domain/cycle.js';
import type { Kind } from '../domain/item.js';
import { toIso } from '../clock.js';
import type { RedditComment, RedditPost } from '../reddit/schemas.js';
import type { ListingPage, ListingSource } from '../reddit/source.js';
import { type Marks, marksAfter, type Place, startOf } from './marks.js';

/** What one listing held, back to where we had been before. */
export interface ListingRead {
  state: SubredditState;
  items: (RedditPost | RedditComment)[];
  /** Objects served, the skipped ones included. */
  seen: number;
  skipped: Record<string, number>;
  /** As they were, until the listing has been read to its end. */
  marks: Marks;
  gap: Gap | null;
}

export interface ListingBounds {
  marks: Marks;
  /** Epoch milliseconds: items created before this are not kept. */
  oldestMs: number;
  nowMs: number;
}

const PAGE_SIZE = 100;
/** Reddit's listings end near 1,000 items; twice that is a server that never ends. */
const MAX_PAGES = 20;
/** Listings are not strictly in order and items surface late: read on this far past the watermark. */
export const OVERLAP_MS = 20 * 60_000;
/** A listing that ends with fewer items was not cut off by Reddit's limit: there is just no more. */
const CUT_OFF_ABOVE = 500;
/**
 * Created later than this from now: a broken timestamp, or a clock of ours that is slow. Such
 * an item would spoil the watermark; it is left for a cycle to which it is no future any
 * more, and holds the watermark back as a bad object does.
 */
const FUTURE_TOLERANCE_MS = 5 * 60_000;
/** So many items at a page's end must be old before we believe that we have got that far. */
const STRAGGLERS = 5;
/** A deleted anchor answers an empty page; the items before it may still be there. */
const ANCHOR_ATTEMPTS = 3;

/**
 * Reads a listing from its newest item until the watermark plus the overlap, or to its
 * end. Never anchors on `before`: a deleted anchor would stall the stream for ever.
 *
 * @throws AppError as PostSource.listing does; nothing read so far is lost to the caller,
 * who gets it through `into`.
 */
export async function readListing(
  source: Pick<ListingSource, 'listing'>,
  target: { subreddit: string; kind: Kind },
  bounds: ListingBounds,
  signal: AbortSignal,
  into: ListingRead = emptyRead(bounds.marks),
): Promise<ListingRead> {
  const { watermark } = bounds.marks;
  const stopAtMs = watermark === null ? null : Date.parse(watermark.created_utc) - OVERLAP_MS;
  const ids = new Set<string>();
  const names: string[] = [];
  const places: Place[] = [];
  let reachedMs = Number.POSITIVE_INFINITY;
  let after: string | null = null;
  let emptyAnchors = 0;
  let stalled = false;
  let listingEnded = false;

  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await source.listing({ ...target, after, limit: PAGE_SIZE }, signal);
    into.state = answer.state;
    if (answer.state !== 'active') return into;
    const found = placesOf(answer, target, bounds, ids, into);
    const served = answer.posts.length + answer.comments.length + answer.invalid.length;
    into.seen += served;
    names.push(...childrenOf(answer, target.kind).map(({ name }) => name));
    places.push(...found);

    reachedMs = Math.min(reachedMs, pageEndMs(found, bounds.nowMs));
    if (stopAtMs !== null && reachedMs <= stopAtMs) break;
    if (reachedMs < bounds.oldestMs) break;
    if (served === 0 && after !== null) {
      stalled = true;
      emptyAnchors += 1;
      after = emptyAnchors > ANCHOR_ATTEMPTS ? null : (names.at(-1 - emptyAnchors) ?? null);
    } else {
      stalled = false;
      after = answer.after;
    }
    listingEnded = after === null || page === MAX_PAGES - 1;
    if (listingEnded) break;
  }
  if (listingEnded) into.gap = gapOf(target.kind, bounds.marks, into, reachedMs, stalled);
  into.marks = marksAfter(places, bounds.marks, bounds.nowMs);
  return into;
}

function childrenOf(page: ListingPage, kind: Kind): (RedditPost | RedditComment)[] {
  return kind === 'post' ? page.posts : page.comments;
}

/** Sorts a page into what is kept and what is skipped, and tells in which order it stood. */
function placesOf(
  page: ListingPage,
  target: { subreddit: string; kind: Kind },
  bounds: ListingBounds,
  ids: Set<string>,
  into: ListingRead,
): Place[] {
  const children = childrenOf(page, target.kind);
  const strangers = page.posts.length + page.comments.length - children.length;
  for (let n = 0; n < strangers; n += 1) skip(into, 'unexpected_kind');
  const places: Place[] = [];
  const bad = [...page.invalid];
  for (let index = 0; index <= children.length; index += 1) {
    while ((bad[0]?.above ?? Number.POSITIVE_INFINITY) <= index || index === children.length) {
      const object = bad.shift();
      if (object === undefined) break;
      skip(into, object.reason);
      places.push(badPlace(object.created_utc, bounds.nowMs));
    }
    const child = children[index];
    if (child !== undefined) places.push(placeOf(child, target, bounds, ids, into));
  }
  return places;
}

function placeOf(
  child: RedditPost | RedditComment,
  target: { subreddit: string },
  bounds: ListingBounds,
  ids: Set<string>,
  into: ListingRead,
): Place {
  const createdMs = child.created_utc * 1000;
  const problem = ids.has(child.id) ? 'duplicate' : skipReason(child, target, bounds);
  if (problem === null) {
    ids.add(child.id);
    into.items.push(child);
    return { kind: 'kept', id: child.id, createdMs };
  }
  skip(into, problem);
  return problem === 'created_in_future'
    ? badPlace(null, bounds.nowMs)
    : { kind: 'passed', createdMs: Math.min(createdMs, bounds.nowMs) };
}

/** A bad object's own time is believed unless it lies in the future. */
function badPlace(createdUtc: number | null, nowMs: number): Place {
  const createdMs = createdUtc === null ? null : createdUtc * 1000;
  const future = createdMs !== null && createdMs > nowMs + FUTURE_TOLERANCE_MS;
  return { kind: 'bad', createdMs: future ? null : createdMs };
}

/** How far back a page leads: not by its oldest object, for one straggler proves nothing. */
function pageEndMs(places: readonly Place[], nowMs: number): number {
  const times = places.flatMap(({ createdMs }) => (createdMs === null ? [] : [createdMs]));
  const past = times.filter((ms) => ms <= nowMs);
  return past.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...past.slice(-STRAGGLERS));
}

export function emptyRead(marks: Marks): ListingRead {
  return { state: 'unknown', items: [], seen: 0, skipped: {}, marks, gap: null };
}

/**
 * The listing ended: did it end before the place we had been to? One that was cut off by
 * Reddit's limit, or whose pages could not be followed any further, may have. That place is
 * the newest item read, not the watermark: below a watermark that a bad object holds back,
 * everything else is stored already.
 */
function gapOf(
  kind: Kind,
  marks: Marks,
  { items, seen, skipped }: ListingRead,
  reachedMs: number,
  stalled: boolean,
): Gap | null {
  const { newest } = startOf(marks);
  if (newest === null || items.some(({ id }) => id === newest.id)) return null;
  if (!stalled && seen - (skipped.duplicate ?? 0) <= CUT_OFF_ABOVE) return null;
  const fromMs = Date.parse(newest.created_utc);
  if (reachedMs <= fromMs) return null;
  const newerOnes = items.map((item) => item.created_utc * 1000).filter((ms) => ms > fromMs);
  if (newerOnes.length === 0) return null;
  const toMs = Math.min(...newerOnes);
  const missing = kind === 'post' ? estimate(newerOnes, { fromMs, toMs }) : null;
  return { kind, from: newest.created_utc, to: toIso(toMs), missing };
}

/** As many as at the pace of those that were listed; nothing else tells of posts nobody has seen. */
function estimate(listedMs: readonly number[], gap: { fromMs: number; toMs: number }): number {
  const spanMs = Math.max(...listedMs) - gap.toMs;
  if (spanMs <= 0) return listedMs.length;
  return Math.round(((listedMs.length - 1) / spanMs) * (gap.toMs - gap.fromMs));
}

function skipReason(
  child: RedditPost | RedditComment,
  { subreddit }: { subreddit: string },
  { oldestMs, nowMs }: ListingBounds,
): string | null {
  const createdMs = child.created_utc * 1000;
  if (child.subreddit.toLowerCase() !== subreddit.toLowerCase()) return 'other_subreddit';
  if (createdMs > nowMs + FUTURE_TOLERANCE_MS) return 'created_in_future';
  return createdMs < oldestMs ? 'past_retention' : null;
}

function skip(read: ListingRead, reason: string): void {
  read.skipped[reason] = (read.skipped[reason] ?? 0) + 1;
}
