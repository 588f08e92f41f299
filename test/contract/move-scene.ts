import type { ExecutionContext } from 'ava';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import type { NewComment } from '../../src/domain/item.js';
import type { MoveDeps } from '../../src/move/deps.js';
import { move } from '../../src/move/move.js';
import type { Fence, ReadStore, Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { FAR_AHEAD, type Implementation, LONG_AGO, NOW } from './under-test.js';

export const RETENTION_DAYS = 90;
export const UNFINISHED = 'npm run migrate-store is not finished: repeat it';

export const at = (time: string) => `2026-01-15T${time}:00.000Z`;

/** Moves everything, alone and uninterrupted unless told otherwise. */
export function moving(
  from: Opened,
  to: Opened,
  how: Partial<MoveDeps> = {},
  { signal }: Pick<AbortController, 'signal'> = new AbortController(),
) {
  const alone = { refuseAtWork: async () => undefined, retentionDays: RETENTION_DAYS };
  return move({ from: from.store, to: to.store, clock: to.clock, ...alone, ...how }, signal);
}

/** A cycle that does what it is given to do. */
export async function cycleOf(
  { store, clock }: Opened,
  id: string,
  work: (fence: Fence) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const started = toIso(clock.now());
  const fence = await beginTestCycle(store, clock, { id });
  await work(fence);
  const finished_at = toIso(clock.now());
  const cycle = newCycle(id, started, 'manual', 50);
  await store.finishCycle({ ...cycle, status: 'succeeded', finished_at }, fence);
}

/** Erases comments of r/claude. */
export const blanking =
  (store: Store, ...ids: string[]) =>
  async (fence: Fence) =>
    store.blank({
      ...{ fence, subreddit: 'Claude' },
      items: ids.map((id) => ({ kind: 'comment' as const, id, subreddit: 'Claude' })),
    });

export interface Opened {
  clock: ManualClock;
  store: Store;
  reader: ReadStore;
}

export async function opened(
  t: ExecutionContext,
  from: Implementation,
  to: Implementation,
): Promise<[Opened, Opened]> {
  const open = async (implementation: Implementation) => {
    const clock = new ManualClock(NOW);
    return { clock, ...(await implementation.open(t, clock)) };
  };
  return [await open(from), await open(to)];
}

const comment = (id: string, overrides: Partial<NewComment>) =>
  aComment({ id, subreddit: 'Claude', ...overrides });

/** Something of everything that a store keeps. */
export async function fill(store: Store, clock: ManualClock): Promise<void> {
  const kept = { id: 'kept', subreddit: 'aws', created_utc: at('09:10') };
  const kind = { subreddit: 'aws', comments: [], keepHistory: true };
  await store.importItems({ ...kind, posts: [aPost(kept)] });
  const fence = await beginTestCycle(store, clock);
  const commit = { fence, subreddit: 'Claude' };
  await store.commit({
    ...commit,
    posts: [
      aPost({ comment_count: 7 }),
      aPost({ id: 'p2', created_utc: at('10:59'), excluded: 'stickied', edited_at: at('11:00') }),
      aPost({ id: 'p3', excluded: 'deleted' }),
    ].map((post) => ({ ...post, subreddit: 'Claude' })),
    comments: [aComment({ subreddit: 'Claude' }), comment('c2', { excluded: 'automoderator' })],
  });
  await clock.advance(60_000);
  const more = ['c3', 'c4', 'c5'].map((id) => comment(id, { created_utc: at('11:59') }));
  await store.commit({
    ...commit,
    posts: [aPost({ comment_count: 9, upvotes: 99, subreddit: 'Claude' })],
    comments: [...more, comment('c6', { post_id: 'stray', excluded: 'removed' })],
    complete: {
      state: 'private',
      watermarks: {
        post: { id: 'p1', created_utc: at('11:30') },
        comment: null,
        newest: { comment: { id: 'c5', created_utc: at('11:59') } },
      },
      gaps: [{ kind: 'post', from: at('08:00'), to: at('09:00'), missing: 3 }],
    },
  });
  const reading = { fence, subreddit: 'claude', postId: 'p1', commentCount: 8, readAt: NOW };
  await store.threadRead(reading);
  const item = { kind: 'comment' as const, id: 'c1', subreddit: 'Claude' };
  await store.noteAnswers({ fence, omitted: [item], given: [] });
  const place = { ...item, collected_at: NOW };
  const sweep = { began_at: NOW, asked: 7, place };
  await store.saveUpkeepState({ refreshed_at: NOW, sweep }, fence);
  await store.pause('being moved');
  await store.noteJobSuccess('prune');
  await store.saveImport({
    ...{ key: 'a file', file: 'dump.ndjson', lines: 3, shift_ms: 5, finished: true },
    counts: { posts_new: 1, comments_new: 0, known: 0, skipped: { bad: { count: 1, lines: [2] } } },
  });
  await store.saveRateBudget({ sentAt: [1], remaining: 5, resetAt: 7, blockedUntil: 9 });
  const cycle = newCycle('cycle-1', NOW, 'manual', 50);
  const finished_at = toIso(clock.now());
  await store.finishCycle({ ...cycle, status: 'succeeded', finished_at }, fence);
}

/** What readers and collectors are shown. */
export async function shown({ store, reader }: Opened) {
  const window = { from: LONG_AGO, to: FAR_AHEAD };
  const subreddits = ['claude', 'aws'];
  return {
    posts: await reader.recentPosts({ since: LONG_AGO, limit: 100 }),
    comments: (await reader.comments({ postId: 'p1', limit: 100 }))?.comments,
    stray: (await reader.comments({ postId: 'stray', limit: 100 }))?.comments,
    hours: (await reader.hourlyCounts({ windows: [window] })).windows,
    subreddits: await reader.subreddits(at('12:30')),
    cycles: await reader.cycles({ limit: 10 }),
    gaps: await reader.gaps({ limit: 10 }),
    short: await store.shortThreads({ subreddit: 'claude', since: LONG_AGO, limit: 9 }),
    created: await store.itemsCreated({ windows: [window], subreddits, limit: 99 }),
    omissions: await store.omissions(9),
    watermarks: await store.watermarks('claude'),
    paused: await store.pauseState(),
    pruned: await store.jobSuccess('prune'),
    imported: await store.importProgress('a file'),
    budget: await store.rateBudget(),
  };
}
