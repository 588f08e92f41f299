import test, { type ExecutionContext } from 'ava';
import { AppError } from '../../src/errors.js';
import type { Operation, Query } from '../../src/store/cosmos/account.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import type { CosmosReadStore } from '../../src/store/cosmos/read/read-store.js';
import type { HourCounts, Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import {
  type ReadBed,
  type ReadCallSeen,
  readBed,
  watchedAccount,
} from '../support/cosmos-reads.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';

const at = (time: string) => `2026-01-15T${time}:00.000Z`;
/** A whole hour and a part of the next. */
const WINDOW = { from: at('08:00'), to: at('09:45') };
const HOURS = { from: at('00:00'), to: at('12:00') };
const TITLES = {
  ...{ window: { from: at('08:00'), to: at('12:00') }, names: [], limit: 5 },
  baseline: { from: at('04:00'), to: at('08:00') },
};

interface Scene {
  bed: ReadBed;
  store: Store;
  /** Commits the same to two hours at once; answers how often it has. */
  pair: (subreddit?: string) => Promise<number>;
  /** Runs before each call of the readers that `reader` answers. */
  watch: { before: (call: ReadCallSeen) => Promise<void> | void };
  reader: () => CosmosReadStore;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const store = bed.store();
  const fence = await beginTestCycle(store, clock);
  const watch: Scene['watch'] = { before: () => undefined };
  let pairs = 0;
  const pair = async (subreddit = 'claude') => {
    pairs += 1;
    const both = [at('08:30'), at('09:30')].map((created_utc, n) => ({
      ...{ created_utc, subreddit, id: `${subreddit}${pairs}x${n}` },
    }));
    await store.commit({
      ...{ fence, subreddit, comments: both.map((each) => aComment(each)) },
      posts: both.map((each) => aPost({ ...each, title: 'Code outage' })),
    });
    return pairs;
  };
  await pair(); // with another one, enough for a topic
  return {
    ...{ bed, store, watch, pair },
    reader: () =>
      bed.reader({ account: watchedAccount(bed.connect(), (call) => watch.before(call)) }),
  };
}

/** What all questions say of how many pairs there are; they must agree. */
async function pairsSeen(t: ExecutionContext, reader: CosmosReadStore): Promise<number> {
  const numbers = (hours: readonly HourCounts[]) => hours.flatMap((h) => [h.posts, h.comments]);
  const { windows } = await reader.hourlyCounts({ windows: [WINDOW] });
  const counted = numbers(windows[0] ?? []);
  t.is(new Set(counted).size, 1, `counts of one batch: ${counted.join(' ')}`);
  const { rollups, edges } = await reader.rollups({ since: null, hours: HOURS, edges: [WINDOW] });
  const all = [...rollups.flatMap((h) => [h.posts, h.comments]), ...numbers(edges[0] ?? [])];
  t.is(new Set(all).size, 1, `rollups and edges of one batch: ${all.join(' ')}`);
  const { topics } = await reader.trending(TITLES);
  const mentions = topics[0]?.mentions ?? 0;
  t.is(mentions % 2, 0, 'titles of whole batches');
  const posts = await reader.recentPosts({ since: '', limit: 100 });
  t.is(posts.length % 2, 0, 'posts of whole batches');
  const seen = [counted[0] ?? 0, all[0] ?? 0, mentions / 2, posts.length / 2];
  t.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
    'never older than before',
  );
  return seen[0] ?? 0;
}

/** A batch at each point between two calls of a reader, one point after the other. */
async function interleaved(t: ExecutionContext, fresh: boolean): Promise<number> {
  const { watch, reader: open, pair } = await scene(t);
  let pairs = await pair();
  let reader = open();
  for (let point = 1; ; point += 1) {
    watch.before = () => undefined;
    if (fresh) reader = open();
    else pairs = await pair();
    let calls = 0;
    watch.before = async () => {
      calls += 1;
      if (calls === point) pairs = await pair();
    };
    const before = pairs;
    const seen = await pairsSeen(t, reader);
    t.true(seen >= before, `${seen} pairs are seen of ${before}`);
    watch.before = () => undefined;
    t.is(await pairsSeen(t, reader), pairs, 'and in the end all');
    if (calls < point) return point;
  }
}

