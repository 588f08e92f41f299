import { toIso } from '../clock.js';
import type { Kind } from '../domain/item.js';
import type { Watermark, Watermarks } from '../store/store.js';

/** How far a listing has been read. */
export interface Marks {
  /** Where the next cycle reads back to: nothing older is missing but what is past patience. */
  watermark: Watermark | null;
  /** The newest item ever read; above the watermark only while a bad object holds that back. */
  newest: Watermark | null;
}

/** One object of a listing, in the order in which Reddit served them. */
export type Place =
  | { kind: 'kept'; id: string; createdMs: number }
  /** Sound, but not kept: known already, another subreddit's, too old. */
  | { kind: 'passed'; createdMs: number }
  /** To be read again; null when it does not say when it was created. */
  | { kind: 'bad'; createdMs: number | null };

/** Reddit has that long to heal an object before the watermark passes it: one day. */
export const BAD_OBJECT_PATIENCE_MS = 24 * 3_600_000;

/**
 * Where a listing that was read to its end leaves the marks. Neither moves back. The
 * watermark stays below every bad object younger than the patience, by position and by
 * time, for listings are not strictly in order; an object that does not tell its time is
 * as old as its nearest neighbour above that does, or the first one below.
 */
export function marksAfter(places: readonly Place[], before: Marks, nowMs: number): Marks {
  const { newest: newestBefore } = startOf(before);
  let neighbourMs = places.find(({ kind }) => kind !== 'bad')?.createdMs ?? nowMs;
  let ceilingMs = Number.POSITIVE_INFINITY;
  let newest = newestBefore;
  let candidate: Watermark | null = null;
  for (const place of places) {
    const createdMs = place.createdMs ?? neighbourMs;
    if (place.kind === 'bad') {
      if (nowMs - createdMs >= BAD_OBJECT_PATIENCE_MS) continue;
      ceilingMs = Math.min(ceilingMs, createdMs);
      candidate = null;
      continue;
    }
    neighbourMs = createdMs;
    if (place.kind === 'passed') continue;
    const mark = { id: place.id, created_utc: toIso(Math.min(createdMs, nowMs)) };
    newest = later(newest, mark);
    if (createdMs <= ceilingMs) candidate = later(candidate, mark);
  }
  return { watermark: later(before.watermark, candidate), newest };
}

/** Without a held watermark the newest item read is the watermark itself. */
export function startOf({ watermark, newest }: Marks): Marks {
  return { watermark, newest: later(watermark, newest) };
}

/** The later of two; the first when they are equal. */
function later(a: Watermark | null, b: Watermark | null): Watermark | null {
  if (a === null || b === null) return a ?? b;
  return b.created_utc > a.created_utc ? b : a;
}

export function marksOf(kind: Kind, stored: Watermarks): Marks {
  return { watermark: stored[kind], newest: stored.newest?.[kind] ?? null };
}

/** As the store keeps them: the newest items only where they say more than the watermark. */
export function watermarksOf(post: Marks, comment: Marks): Watermarks {
  const newest = { ...heldBack('post', post), ...heldBack('comment', comment) };
  const watermarks = { post: post.watermark, comment: comment.watermark };
  return Object.keys(newest).length === 0 ? watermarks : { ...watermarks, newest };
}

function heldBack(kind: Kind, { watermark, newest }: Marks): Partial<Record<Kind, Watermark>> {
  const held = newest !== null && newest.created_utc > (watermark?.created_utc ?? '');
  return held ? { [kind]: newest } : {};
}
