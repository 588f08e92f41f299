import test from 'ava';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { AppError } from '../../src/errors.js';
import type { ItemsDocument } from '../../src/store/cosmos/documents/documents.js';
import { blank } from '../../src/store/cosmos/write/blank.js';
import { createWriterMemory } from '../../src/store/cosmos/write/cache.js';
import { commit } from '../../src/store/cosmos/write/commit.js';
import { watermarks } from '../../src/store/cosmos/write/complete.js';
import { importItems } from '../../src/store/cosmos/write/import.js';
import type { ItemBatch } from '../../src/store/store.js';
import { faultsIn } from '../support/cosmos-invariant.js';
import { testWriter, type TestWriter, WRITER_FENCE } from '../support/cosmos-writer.js';
import { aComment, aPost } from '../support/items.js';

const fence = WRITER_FENCE;
const lost = new AppError('store_timeout', 'no answer');

const batchOf = (items: { posts?: NewPost[]; comments?: NewComment[] }): ItemBatch => ({
  ...{ fence, subreddit: 'claude', posts: [], comments: [] },
  ...items,
});
const documents = ({ account }: TestWriter) =>
  account.partition('claude') as unknown as ItemsDocument[];
const faults = (writer: TestWriter) => faultsIn(documents(writer));
const another = (writer: TestWriter): TestWriter => ({ ...writer, memory: createWriterMemory() });

test('a partition adds up after what changes hour, thread and exclusion', async (t) => {
  const writer = await testWriter();
  const steps: Parameters<typeof batchOf>[0][] = [
    { posts: [aPost(), aPost({ id: 'p2', created_utc: '2026-01-14T05:59:59.999Z' })] },
    { comments: [aComment(), aComment({ id: 'c2', post_id: 'p2' }), aComment({ id: 'c3' })] },
    { posts: [aPost({ created_utc: '2026-01-15T09:00:00.000Z', title: 'Moved' })] },
    { comments: [aComment({ id: 'c3', post_id: 'p2' })] },
    { posts: [aPost({ id: 'p2', created_utc: '2026-01-14T05:59:59.999Z', excluded: 'removed' })] },
    { comments: [aComment({ id: 'early', post_id: 'late' })] },
    {
      posts: [aPost({ id: 'late', comment_count: 3 })],
      comments: [aComment({ id: 'c4', post_id: 'late' })],
    },
  ];
  for (const step of steps) {
    await commit(writer, batchOf(step));
    t.deepEqual(faults(writer), []);
  }
  t.deepEqual((await commit(writer, batchOf(steps[4] ?? {}))).updated, 0);
});

test('what is known and unchanged costs the head alone, and writes nothing', async (t) => {
  const writer = await testWriter();
  const { account } = writer;
  const items = { posts: [aPost()], comments: [aComment()] };
  const batch = batchOf(items);
  await commit(writer, batch);
  const written = account.batches.length;
  account.calls.length = 0;
  const again = await commit(writer, batch);
  t.like(again, { posts_new: 0, comments_new: 0, updated: 0, blanked: 0 });
  t.deepEqual(account.calls, ['commit head', 'version']);
  account.calls.length = 0;
  await commit(another(writer), batchOf(items));
  t.deepEqual(account.calls, ['commit head', 'commit derived', 'version']);
  t.is(account.batches.length, written);
});

test('a cycle that follows reads no hour again, though the head was stamped', async (t) => {
  const writer = await testWriter();
  const { account } = writer;
  await commit(writer, batchOf({ posts: [aPost()] }));
  const head = await account.items.read<{ id: string; epoch: number }>('test', 'claude', '_head');
  if (head === null) throw new Error('no head');
  const { _etag, _ts, ...rest } = head;
  await account.items.batch('test', 'claude', [{ kind: 'replace', document: rest }]);
  await watermarks(writer, 'claude');
  account.calls.length = 0;
  t.like(await commit(writer, batchOf({ posts: [aPost({ title: 'Another' })] })), { updated: 1 });
  t.deepEqual(account.calls, ['commit items', 'commit batch', 'version']);
  t.deepEqual(faults(writer), []);
});

test('somebody who writes in between is seen, and nothing is doubled', async (t) => {
  const writer = await testWriter();
  const { account } = writer;
  await commit(writer, batchOf({ posts: [aPost()] }));
  const other = another(writer);
  const beside = {
    ...batchOf({ comments: [aComment(), aComment({ id: 'c2' })] }),
    keepHistory: false,
  };
  account.faults.push({
    shape: 'commit batch',
    before: async () => void (await importItems(other, beside)),
  });
  const comments = [aComment(), aComment({ id: 'c3' })];
  t.like(await commit(writer, batchOf({ comments })), { comments_new: 1, updated: 0 });
  t.deepEqual(faults(writer), []);
});

test('a batch whose answer was lost is found to be done', async (t) => {
  const writer = await testWriter();
  for (const written of [true, false]) {
    const id = `p-${written}`;
    writer.account.faults.push({ shape: 'commit batch', error: lost, written });
    t.like(await commit(writer, batchOf({ posts: [aPost({ id })] })), { posts_new: 1, updated: 0 });
  }
  t.deepEqual(faults(writer), []);
});

