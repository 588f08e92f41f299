import { toIso } from '../../src/clock.js';
import { type CycleStatus, newCycle } from '../../src/domain/cycle.js';
import type { NewPost, Post } from '../../src/domain/item.js';
import type { RecentPostsQuery, TimeWindow } from '../../src/store/store.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { define, FAR_AHEAD, type Implementation, LONG_AGO, NOW, type Scene } from './under-test.js';

/** What readers see. */
export function readSuite(implementation: Implementation): void {
  posts(implementation);
  windows(implementation);
  rollups(implementation);
  facts(implementation);
}

async function ids(scene: Scene, query: Partial<RecentPostsQuery>): Promise<string[]> {
  const found = await scene.reader.recentPosts({ since: LONG_AGO, limit: 100, ...query });
  return found.map((post) => post.id);
}

function posts(implementation: Implementation): void {
  define(implementation, 'recent posts: newest first, ties by id downwards', async (t, scene) => {
    await scene.commit({ posts: [aPost({ id: 'b' }), aPost({ id: 'c' }), aPost({ id: 'a' })] });
    await scene.clock.advance(1000);
    await scene.commit({ posts: [aPost({ id: 'd' })] });
    t.deepEqual(await ids(scene, {}), ['d', 'c', 'b', 'a']);
    t.deepEqual(await ids(scene, { limit: 2 }), ['d', 'c']);
    t.deepEqual(await ids(scene, { since: '2026-01-15T12:00:00.000Z' }), ['d', 'c', 'b', 'a']);
    t.deepEqual(await ids(scene, { since: '2026-01-15T12:00:00.001Z' }), ['d']);
    t.deepEqual(await ids(scene, { since: '2026-01-15T12:00:01.001Z' }), []);
  });

  define(implementation, 'recent posts: subreddit in any case, and label', async (t, scene) => {
    const sad = aSentiment({ label: 'negative', score: -1 });
    await scene.commit({ posts: [aPost({ id: 'a' }), aPost({ id: 'b', sentiment: sad })] });
    await scene.commit({ posts: [aPost({ id: 'c', subreddit: 'aws', sentiment: sad })] }, 'aws');
    t.deepEqual(await ids(scene, { subreddit: 'Claude' }), ['b', 'a']);
    t.deepEqual(await ids(scene, { label: 'negative' }), ['c', 'b']);
    t.deepEqual(await ids(scene, { label: 'negative', subreddit: 'AWS' }), ['c']);
    t.deepEqual(await ids(scene, { subreddit: 'nowhere' }), []);
  });

  define(implementation, 'pages stay in step while new posts arrive', async (t, scene) => {
    const numbered = (n: number) => aPost({ id: `p${String(n).padStart(2, '0')}` });
    await scene.commit({ posts: Array.from({ length: 10 }, (_, n) => numbered(n)) });
    const seen: string[] = [];
    let after: Pick<Post, 'collected_at' | 'id'> | undefined;
    for (let page = 0; page < 4; page += 1) {
      const query = { since: LONG_AGO, limit: 3, ...(after ? { after } : {}) };
      const found = await scene.reader.recentPosts(query);
      seen.push(...found.map((post) => post.id));
      after = found.at(-1);
      await scene.commit({ posts: [numbered(20 + page)] });
    }
    t.deepEqual(seen, ['p09', 'p08', 'p07', 'p06', 'p05', 'p04', 'p03', 'p02', 'p01', 'p00']);
  });

  define(implementation, 'a post has exactly the public fields', async (t, scene) => {
    await scene.commit({ posts: [aPost()] });
    const expected: Partial<NewPost & Post> = { ...aPost(), collected_at: NOW, updated_at: NOW };
    delete expected.excluded;
    delete expected.edited_at;
    t.deepEqual<unknown, unknown>(await scene.reader.post('p1'), expected);
    t.deepEqual<unknown, unknown>(await scene.reader.recentPosts({ since: NOW, limit: 1 }), [
      expected,
    ]);
    t.is(await scene.reader.post('unknown'), null);
  });
}

