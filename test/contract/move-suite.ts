import test, { type ExecutionContext } from 'ava';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import type { NewComment } from '../../src/domain/item.js';
import { move } from '../../src/move/move.js';
import type { ReadStore, Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { FAR_AHEAD, type Implementation, LONG_AGO, NOW } from './under-test.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;
const never = new AbortController().signal;

/** Everything that one store holds arrives in another, whichever kinds the two are of. */
export function moveSuite(from: Implementation, to: Implementation): void {
  const title = (what: string) => `${from.name} to ${to.name}: ${what}`;

  test.serial(title('everything arrives as it was'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const report = await move({ from: source.store, to: target.store }, never);
    t.deepEqual(report.differences, []);
    t.like(report, { items: 10, put: 10, cycles: 1 });
    t.deepEqual(await shown(target), await shown(source));
    t.deepEqual(await target.store.heldSubreddits(), await source.store.heldSubreddits());
    t.deepEqual(await target.store.heldRecords(), await source.store.heldRecords());
    for (const { store } of [source, target]) {
      t.deepEqual((await store.verify({ repair: false })).differences, []);
    }
  });

  test.serial(title('a move that is repeated puts nothing again'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const stop = new AbortController();
    const interrupted = move(
      { from: source.store, to: target.store, onProgress: () => stop.abort() },
      stop.signal,
    );
    await t.throwsAsync(interrupted, { code: 'cancelled' });
    const rest = await move({ from: source.store, to: target.store }, never);
    t.true(rest.put > 0 && rest.put < 10, `${rest.put} were put after the interruption`);
    t.deepEqual(rest.differences, []);
    const again = await move({ from: source.store, to: target.store }, never);
    t.like(again, { put: 0, items: 10, differences: [] });
    t.deepEqual(await shown(target), await shown(source));
  });

  test.serial(title('what is exempt from retention stays so'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await move({ from: source.store, to: target.store }, never);
    const place = { subreddit: 'aws', hour: at('09:00') };
    t.deepEqual(await target.store.expireItems(place), { posts: 0, comments: 0 });
    t.not(await target.reader.post('kept'), null);
  });

  test.serial(title('a store that was collected into since is left as it is'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await move({ from: source.store, to: target.store }, never);
    await target.clock.advance(3_600_000);
    const fence = await beginTestCycle(target.store, target.clock, { id: 'cycle-2' });
    const item = { kind: 'comment' as const, id: 'c1', subreddit: 'Claude' };
    t.is(await target.store.blank({ fence, subreddit: 'Claude', items: [item] }), 1);
    const again = move({ from: source.store, to: target.store }, never);
    await t.throwsAsync(again, { code: 'invalid_request', message: /collected into since/ });
    t.deepEqual((await target.store.omissions(9)).length, 0);
    t.deepEqual((await move({ from: target.store, to: source.store }, never)).differences, []);
  });

  test.serial(title('a store that holds other things is told'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const strange = aPost({ id: 'strange' });
    await target.store.importItems({
      ...{ subreddit: 'claude', posts: [strange], comments: [], keepHistory: false },
    });
    const { differences } = await move({ from: source.store, to: target.store }, never);
    t.regex(differences.join('\n'), /10 items in the one, 11 in the other/);
    t.regex(differences.join('\n'), /rollup of 2026-01-15T11:00:00.000Z claude/);
  });
}

interface Opened {
  clock: ManualClock;
  store: Store;
  reader: ReadStore;
}

async function opened(
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
async function fill(store: Store, clock: ManualClock): Promise<void> {
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
async function shown({ store, reader }: Opened) {
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