test('what is loaded while batches are written is of one state', async (t) => {
  t.log(`${await interleaved(t, true)} points`);
});

test('what is followed while batches are written is of one state', async (t) => {
  t.log(`${await interleaved(t, false)} points`);
});

test('a partition that moves whenever it is read is an error, not a torn answer', async (t) => {
  const { watch, reader: open, pair } = await scene(t);
  const reader = open();
  let pairs = await pair();
  t.is(await pairsSeen(t, reader), pairs);
  pairs = await pair();
  watch.before = async ({ shape }) => {
    if (shape === 'head' || shape === 'heads') pairs = await pair();
  };
  const error = await t.throwsAsync(reader.hourlyCounts({ windows: [WINDOW] }), {
    instanceOf: AppError,
  });
  t.is(error.code, 'store_busy');
  watch.before = () => undefined;
  t.is(await pairsSeen(t, reader), pairs, 'and it goes on where it was');
});

test('many partitions that moved are read at once', async (t) => {
  const { reader: open, pair, bed } = await scene(t);
  const reader = open();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) await pair(name);
  const total = async () => {
    const { windows } = await reader.hourlyCounts({ windows: [WINDOW] });
    return (windows[0] ?? []).map(({ posts }) => posts);
  };
  t.deepEqual(await total(), [7, 7]);
  for (const name of names) await pair(name);
  bed.standIn.journal.reset();
  t.deepEqual(await total(), [13, 13]);
  const { by } = bed.standIn.journal.totals();
  const queries = by.find(({ operation }) => operation === 'query');
  t.true((queries?.requests ?? 0) <= 8, 'by ranges, not by partitions');
});

test('another database under the same name is another opening', async (t) => {
  const { bed, reader: open, pair } = await scene(t);
  const reader = open();
  await pair();
  const first = await reader.rollups({ since: null, hours: HOURS, edges: [WINDOW] });
  const { control, items } = bed.connect();
  const version = await control.read<{ id: string; opening: string }>(
    ...(['test', 'sentimentagent', 'version'] as const),
  );
  const changed = { ...version, id: 'version', opening: 'another' };
  await control.batch('test', 'sentimentagent', [{ kind: 'upsert', document: changed }]);
  const second = await reader.rollups({ since: first, edges: [WINDOW] });
  t.not(second.opening, first.opening);
  t.deepEqual(second.rollups, [], 'changes since another opening are left out');
  t.deepEqual(second.edges, first.edges);

  // A copy of yesterday was put in its place: the version went on, the subreddit did not.
  const head = await items.read<{ id: string; seq: number }>('test', 'claude', '_head');
  const back: Operation = { kind: 'upsert', document: { ...head, id: '_head', seq: 0 } as never };
  await items.batch('test', 'claude', [back]);
  await pair('aws');
  const third = await reader.rollups({ since: second, edges: [] });
  t.not(third.opening, second.opening);
});

test('a store that fails is an error, and what is in memory is right when it is back', async (t) => {
  const { watch, reader: open, pair } = await scene(t);
  const reader = open();
  let pairs = await pair();
  t.is(await pairsSeen(t, reader), pairs);
  for (let failing = 1; failing <= 6; failing += 1) {
    pairs = await pair();
    let calls = 0;
    watch.before = () => {
      calls += 1;
      if (calls === failing) throw new AppError('store_unreachable', 'gone');
    };
    const answers = await Promise.allSettled([
      reader.hourlyCounts({ windows: [WINDOW] }),
      reader.trending(TITLES),
      reader.recentPosts({ since: '', limit: 100 }),
      reader.comments({ postId: 'p1', limit: 9 }),
      reader.subreddits(at('12:00')),
    ]);
    if (calls >= failing) t.true(answers.some(({ status }) => status === 'rejected'));
    watch.before = () => undefined;
    t.is(await pairsSeen(t, reader), pairs);
  }
});

