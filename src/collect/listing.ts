import type { Gap, SubredditState } from '../domain/cycle.js';
import type { Kind } from '../domain/item.js';
import { toIso } from '../clock.js';
import type { RedditComment, RedditPost } from '../reddit/schemas.js';
import type { PostSource } from '../reddit/source.js';
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
/** Created later than this from now: a broken timestamp, which would spoil the watermark. */
const FUTURE_TOLERANCE_MS = 24 * 3_600_000;
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
  source: PostSource,
  target: { subreddit: string; kind: Kind },
  bounds: ListingBounds,
  signal: AbortSignal,
  into: ListingRead = emptyRead(bounds.watermark),
): Promise<ListingRead> {
  const { watermark } = bounds;
  const stopAtMs = watermark === null ? null : Date.parse(watermark.created_utc) - OVERLAP_MS;
  const ids = new Set<string>();
  const names: string[] = [];
  let oldestMs = Number.POSITIVE_INFINITY;
  let after: string | null = null;
  let emptyAnchors = 0;

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
      const createdMs = child.created_utc * 1000;
      const problem = ids.has(child.id) ? 'duplicate' : skipReason(child, target, bounds);
      if (problem === null) {
        ids.add(child.id);
        into.items.push(child);
        into.watermark = newer(into.watermark, child);
      } else skip(into, problem);
      if (problem !== 'created_in_future') oldestMs = Math.min(oldestMs, createdMs);
    }

    if (stopAtMs !== null && oldestMs <= stopAtMs) return into;
    if (oldestMs < bounds.oldestMs) return into;
    if (served === 0 && after !== null && emptyAnchors < ANCHOR_ATTEMPTS) {
      emptyAnchors += 1;
      after = names.at(-1 - emptyAnchors) ?? null;
      if (after === null) break;
    } else if (answer.after === null) break;
    else after = answer.after;
  }
  into.gap = gapOf(target.kind, watermark, ids, oldestMs);
  return into;
}

export function emptyRead(watermark: Watermark | null): ListingRead {
  return { state: 'unknown', items: [], seen: 0, skipped: {}, watermark, gap: null };
}

/** The listing ended: did it, cut off by Reddit's limit, end before the place we had been to? */
function gapOf(
  kind: Kind,
  watermark: Watermark | null,
  ids: ReadonlySet<string>,
  oldestMs: number,
): Gap | null {
  if (watermark === null || ids.size <= CUT_OFF_ABOVE || ids.has(watermark.id)) return null;
  if (oldestMs <= Date.parse(watermark.created_utc)) return null;
  return { kind, from: watermark.created_utc, to: toIso(oldestMs) };
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

function newer(watermark: Watermark | null, child: RedditPost | RedditComment): Watermark {
  const created = toIso(child.created_utc * 1000);
  if (watermark !== null && watermark.created_utc >= created) return watermark;
  return { id: child.id, created_utc: created };
}

function skip(read: ListingRead, reason: string): void {
  read.skipped[reason] = (read.skipped[reason] ?? 0) + 1;
}
