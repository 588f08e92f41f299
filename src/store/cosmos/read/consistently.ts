import { AppError } from '../../../errors.js';
import type { Container } from '../account.js';
import type { Follower, Mirror } from './follower.js';
import { standStill } from './heads.js';

/** What was read, and in which partitions. */
export interface Found<T> {
  value: T;
  partitions: readonly string[];
}

const ATTEMPTS = 3;

/**
 * What `read` finds while each partition that it finds something in stays as it was after one batch:
 * neither half of a batch, nor older than what was seen before.
 * @throws AppError `store_busy` when a partition moved during every attempt
 */
export async function consistently<T>(
  { items, follower }: { items: Container; follower: Follower },
  read: () => Promise<Found<T>>,
): Promise<{ value: T; mirror: Mirror }> {
  let mirror = await follower.current();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { value, partitions } = await read();
    if (await standStill(items, mirror.heads, partitions)) return { value, mirror };
    mirror = await follower.confirm();
  }
  throw new AppError('store_busy', 'What was asked for moved whenever it was read');
}
