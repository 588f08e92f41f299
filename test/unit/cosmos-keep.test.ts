import test, { type ExecutionContext } from 'ava';
import type { Operation } from '../../src/store/cosmos/account.js';
import { SCOPE } from '../../src/store/cosmos/control/documents.js';
import type {
  BlankedDocument,
  HeadDocument,
  HourDocument,
  OmissionsDocument,
  PostDocument,
  TitlesDocument,
} from '../../src/store/cosmos/documents/documents.js';
import { unpackLine } from '../../src/store/cosmos/documents/lines.js';
import { expireItems } from '../../src/store/cosmos/keep/expire-items.js';
import { type CosmosScene, cosmosScene } from '../support/cosmos-scene.js';
import { aComment, aPost } from '../support/items.js';

const HOUR = '2025-12-01T08:00:00.000Z';
const AT = '2025-12-01T08:15:00.000Z';
const LATER = '2025-12-01T09:15:00.000Z';
const place = { subreddit: 'Claude', hour: HOUR };
const next = { ...place, hour: '2025-12-01T09:00:00.000Z' };

async function consistent(t: ExecutionContext, scene: CosmosScene) {
  t.deepEqual((await scene.verify()).differences, []);
}

/** Of r/claude, all in the hour. */
async function storeMany(scene: CosmosScene, posts: number, comments: number) {
  const id = (n: number) => `i${n}`;
  for (let from = 0; from < posts; from += 80) {
    const some = Array.from({ length: Math.min(80, posts - from) }, (_, n) => id(from + n));
    await scene.commit({ posts: some.map((each) => aPost({ id: each, created_utc: AT })) });
  }
  for (let from = 0; from < comments; from += 80) {
    const some = Array.from({ length: Math.min(80, comments - from) }, (_, n) => from + n);
    await scene.commit({
      comments: some.map((n) => aComment({ id: id(n), post_id: id(n % posts), created_utc: AT })),
    });
  }
}

test('an hour that is more than a batch goes in several, and readers are told once', async (t) => {
  const scene = await cosmosScene(t);
  await storeMany(scene, 100, 120);
  await scene.commit({ comments: [aComment({ id: 'stays', post_id: 'i1', created_utc: LATER })] });
  const before = await scene.deps.versions.read();
  scene.calls();
  t.deepEqual(await scene.keep.expireItems(place), { posts: 100, comments: 120 });
  t.is(scene.calls()['expire items batch'], 3);
  t.is((await scene.deps.versions.read()).n, before.n + 1);
  t.is((await scene.document<HeadDocument>('_head'))?.items, 1);
  t.deepEqual((await scene.document<HourDocument>('hour:2025-12-01T08'))?.lines, []);
  t.deepEqual((await scene.document<TitlesDocument>('titles:2025-12-01T06'))?.posts, []);
  await consistent(t, scene);
  t.deepEqual(await scene.keep.expireItems(place), { posts: 0, comments: 0 });
  t.is((await scene.deps.versions.read()).n, before.n + 1);
});

test('every batch leaves everything consistent, and the next call goes on', async (t) => {
  const scene = await cosmosScene(t);
  await storeMany(scene, 60, 110);
  const { account } = scene.deps;
  let batches = 0;
  const failing = {
    ...account,
    items: {
      ...account.items,
      batch: (shape: string, partition: string, operations: readonly Operation[]) => {
        batches += 1;
        if (batches > 1) throw new Error('power cut');
        return account.items.batch(shape, partition, operations);
      },
    },
  };
  const before = (await scene.deps.versions.read()).n;
  await t.throwsAsync(expireItems({ ...scene.deps, account: failing }, place), {
    message: 'power cut',
  });
  t.is((await scene.document<HeadDocument>('_head'))?.items, 90);
  t.is((await scene.deps.versions.read()).n, before + 1, 'what is done is told');
  await consistent(t, scene);
  t.deepEqual(await scene.keep.expireItems(place), { posts: 0, comments: 90 });
  await consistent(t, scene);
});

