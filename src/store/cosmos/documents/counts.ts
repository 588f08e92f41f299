import type { Counts } from '../../../domain/rollup.js';
import { isoTime } from '../../../domain/window.js';
import type { PackedCounts } from './documents.js';

/** Null for an hour without counted items, of which a day's document says nothing. */
export function packCounts(counts: Counts): PackedCounts | null {
  const { posts, comments, positive, negative, neutral, score_sum, last_item_at } = counts;
  if (last_item_at === null) return null;
  const { thread_comments, thread_comments_stored } = counts;
  return [
    ...([posts, comments, positive, negative, neutral, score_sum] as const),
    ...([thread_comments, thread_comments_stored, Date.parse(last_item_at)] as const),
  ];
}

export function unpackCounts(packed: PackedCounts): Counts {
  const [posts, comments, positive, negative, neutral, score_sum, ...rest] = packed;
  const [thread_comments, thread_comments_stored, last] = rest;
  return {
    ...{ posts, comments, positive, negative, neutral, score_sum },
    ...{ thread_comments, thread_comments_stored, last_item_at: isoTime(last) },
  };
}
