import test from 'ava';
import fc from 'fast-check';
import { toIso } from '../../src/clock.js';
import { LABELS, type NewComment, type NewPost } from '../../src/domain/item.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { FAR_AHEAD, type Implementation, LONG_AGO, NOW, setScene, STORES } from './under-test.js';

const HOUR_MS = 3_600_000;

/** How an item looks at one moment; the moments of an item follow each other. */
type Version = { post: NewPost } | { comment: NewComment };

const change = fc.constantFrom('edit', 'votes', 'account deleted', 'removed', 'deleted');
const history = fc.record({
  kind: fc.constantFrom('post' as const, 'comment' as const),
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  hour: fc.integer({ min: 0, max: 2 }),
  post_id: fc.constantFrom('a', 'b', 'z'),
  excluded: fc.constantFrom(null, null, 'automoderator' as const),
  changes: fc.array(fc.tuple(change, fc.constantFrom(...LABELS)), { maxLength: 4 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** A later version has the later edit, and what is gone does not come back. */
function versionsOf({ kind, id, hour, post_id, excluded, changes }: History): Version[] {
  const created_utc = toIso(Date.parse(NOW) - (3 - hour) * HOUR_MS);
  const versions: Version[] = [];
  let state: Partial<NewPost & NewComment> = { excluded, upvotes: 1 };
  for (const [n, step] of [null, ...changes].entries()) {
    if (step !== null) state = changed(state, step, n);
    const item = { ...state, id, created_utc };
    versions.push(
      kind === 'post'
        ? { post: aPost({ comment_count: 3, ...item }) }
        : { comment: aComment({ post_id, ...item }) },
    );
  }
  return versions;
}

function changed(
  state: Partial<NewPost & NewComment>,
  [what, label]: History['changes'][number],
  n: number,
): Partial<NewPost & NewComment> {
  if (what === 'votes') return { ...state, upvotes: 100 * n };
  if (what === 'account deleted') return { ...state, author: '[deleted]' };
  if (what === 'deleted' || state.excluded === 'deleted') return { ...state, excluded: 'deleted' };
  if (what === 'removed' || state.excluded === 'removed') return { ...state, excluded: 'removed' };
  return {
    ...{ ...state, content: `Edit ${n}.`, edited_at: toIso(Date.parse(NOW) + n * 1000) },
    sentiment: aSentiment({ label }),
  };
}

/** The same versions twice: in two orders, cut differently into pages, the second with repeats. */
const arrivals = fc
  .uniqueArray(history, { minLength: 1, maxLength: 6, selector: ({ kind, id }) => kind + id })
  .chain((histories) => {
    const versions = histories.flatMap(versionsOf);
    const shuffled = fc.shuffledSubarray(versions, { minLength: versions.length });
    const size = fc.integer({ min: 1, max: 6 });
    return fc.record({
      one: fc.tuple(shuffled, size),
      other: fc.tuple(shuffled, fc.subarray(versions)).chain(([all, repeats]) => {
        const given = [...all, ...repeats];
        return fc.tuple(fc.shuffledSubarray(given, { minLength: given.length }), size);
      }),
    });
  });

/** Votes apart, which are those of the page that came last. */
export function pagesProperty(implementation: Implementation): void {
  test(`${implementation.name}: pages in any order, and again, give the same store`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.log(`seed ${seed}`);
    const property = fc.asyncProperty(arrivals, async ({ one, other }) => {
      const stores = [
        await storeOf(implementation, ...one),
        await storeOf(implementation, ...other),
      ];
      const [first, second] = stores.map((store) => JSON.stringify(store, null, 1));
      if (first !== second) throw new Error(`${first} is not ${second}`);
    });
    await fc.assert(property, { seed, numRuns: implementation.stores ?? STORES });
    t.pass();
  });
}

async function storeOf(implementation: Implementation, versions: Version[], size: number) {
  const releases: (() => unknown)[] = [];
  const teardown = (release: () => unknown) => void releases.unshift(release);
  const scene = await setScene({ teardown }, implementation);
  const { store, reader } = scene;
  try {
    for (let from = 0; from < versions.length; from += size) {
      const page = versions.slice(from, from + size);
      const posts = page.flatMap((version) => ('post' in version ? [version.post] : []));
      const comments = page.flatMap((version) => ('comment' in version ? [version.comment] : []));
      await scene.commit({ posts, comments });
    }
    const { differences } = await store.verify({ repair: false });
    if (differences.length > 0) throw new Error(JSON.stringify(differences));
    const posts = await reader.recentPosts({ since: LONG_AGO, limit: 99 });
    const threads = [];
    for (const postId of ['a', 'b', 'z']) {
      threads.push((await reader.comments({ postId, limit: 99 }))?.comments ?? []);
    }
    const { windows } = await reader.hourlyCounts({
      windows: [{ from: LONG_AGO, to: FAR_AHEAD }],
    });
    return { items: [...posts, ...threads.flat()].map(lasting).sort(byName), windows };
  } finally {
    for (const release of releases) await release();
  }
}

function lasting(item: object) {
  const {
    upvotes: _u,
    collected_at: _c,
    updated_at: _t,
    ...rest
  } = item as Record<string, unknown>;
  return rest;
}

function byName(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const name = (item: typeof a) => `${String('title' in item)} ${String(item.id)}`;
  return name(a) < name(b) ? -1 : 1;
}