function windows(implementation: Implementation): void {
  const at = (time: string) => `2026-01-15T${time}Z`;
  const times = ['09:59:59.999', '10:00:00.000', '10:30:00.000', '11:00:00.000', '11:59:59.999'];
  const created = [...times, '12:00:00.000', '12:00:00.001'].map(at);
  const cases: [string, string, number][] = [
    ['10:00:00.000', '12:00:00.000', 4],
    ['09:59:59.999', '12:00:00.001', 6],
    ['10:00:00.001', '11:59:59.999', 2],
    ['10:00:00.001', '10:30:00.000', 0],
    ['10:00:00.000', '10:30:00.001', 2],
    ['10:30:00.000', '11:00:00.000', 1],
    ['11:00:00.000', '11:00:00.001', 1],
    ['11:00:00.000', '11:00:00.000', 0],
    ['12:00:00.000', '10:00:00.000', 0],
  ];

  define(implementation, 'windows are exact at both edges', async (t, scene) => {
    const items = created.map((created_utc, n) => aComment({ id: `c${n}`, created_utc }));
    await scene.commit({ comments: items });
    await scene.commit(
      { posts: [aPost({ subreddit: 'aws', created_utc: at('10:10:00.000') })] },
      'aws',
    );
    const asked: TimeWindow[] = cases.map(([from, to]) => ({ from: at(from), to: at(to) }));
    const answer = await scene.reader.hourlyCounts({ windows: asked, subreddit: 'CLAUDE' });
    const sums = answer.windows.map((hours) => hours.reduce((sum, hour) => sum + hour.comments, 0));
    t.deepEqual(
      sums,
      cases.map(([, , expected]) => expected),
    );
    t.is(answer.data_version, (await scene.reader.ping()).data_version);
  });

  define(implementation, 'hours ascend, sum over subreddits, skip empty ones', async (t, scene) => {
    const sad = aSentiment({ label: 'negative', score: -0.1 });
    await scene.commit({
      posts: [aPost({ created_utc: at('08:10:00.000'), sentiment: sad })],
      comments: [aComment({ created_utc: at('11:20:00.000') })],
    });
    const aws = aPost({ id: 'p2', subreddit: 'aws', created_utc: at('08:20:00.000') });
    await scene.commit({ posts: [aws] }, 'aws');
    const window = { from: at('08:00:00.000'), to: at('12:00:00.000') };
    const { windows } = await scene.reader.hourlyCounts({ windows: [window, window] });
    const none = {
      ...{ posts: 0, comments: 0, positive: 0, negative: 0, neutral: 0, score_sum: 0 },
      ...{ thread_comments: 0, thread_comments_stored: 0 },
    };
    t.deepEqual(windows[0], [
      {
        ...{ ...none, hour: at('08:00:00.000'), posts: 2, positive: 1, negative: 1 },
        ...{ score_sum: 4000, last_item_at: at('08:20:00.000') },
        ...{ thread_comments: 4, thread_comments_stored: 1 },
      },
      {
        ...{ ...none, hour: at('11:00:00.000'), comments: 1, neutral: 1 },
        last_item_at: at('11:20:00.000'),
      },
    ]);
    t.deepEqual(windows[1], windows[0]);
    t.deepEqual((await scene.reader.hourlyCounts({ windows: [] })).windows, []);
  });

  define(implementation, 'items of the last day per subreddit', async (t, scene) => {
    const comments = ['2026-01-14T12:00:00.000Z', '2026-01-14T11:59:59.999Z', at('11:59:59.999')];
    await scene.commit({
      comments: comments.map((created_utc, n) => aComment({ id: `c${n}`, created_utc })),
    });
    await scene.commit({ posts: [aPost({ subreddit: 'Aws', created_utc: LONG_AGO })] }, 'Aws');
    const found = await scene.reader.subreddits(NOW);
    t.deepEqual(
      found.map(({ name, items_24h, state }) => [name, items_24h, state]),
      [
        ['Aws', 0, 'unknown'],
        ['claude', 2, 'unknown'],
      ],
    );
  });
}

function rollups(implementation: Implementation): void {
  const at = (time: string) => `2026-01-15T${time}Z`;
  const hours = { from: LONG_AGO, to: FAR_AHEAD };

  define(implementation, 'rollups: of hours, and those that moved since', async (t, scene) => {
    const { reader } = scene;
    const empty = await reader.rollups({ since: null, hours, edges: [] });
    t.deepEqual([empty.rollups, empty.edges], [[], []]);
    await scene.commit({ posts: [aPost({ created_utc: at('08:10:00.000') })] });
    const first = await reader.rollups({ since: null, hours, edges: [] });
    t.is(first.data_version, (await reader.ping()).data_version);
    t.is(first.opening, empty.opening);
    t.like(first.rollups[0], { subreddit: 'claude', hour: at('08:00:00.000'), posts: 1 });
    t.deepEqual((await reader.rollups({ since: first, edges: [] })).rollups, []);
    t.deepEqual((await reader.rollups({ since: empty, edges: [] })).rollups, first.rollups);

    // An edit moves the post to another hour: one rollup goes, one comes.
    await scene.commit({
      posts: [aPost({ created_utc: at('09:10:00.000') })],
      comments: [aComment({ created_utc: at('09:59:59.999') })],
    });
    const moved = await reader.rollups({ since: first, edges: [] });
    t.deepEqual(
      moved.rollups.map(({ hour, posts, comments, last_item_at }) => [
        ...[hour, posts, comments, last_item_at],
      ]),
      [
        [at('08:00:00.000'), 0, 0, null],
        [at('09:00:00.000'), 1, 1, at('09:59:59.999')],
      ],
    );
    t.is((await reader.rollups({ since: null, hours, edges: [] })).rollups.length, 1);
  });

  define(implementation, 'rollups: edges come from the items, by subreddit', async (t, scene) => {
    const { reader } = scene;
    await scene.commit({ posts: [aPost({ created_utc: at('08:10:00.000') })] });
    await scene.commit(
      { comments: [aComment({ subreddit: 'aws', created_utc: at('08:20:00.000') })] },
      'aws',
    );
    const edge = { from: at('08:10:00.000'), to: at('08:20:00.001') };
    const edges = [edge, { ...edge, from: at('08:10:00.001') }];
    const totals = async (subreddit?: string) => {
      const query = { since: null, edges, ...(subreddit === undefined ? {} : { subreddit }) };
      const answer = await reader.rollups(query);
      return answer.edges.map((found) => found.reduce((n, h) => n + h.posts + h.comments, 0));
    };
    t.deepEqual(await totals(), [2, 1]);
    t.deepEqual(await totals('CLAUDE'), [1, 0]);
    t.deepEqual(await totals('aws'), [1, 1]);
  });

  define(implementation, 'rollups: another opening has no changes to tell', async (t, scene) => {
    await scene.commit({ posts: [aPost()] });
    const since = { opening: 'of yesterday', data_version: 0 };
    const answer = await scene.reader.rollups({ since, edges: [] });
    t.deepEqual(answer.rollups, []);
    t.not(answer.opening, since.opening);
  });
}