test('threads of posts that stay count what is left of their comments', async (t) => {
  const scene = await cosmosScene(t);
  await scene.keepHistory({
    posts: [aPost({ id: 'kept', created_utc: AT, comment_count: 9 })],
    comments: [aComment({ id: 'k', post_id: 'kept', created_utc: LATER })],
  });
  await scene.commit({
    posts: [aPost({ id: 'goes', created_utc: AT })],
    comments: ['a', 'b', 'c'].map((id) => aComment({ id, post_id: 'kept', created_utc: LATER })),
  });
  const stored = async () => {
    const document = await scene.document<HourDocument>('hour:2025-12-01T08');
    const lines = (document?.lines ?? []).map((line) => unpackLine(line, HOUR));
    return lines.map(({ id, thread }) => [id, thread?.stored]);
  };
  t.deepEqual(await stored(), [
    ['kept', 4],
    ['goes', 0],
  ]);
  t.deepEqual(await scene.keep.expireItems(place), { posts: 1, comments: 0 });
  t.deepEqual(await scene.keep.expireItems(next), { posts: 0, comments: 3 });
  t.deepEqual(await stored(), [['kept', 1]]);
  t.is((await scene.document('hour:2025-12-01T08'))?.ttl, -1);
  await consistent(t, scene);
});

test('what Azure has let go of already is no obstacle', async (t) => {
  const scene = await cosmosScene(t);
  await scene.commit({
    posts: [aPost({ id: 'a', created_utc: AT }), aPost({ id: 'b', created_utc: AT })],
  });
  await scene.tamper({ kind: 'delete', id: 't3_a' });
  t.deepEqual(await scene.keep.expireTexts({ ...place, job: 'prune-1' }), {
    posts: 1,
    comments: 0,
  });
  t.deepEqual(await scene.keep.expireTexts({ ...place, job: 'prune-1' }), {
    posts: 0,
    comments: 0,
  });
  t.deepEqual(await scene.keep.expireItems(place), { posts: 2, comments: 0 });
  await consistent(t, scene);
});

test('hours with something to lose are found in their order', async (t) => {
  const scene = await cosmosScene(t);
  const all = async (losing: 'items' | 'texts', before = '2027') => {
    const found: string[] = [];
    for (let from = ''; ; ) {
      const hour = await scene.keep.nextHour({ from, before, losing });
      if (hour === null) return found;
      found.push(`${hour.hour.slice(8, 13)} ${hour.subreddits.join()}`);
      from = `${hour.hour.slice(0, 13)}:59:59.999Z`;
    }
  };
  t.deepEqual(await all('items'), []);
  await scene.keepHistory({ posts: [aPost({ id: 'k', created_utc: '2020-01-01T00:00:00.000Z' })] });
  await scene.commit({
    posts: [aPost({ id: 'g', created_utc: AT, excluded: 'deleted' })],
    comments: [aComment({ created_utc: LATER })],
  });
  const other = { subreddit: 'aws', created_utc: LATER };
  await scene.commit({ posts: [aPost({ id: 'o', ...other })] }, 'aws');
  t.deepEqual(await all('items'), ['01T08 claude', '01T09 aws,claude']);
  t.deepEqual(await all('items', next.hour), ['01T08 claude']);
  t.deepEqual(await all('texts'), ['01T09 aws,claude']);
  await scene.keep.expireTexts({ ...next, job: 'prune-1' });
  t.deepEqual(await all('texts'), ['01T09 aws']);
});

test('texts go, counts and marks follow', async (t) => {
  const scene = await cosmosScene(t);
  await storeMany(scene, 50, 70);
  const before = await scene.document('day:2025-12-01');
  await scene.clock.advance(60_000);
  t.deepEqual(await scene.keep.expireTexts({ ...place, job: 'prune-1' }), {
    ...{ posts: 50, comments: 70 },
  });
  const post = await scene.document<PostDocument>('t3_i1');
  t.like(post, { title: '', content: '', author: '', updated_at: '2026-01-15T12:01:00.000Z' });
  t.true((post?.ttl ?? 0) > 0);
  const titles = await scene.document<TitlesDocument>('titles:2025-12-01T06');
  t.deepEqual([...new Set(titles?.posts.map((packed) => packed[5]))], ['']);
  t.like(await scene.document<HourDocument>('hour:2025-12-01T08'), { expires: 1 });
  t.is((await scene.document<HourDocument>('hour:2025-12-01T08'))?.texts, undefined);
  const after = await scene.document('day:2025-12-01');
  t.is(after?._etag, before?._etag, 'nothing that is counted has changed');
  t.like(await scene.document<BlankedDocument>('blanked:prune-1'), {
    ...{ cycle_id: 'prune-1', counts: { 'expired post': 50, 'expired comment': 70 } },
  });
  await consistent(t, scene);
});

