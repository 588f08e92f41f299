import { AppError } from '../errors.js';
import { type ItemBatch, MAX_BATCH } from './store.js';

/** A broken batch is a bug of the caller: AppError `internal`, nothing written. */
export function checkBatch(batch: Pick<ItemBatch, 'subreddit' | 'posts' | 'comments'>): void {
  const items = [...batch.posts, ...batch.comments];
  checkSize(items);
  const stranger = items.find((item) => !isSameName(item.subreddit, batch.subreddit));
  if (stranger !== undefined) {
    throw new AppError(
      'internal',
      `A commit of ${batch.subreddit} holds an item of ${stranger.subreddit}`,
    );
  }
}

export function checkSize(items: readonly unknown[]): void {
  if (items.length > MAX_BATCH) {
    throw new AppError('internal', `A commit of ${items.length} items exceeds ${MAX_BATCH}`);
  }
}

/** Subreddit names are ASCII and case-insensitive. */
export function isSameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}
