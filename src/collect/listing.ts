import type { Gap, SubredditState } from '../domain/cycle.js';
import type { Kind } from '../domain/item.js';
import { toIso } from '../clock.js';
import type { RedditComment, RedditPost } from '../reddit/schemas.js';
import type { ListingSource } from '../reddit/source.js';
import type { Watermark } from '../store/store.js';

/** What one listing held, back to where we had been before. */
export interface ListingRead {
  state: SubredditState;
  items: (RedditPost | RedditComment)[];
  /** Objects served, the skipped ones included. */
  seen: number;
  skipped: Record<string, number>;
  /** The newest item, or the old watermark when nothing is newer. */
  watermark: Watermark | null;
  gap: Gap | null;
}

export interface ListingBounds {
  watermark: Watermark | null;
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
 * an item would spoil the watermark; it is left for a cycle to which it is no future any more.
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
  into: ListingRead = emptyRead(bounds.watermark),
): Promise<ListingRead> {
  const { watermark } = bounds;
  const stopAtMs = watermark === null ? null : Date.parse(watermark.created_utc) - OVERLAP_MS;
  const ids = new Set<string>();
  const names: string[] = [];
  let reachedMs = Number.POSITIVE_INFINITY;
  let after: string | null = null;
  let emptyAnchors = 0;
  let stalled = false;

  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await source.listing({ ...target, after, limit: PAGE_SIZE }, signal);
    into.state = answer.state;
    if (answer.state !== 'active') return into;
    const children = target.kind === 'post' ? answer.posts : answer.comments;
    const served = answer.posts.length + answer.comments.length + answer.invalid.length;
    for (const { reason } of answer.invalid) skip(into, reason);
    into.seen += served;
    for (const child of children) {
      names.push(child.name);
      const problem = ids.has(child.id) ? 'duplicate' : skipReason(child, target, bounds);
      if (problem === null) {
        ids.add(child.id);
        into.items.push(child);
        into.watermark = newer(into.watermark, child, bounds.nowMs);
      } else skip(into, problem);
    }

    reachedMs = Math.min(reachedMs, pageEndMs(children, bounds.nowMs));
    if (stopAtMs !== null && reachedMs <= stopAtMs) return into;
    if (reachedMs < bounds.oldestMs) return into;
    if (served === 0 && after !== null) {
      stalled = true;
      emptyAnchors += 1;
      after = emptyAnchors > ANCHOR_ATTEMPTS ? null : (names.at(-1 - emptyAnchors) ?? null);
    } else {
      stalled = false;
      after = answer.after;
    }
    if (after === null) break;
  }
  into.gap = gapOf(target.kind, watermark, into.items, reachedMs, stalled);
  return into;
}

/** How far back a page leads: not by its oldest item, for one straggler proves nothing. */
function pageEndMs(children: { created_utc: number }[], nowMs: number): number {
  const times = children.map((child) => child.created_utc * 1000).filter((ms) => ms <= nowMs);
  return times.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...times.slice(-STRAGGLERS));
}

export function emptyRead(watermark: Watermark | null): ListingRead {
  return { state: 'unknown', items: [], seen: 0, skipped: {}, watermark, gap: null };
}

/**
 * The listing ended: did it end before the place we had been to? One that was cut off by
 * Reddit's limit, or whose pages could not be followed any further, may have.
 */
function gapOf(
  kind: Kind,
  watermark: Watermark | null,
  items: ListingRead['items'],
  reachedMs: number,
  stalled: boolean,
): Gap | null {
  if (watermark === null || items.some(({ id }) => id === watermark.id)) return null;
  if (!stalled && items.length <= CUT_OFF_ABOVE) return null;
  const fromMs = Date.parse(watermark.created_utc);
  if (reachedMs <= fromMs) return null;
  const newerOnes = items.map((item) => item.created_utc * 1000).filter((ms) => ms > fromMs);
  if (newerOnes.length === 0) return null;
  return { kind, from: watermark.created_utc, to: toIso(Math.min(...newerOnes)) };
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

function newer(
  watermark: Watermark | null,
  child: RedditPost | RedditComment,
  nowMs: number,
): Watermark {
  const created = toIso(Math.min(child.created_utc * 1000, nowMs));
  if (watermark !== null && watermark.created_utc >= created) return watermark;
  return { id: child.id, created_utc: created };
}

function skip(read: ListingRead, reason: string): void {
  read.skipped[reason] = (read.skipped[reason] ?? 0) + 1;
}
