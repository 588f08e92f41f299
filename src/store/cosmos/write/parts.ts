import { AppError } from '../../../errors.js';
import type { ItemBatch } from '../../store.js';
import type { PartState, WriterMemory } from './cache.js';
import type { Changed } from './change.js';

type Part = Pick<ItemBatch, 'subreddit' | 'posts' | 'comments' | 'complete'>;

export interface Parted<P extends object, R> {
  halve: (part: P) => [P, P];
  write: (part: P) => Promise<Changed<R>>;
}

/** As `inParts`, of a batch of items. What completes a subreddit comes with the last part. */
export function batchInParts<B extends Part, R>(
  memory: WriterMemory,
  batch: B,
  write: (part: B) => Promise<Changed<R>>,
): Promise<R[]> {
  return inParts(memory, batch, { halve: halvesOfBatch, write });
}

/**
 * Writes something, or its halves one after the other where it is too large for one batch, and theirs.
 * Answers what came of the parts that were written.
 *
 * Asked again with the same object after a failure, it goes on with the same halves, so that each is known
 * as what it was sent for (`ChangeOf.intent`), and counts what was written before among the results.
 */
export async function inParts<P extends object, R>(
  { parts }: Pick<WriterMemory, 'parts'>,
  whole: P,
  { halve, write }: Parted<P, R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [whole];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const state = parts.get(part) ?? stateOf(await write(part), part, halve);
    if (state === null) continue;
    parts.set(part, state);
    if ('result' in state) results.push(state.result as R);
    else waiting.push(...([...state.halves].reverse() as P[]));
  }
  return results;
}

/** Null: nothing was written; should it be asked for again, it is looked at again. */
function stateOf<P extends object>(
  changed: Changed<unknown>,
  part: P,
  halve: (part: P) => [P, P],
): PartState | null {
  if (changed.status === 'unchanged') return null;
  return changed.status === 'written' ? { result: changed.result } : { halves: halve(part) };
}

function halvesOfBatch<B extends Part>(batch: B): [B, B] {
  const { complete: _, ...first } = batch;
  const { posts, comments } = batch;
  const half = halfOf(batch, posts.length + comments.length);
  const fromComments = Math.max(half - posts.length, 0);
  return [
    { ...first, posts: posts.slice(0, half), comments: comments.slice(0, fromComments) } as B,
    { ...batch, posts: posts.slice(half), comments: comments.slice(fromComments) },
  ];
}

/** @throws AppError `internal` where there is nothing to halve */
export function halfOf({ subreddit }: { subreddit: string }, size: number): number {
  if (size < 2)
    throw new AppError('internal', `What one item of r/${subreddit} moves is too large`);
  return Math.ceil(size / 2);
}
