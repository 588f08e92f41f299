import { fullname } from '../../../domain/item.js';
import { type Line, NO_THREAD, type Thread } from '../documents/lines.js';
import { countComments } from './thread-counts.js';
import type { View } from './view.js';
import type { Writing } from './writing.js';

/** How many comments of each of these posts are stored. */
export async function countStored(
  view: Pick<View, 'query'>,
  postIds: readonly string[],
): Promise<Map<string, number>> {
  return countComments((text, parameters) => view.query(text, parameters), postIds);
}

/** What is known of the thread of a post. */
export function threadOf(line: Line | undefined, stored = 0): Omit<Thread, 'comment_count'> {
  if (line === undefined || line.thread === null) return { ...NO_THREAD, stored };
  const { comment_count: _, ...known } = line.thread;
  return known;
}

/** A comment was stored for the first time. */
export function countInThread(writing: Writing, comment: { post_id: string; created_utc: string }) {
  moveInThread(writing, comment.post_id, (thread) => {
    // Written before the whole thread was read, it was among those that seemed out of reach.
    const reached = thread.unreachable > 0 && (thread.read_at ?? '') >= comment.created_utc;
    return { stored: thread.stored + 1, unreachable: thread.unreachable - (reached ? 1 : 0) };
  });
}

/** Comments of the post came or went that were known already; nothing where the post is not stored. */
export function moveStored(writing: Writing, postId: string, by: number): void {
  moveInThread(writing, postId, ({ stored }) => ({ stored: Math.max(stored + by, 0) }));
}

function moveInThread(
  { lines }: Writing,
  postId: string,
  move: (thread: Thread) => Partial<Thread>,
): void {
  const line = lines.get({ kind: 'post', id: postId });
  if (!line?.thread) return;
  lines.put({ ...line, thread: { ...line.thread, ...move(line.thread) } });
}

export const postName = (id: string): string => fullname({ kind: 'post', id });