test('nothing is asked of the account before somebody asks', async (t) => {
  const { bed, store, watch, reader: open, pair } = await scene(t);
  const calls: string[] = [];
  watch.before = ({ shape }) => void calls.push(shape);
  const reader = open();
  await pair();
  await store.renewLease({ epoch: 1 }, 60_000);
  t.deepEqual(calls, []);
  await reader.post('claude1x0');
  t.deepEqual(calls, ['post']);
  await reader.ping();
  t.deepEqual(calls, ['post', 'version']);
  await (bed.clock as ManualClock).advance(3_600_000);
  t.deepEqual(calls, ['post', 'version'], 'nor as time goes by');
});

test('batches that the version does not tell of make what was answered before old', async (t) => {
  const { bed, pair } = await scene(t);
  const account = bed.connect();
  const versions = cosmosVersions({ account });
  let told = await versions.read();
  const reader = bed.reader({ account, versions: { read: async () => told } });
  const revision = async () => (await reader.rollups({ since: null, edges: [] })).data_version;
  const looksAgain = () => (bed.clock as ManualClock).advance(5 * 60_000);
  await reader.rollups({ since: null, hours: HOURS, edges: [] });
  const first = await revision();
  t.is(first, told.n);
  await looksAgain();
  t.is(await revision(), first, 'it stands still');
  await pair();
  await looksAgain();
  const second = await reader.rollups({
    since: await reader.rollups({ since: null, edges: [] }),
    edges: [],
  });
  t.true(second.data_version > first && second.data_version < first + 1);
  t.deepEqual(second.rollups, [], 'it is told once');
  await pair();
  await looksAgain();
  const third = await reader.rollups({ since: second, edges: [] });
  t.true(third.data_version > second.data_version && third.data_version < first + 1);
  t.is(third.rollups.length, 2);
  told = await versions.read();
  t.is(await revision(), told.n, 'all processes come to the same version');
  t.true(told.n >= first + 2);
});

test('posts that were collected long ago may be written again without being read', async (t) => {
  const clock = new ManualClock();
  const bed = await readBed(t, clock);
  const store = bed.store();
  const fence = await beginTestCycle(store, clock);
  const posts = Array.from({ length: 320 }, (_, n) =>
    aPost({ id: `p${n}`, created_utc: at('08:30') }),
  );
  const commit = async (from: number, upvotes: number) => {
    const some = posts.slice(from, from + 80).map((post) => ({ ...post, upvotes }));
    await store.commit({ fence, subreddit: 'claude', posts: some, comments: [] });
    await clock.advance(1000);
  };
  for (let from = 0; from < 320; from += 80) await commit(from, 1);
  const account = bed.connect();
  const { items } = account;
  let read = 0;
  const reader = bed.reader({
    account: {
      ...account,
      items: {
        ...items,
        query: async <T>(shape: string, query: Query) => {
          const found = await items.query<T>(shape, query);
          if (shape === 'follow') read += found.filter(isOld).length;
          return found;
        },
      },
    },
  });
  const newest = async () => (await reader.recentPosts({ since: '', limit: 100 }))[0]?.upvotes;
  t.is(await newest(), 1);
  read = 0;
  await commit(0, 2000);
  t.is(await newest(), 1);
  t.is(read, 0);
  await commit(240, 3000);
  t.is(await newest(), 3000, 'of the newest nothing is missed');
});

const isOld = (document: unknown) => {
  const { kind, collected_at = '' } = document as { kind?: string; collected_at?: string };
  return kind === 'post' && collected_at < '2026-01-15T12:00:01.000Z';
};