test('the same call repeated after a failure knows what it has done', async (t) => {
  const writer = await testWriter();
  const batch = batchOf({ posts: [aPost()] });
  writer.account.faults.push(
    { shape: 'commit batch', error: lost, written: true },
    { shape: 'commit head', error: lost },
  );
  // The first reading of the head comes before the batch.
  writer.account.faults.reverse();
  await t.throwsAsync(commit(writer, batch), { code: 'store_timeout' });
  t.like(await commit(writer, batch), { posts_new: 1 });
  const { n } = await writer.versions.read();
  writer.account.faults.push({ shape: 'version', error: lost });
  const next = batchOf({ posts: [aPost({ id: 'p2' })] });
  await t.throwsAsync(commit(writer, next), { code: 'store_timeout' });
  t.like(await commit(writer, next), { posts_new: 1 });
  t.true((await writer.versions.read()).n > n, 'readers are told');
});

test('what was done and then built upon is told to readers', async (t) => {
  const writer = await testWriter();
  await commit(writer, batchOf({ posts: [aPost()] }));
  const versions = { ...writer.versions, bump: async () => 0 };
  const dying = { ...another(writer), versions };
  const { n } = await writer.versions.read();
  writer.account.faults.push(
    { shape: 'commit batch', error: lost, written: true },
    {
      shape: 'commit head',
      before: async () => void (await commit(dying, batchOf({ posts: [aPost({ id: 'p3' })] }))),
    },
  );
  await commit(writer, batchOf({ posts: [aPost({ id: 'p2' })] }));
  t.true((await writer.versions.read()).n > n);
  t.deepEqual(faults(writer), []);
});

test('an older holder writes nothing, whatever it remembers', async (t) => {
  const writer = await testWriter();
  const again = another(writer);
  for (const each of [writer, again]) await commit(each, batchOf({ posts: [aPost()] }));
  const head = await writer.account.items.read<{ id: string }>('test', 'claude', '_head');
  const stamped = { ...head, id: '_head', epoch: 8 };
  await writer.account.items.batch('test', 'claude', [{ kind: 'replace', document: stamped }]);
  const code = 'lease_lost';
  await t.throwsAsync(commit(writer, batchOf({ posts: [aPost({ id: 'p2' })] })), { code });
  await t.throwsAsync(commit(again, batchOf({ posts: [aPost()] })), { code }, 'nothing to write');
  await t.throwsAsync(
    commit(
      { ...writer },
      {
        ...batchOf({ posts: [aPost({ subreddit: 'new' })] }),
        fence: { epoch: 6 },
        subreddit: 'new',
      },
    ),
    { code },
    'a partition without a head asks for the lease',
  );
  t.is(documents(writer).filter(({ kind }) => kind === 'post').length, 1);
});

test('what is too large for one batch is written in parts', async (t) => {
  const writer = await testWriter();
  const day = (n: number) => new Date(Date.parse('2026-01-01T00:30:00.000Z') - n * 86_400_000);
  const posts = Array.from({ length: 80 }, (_, n) =>
    aPost({ id: `p${n}`, created_utc: day(n).toISOString() }),
  );
  t.like(await commit(writer, batchOf({ posts })), { posts_new: 80 });
  t.deepEqual(faults(writer), []);
  const names = posts.map(({ id }) => ({ kind: 'post' as const, id }));
  t.is(await blank(writer, { fence, subreddit: 'claude', items: names }), 80);
  t.deepEqual(faults(writer), []);
  const audit = documents(writer).find((each) => each.kind === 'blanked');
  t.like(audit, { cycle_id: 'cycle-7', counts: { 'omitted post': 80 } });
  const large = aPost({ id: 'large', content: 'x'.repeat(1_600_000) });
  await t.throwsAsync(commit(writer, batchOf({ posts: [large] })), { code: 'internal' });
});

test('what is imported for good stays, whatever is written after it', async (t) => {
  const writer = await testWriter();
  const load = { subreddit: 'claude', posts: [aPost()], comments: [], keepHistory: true };
  await commit(writer, batchOf({ posts: [aPost()], comments: [aComment()] }));
  t.like(await importItems(writer, load), { posts_new: 0, known: 1 });
  await commit(writer, batchOf({ posts: [aPost({ title: 'Another' })] }));
  const ttls = new Map(documents(writer).map(({ id, ttl }) => [id, ttl]));
  for (const id of ['t3_p1', 'hour:2026-01-15T11', 'day:2026-01-15', 'titles:2026-01-15T06']) {
    t.is(ttls.get(id), -1, id);
  }
  // From noon to the end of the day, 90 days of retention, and two.
  t.is(ttls.get('t1_c1'), 43_200 + 92 * 86_400);
  t.deepEqual(faults(writer), []);
});

test('memory of partitions is bounded', async (t) => {
  const memory = createWriterMemory(10);
  const known = { head: null, derived: new Map(), lines: new Map(), session: 0 };
  for (let n = 0; n < 50; n += 1) memory.keep(`r${n}`, known);
  t.is(memory.recall('r39'), undefined);
  t.is(memory.recall('r49'), known);
});
