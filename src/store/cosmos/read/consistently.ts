import { AppError } from '../../../errors.js';
import type { Follower, Mirror } from './follower.js';

/** What was read, and in which partitions. */
export interface Found<T> {
  value: T;
  partitions: readonly string[];
}

const ATTEMPTS = 3;

/**
 * What `read` finds between two looks that show each partition it found something in after the same
 * batch: neither half of a batch, nor older than what was seen before.
 * @throws AppError `store_busy` when a partition moved during every attempt
 */
export async function consistently<T>(
  follower: Follower,
  read: (mirror: Mirror) => Promise<Found<T>>,
): Promise<{ value: T; mirror: Mirror }> {
  let before = await follower.current();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { value, partitions } = await read(before);
    const after = await follower.confirm();
    const { heads } = before;
    const stood = partitions.every((each) => heads.get(each)?.seq === after.heads.get(each)?.seq);
    if (stood && before.opening === after.opening) return { value, mirror: after };
    before = after;
  }
  throw new AppError('store_busy', 'What was asked for moved whenever it was read');
}
