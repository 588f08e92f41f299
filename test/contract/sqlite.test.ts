import test from 'ava';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle, temporaryReadStore, temporaryStore } from '../support/store.js';

test('smoke', async (t) => {
  const clock = new ManualClock();
  const { store, config } = await temporaryStore(t, { clock });
  const fence = await beginTestCycle(store, clock);
  t.like(
    await store.commit({ fence, subreddit: 'claude', posts: [aPost()], comments: [aComment()] }),
    { posts_new: 1, comments_new: 1, updated: 0 },
  );
  const reader = await temporaryReadStore(t, config, clock);
  t.is((await reader.recentPosts({ since: '2026-01-01T00:00:00.000Z', limit: 10 })).length, 1);
  t.log(await reader.subreddits('2026-01-15T12:00:00.000Z'));
  t.log(await reader.healthFacts('2026-01-15T12:00:00.000Z'));
  t.deepEqual(await store.verify({ repair: false }), {
    items: 2,
    rollups: 1,
    differences: [],
    repaired: false,
  });
});
