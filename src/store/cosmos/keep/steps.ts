import { AppError } from '../../../errors.js';
import type { ExpiredItems } from '../../keep-store.js';
import { MAX_BATCH } from '../../store.js';
import { announce } from '../write/announce.js';
import type { Changed, WriteDeps } from '../write/change.js';

/** An hour with more items than this is beyond what its document holds. */
const MAX_STEPS = 20_000;

type Step = (atMost: number) => Promise<Changed<ExpiredItems>>;

/**
 * Repeats a step, each a batch of its own, until it finds nothing more to do. What was done is told
 * to readers once, at the end; also when a step failed, for what came before it is done.
 *
 * @param step does at most so many items
 */
export async function inSteps(
  deps: Pick<WriteDeps, 'versions'>,
  step: Step,
): Promise<ExpiredItems> {
  const done: ExpiredItems = { posts: 0, comments: 0 };
  try {
    await repeat(step, done);
  } finally {
    await announce(deps, done.posts + done.comments > 0);
  }
  return done;
}

/** A step that is too large for a batch is tried with half the items. */
async function repeat(step: Step, done: ExpiredItems): Promise<void> {
  let size = MAX_BATCH;
  for (let n = 0; n < MAX_STEPS; n += 1) {
    const changed = await step(size);
    if (changed.status === 'unchanged') return;
    if (changed.status === 'written') {
      done.posts += changed.result.posts;
      done.comments += changed.result.comments;
      continue;
    }
    if (size === 1) throw new AppError('internal', 'What one item moves exceeds a batch');
    size = Math.ceil(size / 2);
  }
  throw new AppError('internal', `An hour was not done with after ${MAX_STEPS} batches`);
}
