import { toIso } from '../../../clock.js';
import type { ThreadReading } from '../../upkeep-store.js';
import type { PostDocument } from '../documents/documents.js';
import { itemOf } from '../documents/items.js';
import { announceEnd } from './announce.js';
import { type Change, changePartition, type WriteDeps } from './change.js';
import { postName } from './threads.js';
import type { View } from './view.js';
import { beginWriting, finishWriting, loadHours, putItem } from './writing.js';

/** As `UpkeepStore.threadRead`. */
export async function threadRead(deps: WriteDeps, reading: ThreadReading): Promise<void> {
  const { subreddit, fence } = reading;
  const of = { subreddit, fence, shape: 'thread read', intent: reading };
  const { status } = await changePartition(deps, of, (view) => plan(deps, reading, view));
  await announceEnd(deps, status === 'written', reading);
}

/**
 * What Reddit counted is the post's count from now on, or the difference would not be what is out
 * of reach.
 */
async function plan(
  deps: WriteDeps,
  { subreddit, postId, commentCount, readAt }: ThreadReading,
  view: View,
): Promise<Change<null> | null> {
  const document = await view.read<PostDocument>(postName(postId));
  if (document === null) return null;
  const writing = beginWriting(view, subreddit, deps.clock.now());
  await loadHours(writing, [document.created_utc]);
  const line = writing.lines.get({ kind: 'post', id: postId });
  if (!line?.thread) return null;
  const comment_count = commentCount ?? document.comment_count;
  const { stored } = line.thread;
  const thread = { stored, unreachable: Math.max(comment_count - stored, 0), read_at: readAt };
  if (comment_count === document.comment_count) {
    writing.lines.put({ ...line, thread: { ...thread, comment_count } });
  } else {
    const { collected_at } = document;
    const facts = { collected_at, updated_at: toIso(writing.nowMs), keep: line.keep, thread };
    putItem(writing, deps, { ...itemOf(document), comment_count }, facts);
  }
  const { head, operations } = await finishWriting(deps, writing, { fence: null });
  // Nothing is new: `collected_at` need not move.
  const { stamp: _, ...rest } = head;
  return { head: rest, operations, result: null };
}
