import test from 'ava';
import { AppError } from '../../src/errors.js';
import { retrying } from '../../src/store/retrying.js';
import { ManualClock } from '../support/clock.js';
import { temporaryStore } from '../support/store.js';

test('calls of the direct store are repeated at 1, 4 and 16 s, transient failures only', async (t) => {
  const { store } = await temporaryStore(t);
  const clock = new ManualClock();
  const attempts: number[] = [];
  const failing = (code: 'store_busy' | 'lease_lost') => async () => {
    attempts.push(clock.monotonic());
    throw new AppError(code, 'as told');
  };
  const flaky = retrying(
    { ...store, commit: failing('store_busy'), renewLease: failing('lease_lost') },
    { clock, retries: 3, baseDelayMs: 1000 },
  );
  const outcome = t.throwsAsync(
    flaky.commit({ fence: { epoch: 1 }, subreddit: 'aws', posts: [], comments: [] }),
    { code: 'store_busy' },
  );
  await clock.advance(30_000);
  await outcome;
  t.deepEqual(attempts, [0, 1000, 5000, 21_000]);
  await t.throwsAsync(flaky.renewLease({ epoch: 1 }, 1000), { code: 'lease_lost' });
  t.is(attempts.length, 5);
});