function facts(implementation: Implementation): void {
  const failure = { at: NOW, subreddit: 'aws', code: 'reddit_timeout', message: 'm', attempt: 1 };
  const runs = async (scene: Scene, statuses: CycleStatus[], failing: string[] = []) => {
    await scene.store.abandon('test-host:1:0:0', 'not part of it');
    for (const status of statuses) {
      await scene.clock.advance(1_800_000);
      const started_at = toIso(scene.clock.now());
      const id = `run-${started_at}`;
      const fence = await beginTestCycle(scene.store, scene.clock, { id });
      const subreddits = failing.map((name) => ({
        ...{ name, state: 'active' as const, posts_new: 0, posts_seen: 0, comments_new: 0 },
        ...{ comments_seen: 0, skipped: {}, requests: 1, duration_ms: 1, gap: null },
        error: failure,
      }));
      const record = { ...newCycle(id, started_at, 'schedule', 1), status, subreddits };
      await scene.store.finishCycle({ ...record, finished_at: started_at }, fence);
    }
  };

  define(
    implementation,
    'health facts of a store that never finished a cycle',
    async (t, scene) => {
      t.deepEqual(await scene.reader.healthFacts(NOW), {
        data_version: (await scene.reader.ping()).data_version,
        last_collection_at: null,
        collections_succeeded: 0,
        collections_failed: 0,
        finished_24h: 0,
        failed_24h: 0,
        running_cycle: 'cycle-1',
        subreddits_failing: [],
        gaps_open: 0,
        paused: null,
        jobs: null,
      });
    },
  );

  define(implementation, 'a cycle runs only while its lease lives', async (t, scene) => {
    const running = async (now: string) => (await scene.reader.healthFacts(now)).running_cycle;
    t.is(await running('2026-01-15T12:01:59.999Z'), 'cycle-1');
    t.is(await running('2026-01-15T12:02:00.000Z'), null);
    await scene.store.abandon('test-host:1:0:0', 'gone');
    t.is(await running(NOW), null);
  });

  define(implementation, 'health facts count cycles of all time and of a day', async (t, scene) => {
    await runs(scene, ['succeeded', 'failed', 'partial', 'failed']); // the scene's own failed too
    const facts = (now: string) => scene.reader.healthFacts(now);
    t.like(await facts('2026-01-15T14:00:00.000Z'), {
      ...{ last_collection_at: '2026-01-15T13:30:00.000Z', running_cycle: null },
      ...{ collections_succeeded: 2, collections_failed: 3, finished_24h: 5, failed_24h: 3 },
    });
    const nextDay = await facts('2026-01-16T13:00:00.001Z');
    t.like(nextDay, { finished_24h: 2, failed_24h: 1, collections_failed: 3 });
  });

  define(implementation, 'a subreddit fails when its last three cycles did', async (t, scene) => {
    const failing = async () => (await scene.reader.healthFacts(NOW)).subreddits_failing;
    await runs(scene, ['partial', 'partial'], ['aws', 'claude']);
    t.deepEqual(await failing(), []);
    await runs(scene, ['partial'], ['aws']);
    t.deepEqual(await failing(), ['aws']);
    await runs(scene, ['succeeded']);
    t.deepEqual(await failing(), []);
  });

  define(implementation, 'the data version moves with what readers see', async (t, scene) => {
    const version = async () => (await scene.reader.ping()).data_version;
    const first = await version();
    await scene.commit({ posts: [aPost()] });
    t.is(await version(), first + 1);
    await scene.store.renewLease(scene.fence, 60_000);
    await scene.commit({ posts: [aPost()] });
    t.is(await version(), first + 1);
    await scene.store.abandon('test-host:1:0:0', 'gone');
    t.is(await version(), first + 2);
  });
}
