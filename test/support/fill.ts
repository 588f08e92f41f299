import { type Clock, toIso } from '../../src/clock.js';
import { type Cycle, type CycleStatus, newCycle } from '../../src/domain/cycle.js';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { type Fence, MAX_BATCH, type Store } from '../../src/store/store.js';
import { beginTestCycle } from './store.js';

export interface Filling {
  posts?: NewPost[];
  comments?: NewComment[];
  cycleId?: string;
  status?: Exclude<CycleStatus, 'running'>;
  /** As if they had been asked for by name. */
  direct?: true;
}

/** Stores items as one whole cycle does, at the clock's time; answers its record. */
export async function fillStore(store: Store, clock: Clock, filling: Filling): Promise<Cycle> {
  const id = filling.cycleId ?? 'cycle-1';
  const fence = await beginTestCycle(store, clock, { id });
  const { posts = [], comments = [] } = filling;
  const names = [...new Set([...posts, ...comments].map(({ subreddit }) => subreddit))];
  const how = { fence, ...(filling.direct && { direct: true as const }) };
  for (const name of names) await fillSubreddit(store, how, name, posts, comments);
  const now = toIso(clock.now());
  const cycle: Cycle = {
    ...newCycle(id, now, 'manual', 50),
    finished_at: now,
    status: filling.status ?? 'succeeded',
    memory_end_mb: 55.5,
    duration_ms: 1234,
    subreddits: names.map((name) => ({
      name,
      state: 'active',
      posts_new: posts.filter(({ subreddit }) => subreddit === name).length,
      posts_seen: 0,
      comments_new: comments.filter(({ subreddit }) => subreddit === name).length,
      comments_seen: 0,
      skipped: { stickied: 2 },
      requests: 2,
      duration_ms: 400,
      gap: null,
      error: null,
    })),
  };
  await store.finishCycle(cycle, fence);
  return cycle;
}

async function fillSubreddit(
  store: Store,
  how: { fence: Fence; direct?: true },
  subreddit: string,
  posts: NewPost[],
  comments: NewComment[],
): Promise<void> {
  const mine = {
    posts: posts.filter((post) => post.subreddit === subreddit),
    comments: comments.filter((comment) => comment.subreddit === subreddit),
  };
  for (let at = 0; at < mine.posts.length; at += MAX_BATCH) {
    const batch = mine.posts.slice(at, at + MAX_BATCH);
    await store.commit({ ...how, subreddit, posts: batch, comments: [] });
  }
  for (let at = 0; at < mine.comments.length; at += MAX_BATCH) {
    const batch = mine.comments.slice(at, at + MAX_BATCH);
    await store.commit({ ...how, subreddit, posts: [], comments: batch });
  }
  const newest = mine.posts.map(({ id, created_utc }) => ({ id, created_utc })).at(-1) ?? null;
  await store.commit({
    ...how,
    subreddit,
    posts: [],
    comments: [],
    complete: { watermarks: { post: newest, comment: null }, state: 'active', gaps: [] },
  });
}
