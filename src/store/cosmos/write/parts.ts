import { AppError } from '../../../errors.js';
import type { ItemBatch } from '../../store.js';
import type { Changed } from './change.js';

type Part = Pick<ItemBatch, 'subreddit' | 'posts' | 'comments' | 'complete'>;

/**
 * Writes a batch, or its halves one after the other where it is too large for one, and theirs.
 * What completes a subreddit comes with the last. Answers what came of the parts that were written.
 */
export async function inParts<B extends Part, R>(
  batch: B,
  write: (part: B) => Promise<Changed<R>>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [batch];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const changed = await write(part);
    if (changed.status === 'written') results.push(changed.result);
    if (changed.status === 'too_large') waiting.push(...halves(part).reverse());
  }
  return results;
}

function halves<B extends Part>(batch: B): [B, B] {
  const { complete: _, ...first } = batch;
  const { posts, comments } = batch;
  const size = posts.length + comments.length;
  if (size < 2) {
    throw new AppError('internal', `What one item of r/${batch.subreddit} moves is too large`);
  }
  const half = Math.ceil(size / 2);
  const fromComments = Math.max(half - posts.length, 0);
  return [
    { ...first, posts: posts.slice(0, half), comments: comments.slice(0, fromComments) } as B,
    { ...batch, posts: posts.slice(half), comments: comments.slice(fromComments) },
  ];
}