const omitted = (first_at: string) => ({ times: 1, first_at });

async function storeRecords(scene: CosmosScene) {
  await scene.commit({ posts: [aPost({ created_utc: AT })] });
  const common = { subreddit: 'claude', name: 'claude', ttl: -1 };
  const gap = (n: number, to: string) => ({
    ...{ ...common, id: `gap:${n}`, kind: 'gap', of: 'post', from: AT, to, missing: null },
  });
  const documents = [
    ...[gap(1, LATER), gap(2, LATER), gap(3, '2026-01-15T11:00:00.000Z')],
    { ...common, id: 'blanked:x', kind: 'blanked', cycle_id: 'x', at: LATER, counts: {} },
    {
      ...{ ...common, id: '_omissions', kind: 'omissions' },
      omitted: { t3_p1: omitted(AT), t3_p2: omitted(LATER), t3_p3: omitted('2026-01-15') },
    },
  ];
  await scene.tamper(...documents.map((document): Operation => ({ kind: 'upsert', document })));
}

test('an item that goes is no omission any more; old records go, up to the limit', async (t) => {
  const scene = await cosmosScene(t);
  await storeRecords(scene);
  const names = async () =>
    Object.keys((await scene.document<OmissionsDocument>('_omissions'))?.omitted ?? {});
  await scene.keep.expireItems(place);
  t.deepEqual(await names(), ['t3_p2', 't3_p3']);
  const cycle = (id: string, status: string) => ({
    ...{ id: `cycle:${id}`, scope: SCOPE, kind: 'cycle', started_at: AT, status },
  });
  const cycles = [cycle('a', 'failed'), cycle('b', 'succeeded'), cycle('c', 'running')];
  await scene.deps.account.control.batch(
    'set up',
    SCOPE,
    cycles.map((document) => ({ kind: 'upsert', document })),
  );
  const before = await scene.deps.versions.read();
  const expiry = { before: '2025-12-02T00:00:00.000Z', limit: 1 };
  t.is(await scene.keep.expireRecords(expiry), 4, 'a cycle, a gap, an audit record, an omission');
  const moved = await scene.deps.versions.read();
  t.true(moved.n > before.n && moved.cycles > before.cycles);
  t.is(await scene.keep.expireRecords(expiry), 2);
  t.is(await scene.keep.expireRecords(expiry), 0);
  t.deepEqual(await names(), ['t3_p3']);
  t.truthy(await scene.document('gap:3'));
  t.is(await scene.document('gap:2'), null);
  t.truthy(await scene.deps.account.control.read('look', SCOPE, 'cycle:c'));
  await consistent(t, scene);
});

test("another store's audit records go, up to the limit", async (t) => {
  const scene = await cosmosScene(t);
  await storeRecords(scene);
  const carried = ['a', 'b', 'c'].map((id) => ({
    ...{ id: `blanked:${id}`, scope: SCOPE, kind: 'blanked', cycle_id: id, counts: {} },
    at: id === 'c' ? '2026-01-15T11:00:00.000Z' : LATER,
  }));
  const { control } = scene.deps.account;
  await control.batch(
    'set up',
    SCOPE,
    carried.map((document) => ({ kind: 'upsert', document })),
  );
  const left = async () => {
    const ids = carried.map(({ id }) => control.read<{ id: string }>('look', SCOPE, id));
    return (await Promise.all(ids)).flatMap((found) => found?.id ?? []);
  };
  const expiry = { before: '2025-12-02T00:00:00.000Z', limit: 1 };
  t.is(await scene.keep.expireRecords(expiry), 3, 'a gap, an omission, an audit record');
  t.is((await left()).length, 2);
  t.truthy(await scene.document('blanked:x'), 'of each kind one');
  t.is(await scene.keep.expireRecords(expiry), 3);
  t.is(await scene.keep.expireRecords(expiry), 1);
  t.is(await scene.keep.expireRecords(expiry), 0);
  t.is(await scene.document('blanked:x'), null);
  t.deepEqual(await left(), ['blanked:c']);
});

test('Azure keeps the copies', async (t) => {
  const { keep } = await cosmosScene(t);
  await t.throwsAsync(keep.copyTo('anywhere'), { code: 'backup_failed' });
  await t.throwsAsync(keep.compact(), { code: 'internal' });
  t.true(await keep.emptyLog());
});
