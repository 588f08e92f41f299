import { toIso } from '../../src/clock.js';
import { type Gap, newCycle } from '../../src/domain/cycle.js';
import type { Comment, NewComment } from '../../src/domain/item.js';
import type { CommentsQuery, CyclesQuery } from '../../src/store/store.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { define, type Implementation, LONG_AGO, NOW } from './under-test.js';

/** Lists that are read page by page; recent posts are in the read suite. */
export function listSuite(implementation: Implementation): void {
  comments(implementation);
  gaps(implementation);
  cycles(implementation);
}

function comments(implementation: Implementation): void {
  const at = (minute: number) => `2026-01-15T11:${String(minute).padStart(2, '0')}:00.000Z`;
  const written = (id: string, minute: number, post_id = 'p1') =>
    aComment({ id, post_id, created_utc: at(minute) });

  define(implementation, 'comments: of the post, oldest first, ties by id', async (t, scene) => {
    const some = [written('c', 5), written('b', 5), written('z', 1), written('x', 3, 'p2')];
    await scene.commit({ posts: [aPost()], comments: some });
    await scene.commit({ comments: [{ ...written('a', 9), subreddit: 'aws' }] }, 'aws');
    const page = async (query: Partial<CommentsQuery> = {}) => {
      const found = await scene.reader.comments({ postId: 'p1', limit: 100, ...query });
      return found?.comments.map(({ id }) => id);
    };
    t.deepEqual(await page(), ['z', 'b', 'c', 'a']);
    t.deepEqual(await page({ limit: 2 }), ['z', 'b']);
    t.deepEqual(await page({ after: { created_utc: at(5), id: 'b' } }), ['c', 'a']);
    t.deepEqual(
      await page({ after: { created_utc: at(9), id: 'a' } }),
      [],
      'known, and at its end',
    );
  });

  define(implementation, 'comments: exactly the public fields', async (t, scene) => {
    await scene.commit({ comments: [aComment()] });
    const found = await scene.reader.comments({ postId: 'p1', limit: 1 });
    const expected: Partial<NewComment & Comment> = {
      ...{ ...aComment(), collected_at: NOW, updated_at: NOW },
    };
    delete expected.excluded;
    delete expected.edited_at;
    t.deepEqual<unknown, unknown>(found, { comments: [expected], asOf: NOW });
  });

  define(
    implementation,
    'comments: null only when nothing of the post is known',
    async (t, scene) => {
      await scene.commit({ posts: [aPost()], comments: [written('c', 1, 'p2')] });
      const of = (postId: string) => scene.reader.comments({ postId, limit: 10 });
      t.deepEqual((await of('p1'))?.comments, []);
      t.is((await of('p2'))?.comments.length, 1);
      t.is(await of('p3'), null);
    },
  );

  define(
    implementation,
    'comments: as of the first page, later ones stay out',
    async (t, scene) => {
      await scene.commit({ comments: [written('b', 2), written('d', 4)] });
      const first = await scene.reader.comments({ postId: 'p1', limit: 1 });
      scene.clock.jumpTo('2026-01-15T11:59:00.000Z'); // also when the clock is set back
      await scene.commit({ comments: [written('a', 1), written('c', 3), written('e', 5)] });
      const asOf = first?.asOf ?? '';
      const after = { created_utc: at(2), id: 'b' };
      const rest = await scene.reader.comments({ postId: 'p1', limit: 9, asOf, after });
      t.deepEqual(
        rest?.comments.map(({ id }) => id),
        ['d'],
      );
      t.is(rest?.asOf, asOf);
      t.is((await scene.reader.comments({ postId: 'p1', limit: 9 }))?.comments.length, 5);
    },
  );
}

function gaps(implementation: Implementation): void {
  define(implementation, 'gaps: newest first, by status, after a place', async (t, scene) => {
    const gap = (kind: Gap['kind'], from: string): Gap => ({
      ...{ kind, from, to: NOW, missing: null },
    });
    const find = (subreddit: string, gaps: Gap[]) =>
      scene.store.commit({
        ...{ fence: scene.fence, subreddit, posts: [], comments: [] },
        complete: { watermarks: { post: null, comment: null }, state: 'active', gaps },
      });
    await find('aws', [gap('post', LONG_AGO), gap('comment', LONG_AGO)]);
    await find('Claude', [gap('post', LONG_AGO)]);
    await scene.clock.advance(1000);
    await find('aws', [gap('post', '2026-01-15T11:00:00.000Z'), gap('post', LONG_AGO)]); // known
    const found = await scene.reader.gaps({ limit: 100 });
    const newest = {
      ...{ ...gap('post', '2026-01-15T11:00:00.000Z'), subreddit: 'aws', status: 'open' },
      found_at: '2026-01-15T12:00:01.000Z',
      settled_at: null,
    };
    t.deepEqual<unknown, unknown>(found[0], newest);
    t.deepEqual(
      found.slice(1).map(({ subreddit, kind }) => [subreddit, kind]),
      [
        ['Claude', 'post'],
        ['aws', 'post'],
        ['aws', 'comment'],
      ],
    );
    for (const [place, after] of found.entries()) {
      const rest = found.slice(place + 1);
      t.deepEqual(await scene.reader.gaps({ limit: 9, after }), rest);
      t.deepEqual(await scene.reader.gaps({ limit: 9, after, status: 'open' }), rest);
    }
    t.deepEqual(await scene.reader.gaps({ limit: 2 }), found.slice(0, 2));
    t.deepEqual(await scene.reader.gaps({ limit: 9, status: 'lost' }), []);
  });
}

function cycles(implementation: Implementation): void {
  define(implementation, 'cycles: newest first, by status, after a place', async (t, scene) => {
    await scene.store.abandon('test-host:1:0:0', 'not part of it');
    const ids = async (query: Partial<CyclesQuery> = {}) =>
      (await scene.reader.cycles({ limit: 9, ...query })).map(({ id }) => id);
    for (const [n, status] of (['succeeded', 'failed', 'succeeded'] as const).entries()) {
      const started_at = toIso(scene.clock.now());
      const fence = await beginTestCycle(scene.store, scene.clock, { id: `n${n}` });
      const record = { ...newCycle(`n${n}`, started_at, 'schedule', 1), status };
      await scene.store.finishCycle({ ...record, finished_at: started_at }, fence);
      if (n > 0) await scene.clock.advance(1000); // the first two began at the same moment
    }
    t.deepEqual(await ids(), ['n2', 'n1', 'n0', 'cycle-1']);
    t.deepEqual(await ids({ status: 'succeeded', limit: 1 }), ['n2']);
    const after = { started_at: NOW, id: 'n1' };
    t.deepEqual(await ids({ after }), ['n0', 'cycle-1']);
    t.deepEqual(await ids({ after, status: 'failed' }), ['cycle-1']);
  });
}
