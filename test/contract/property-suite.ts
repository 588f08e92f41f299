import test from 'ava';
import fc from 'fast-check';
import { toIso } from '../../src/clock.js';
import { EXCLUSIONS, LABELS, type NewComment, type NewPost } from '../../src/domain/item.js';
import {
  addCounts,
  type Counts,
  countsOf,
  hourOf,
  NO_COUNTS,
  threadCounts,
} from '../../src/domain/rollup.js';
import { createRollupTable } from '../../src/domain/rollup-table.js';
import type { Revision, RollupsAnswer, TimeWindow } from '../../src/store/store.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { FAR_AHEAD, type Implementation, LONG_AGO, setScene, STORES } from './under-test.js';

const SPAN_START = Date.parse('2026-01-15T08:00:00.000Z');
const SPAN_MS = 4 * 3_600_000;
const SUBREDDITS = ['claude', 'aws'];

/** Instants cluster at the edges of hours, where mistakes live. */
const instant = fc
  .oneof(
    fc.integer({ min: 0, max: SPAN_MS }),
    fc
      .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -1, max: 1 }))
      .map(([h, ms]) => h * 3_600_000 + ms),
  )
  .map((offset) => toIso(SPAN_START + offset));

const common = fc.record({
  created_utc: instant,
  upvotes: fc.integer({ min: -5, max: 50 }),
  comment_count: fc.integer({ min: 0, max: 4 }),
  excluded: fc.option(fc.constantFrom(...EXCLUSIONS), { freq: 3 }),
  sentiment: fc
    .record({ label: fc.constantFrom(...LABELS), units: fc.integer({ min: -10_000, max: 10_000 }) })
    .map(({ label, units }) => aSentiment({ label, score: units / 10_000 })),
});
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const comment = fc
  .tuple(common, fc.constantFrom('a', 'b', 'c'))
  .map(([{ comment_count: _, ...rest }, post_id]) => ({ ...rest, post_id }));
const batch = fc.record({
  subreddit: fc.constantFrom(...SUBREDDITS),
  posts: fc.array(fc.tuple(id, common), { maxLength: 6 }),
  comments: fc.array(fc.tuple(id, comment), { maxLength: 6 }),
});
const window = fc.tuple(instant, instant).map(([from, to]) => ({ from, to }));

/** Invariant R and the windows, against a recount in memory, over random histories. */
export function propertySuite(implementation: Implementation): void {
  test(`${implementation.name}: counts equal a recount after any history`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.log(`seed ${seed}`);
    const histories = fc.array(batch, { minLength: 1, maxLength: 8 });
    const property = fc.asyncProperty(
      histories,
      fc.array(window, { maxLength: 8 }),
      (history, windows) => check(implementation, history, windows),
    );
    await fc.assert(property, { seed, numRuns: implementation.stores ?? STORES });
    t.pass();
  });
}

type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;

async function check(
  implementation: Implementation,
  history: Batch[],
  windows: TimeWindow[],
): Promise<void> {
  const releases: (() => unknown)[] = [];
  const scene = await setScene(
    { teardown: (release) => void releases.unshift(release) },
    implementation,
  );
  const model = new Map<string, Counted>();
  const followed = createRollupTable();
  let since: Revision | null = null;
  const hours = { from: LONG_AGO, to: FAR_AHEAD };
  try {
    for (const { subreddit, ...items } of history) {
      const named = (id: string) => (implementation.idsBySubreddit ? `${subreddit}-${id}` : id);
      const posts = items.posts.map(([id, rest]) => aPost({ ...rest, id: named(id), subreddit }));
      const comments = items.comments.map(([id, rest]) =>
        aComment({ ...rest, id: named(id), post_id: named(rest.post_id), subreddit }),
      );
      await scene.commit({ posts, comments }, subreddit, { direct: true });
      for (const post of posts) model.set(`post ${post.id}`, { kind: 'post', ...post });
      for (const item of comments) model.set(`comment ${item.id}`, { kind: 'comment', ...item });
      const { differences } = await scene.store.verify({ repair: false });
      if (differences.length > 0) throw new Error(JSON.stringify(differences));
      // Who follows the changes has, after each of them, what a fresh reading gives.
      const moved: RollupsAnswer = await scene.reader.rollups({
        since,
        edges: [],
        ...(since === null ? { hours } : {}),
      });
      since = moved;
      followed.apply(moved.rollups);
      const fresh = createRollupTable();
      fresh.apply((await scene.reader.rollups({ since: null, hours, edges: [] })).rollups);
      const span = { fromMs: SPAN_START, toMs: SPAN_START + SPAN_MS + 3_600_000 };
      for (const name of [...SUBREDDITS, undefined]) {
        const [got, wanted] = [followed, fresh].map((table) =>
          JSON.stringify(table.hours(span, name)),
        );
        if (got !== wanted) throw new Error(`followed ${got}, read ${wanted}`);
      }
    }
    const asked = [...windows, { from: LONG_AGO, to: '2027-01-01T00:00:00.000Z' }];
    for (const subreddit of [undefined, ...SUBREDDITS]) {
      const query = { windows: asked, ...(subreddit === undefined ? {} : { subreddit }) };
      const answer = (await scene.reader.hourlyCounts(query)).windows;
      const expected = asked.map((each) => recount([...model.values()], each, subreddit));
      if (JSON.stringify(sorted(answer)) !== JSON.stringify(sorted(expected))) {
        throw new Error(JSON.stringify({ subreddit, asked, answer, expected }, null, 1));
      }
    }
  } finally {
    for (const release of releases) await release();
  }
}

type Counted = (NewPost & { kind: 'post' }) | (NewComment & { kind: 'comment' });

function recount(items: Counted[], { from, to }: TimeWindow, subreddit: string | undefined) {
  const hours = new Map<string, Counts>();
  for (const { kind, created_utc, sentiment, excluded, ...item } of items) {
    const outside = created_utc < from || created_utc >= to || excluded !== null;
    if (outside || (subreddit !== undefined && item.subreddit !== subreddit)) continue;
    const hour = hourOf(created_utc);
    const one = countsOf(kind, sentiment.label, sentiment.score, created_utc);
    hours.set(hour, addCounts(hours.get(hour) ?? NO_COUNTS, one));
  }
  const comments = items.filter(({ kind }) => kind === 'comment') as NewComment[];
  for (const item of items) {
    const { created_utc, excluded } = item;
    const hour = hourOf(created_utc);
    const whole = hour >= from && toIso(Date.parse(hour) + 3_600_000) <= to;
    const outside = !whole || excluded !== null || item.kind === 'comment';
    if (outside || (subreddit !== undefined && item.subreddit !== subreddit)) continue;
    const stored = comments.filter(({ post_id }) => post_id === item.id).length;
    const thread = threadCounts({ comment_count: item.comment_count, unreachable: 0, stored });
    hours.set(hour, addCounts(hours.get(hour) ?? NO_COUNTS, { ...NO_COUNTS, ...thread }));
  }
  return [...hours]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hour, counts]) => ({ hour, ...counts }));
}

/** The same fields in the same order, so that texts compare. */
function sorted(windows: (Counts & { hour: string })[][]) {
  return windows.map((hours) =>
    hours.map((hour) => Object.entries(hour).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}
