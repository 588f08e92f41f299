import test from 'ava';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import { AppError } from '../../src/errors.js';
import { LEASE_ID, SCOPE } from '../../src/store/cosmos/control/documents.js';
import { HEAD_ID, type HeadDocument } from '../../src/store/cosmos/documents/documents.js';
import { commit } from '../../src/store/cosmos/write/commit.js';
import type { CycleStart, Fence } from '../../src/store/store.js';
import {
  type Bed,
  type Call,
  cosmosBed,
  once,
  type OpenControl,
  type Watch,
} from '../support/cosmos-bed.js';
import { aPost } from '../support/items.js';

const NAMES = ['aws', 'claude', 'windsurf'];
const FULL = new AppError('store_unusable', 'is full in one partition (403/1014)');

const startOf = ({ clock }: Bed, id: string, holder = 'a'): CycleStart => ({
  cycle: newCycle(id, toIso(clock.now()), 'schedule', 40),
  ...{ holder, leaseMs: 120_000, holderIsDead: () => true },
});

async function begin(store: OpenControl, start: CycleStart): Promise<Fence> {
  const grant = await store.beginCycle(start);
  if (!grant.granted) throw new Error('refused');
  return grant.fence;
}

/** Heads as they were left by a lease that is not on record. */
async function withHeads(bed: Bed, epochs: readonly number[]): Promise<void> {
  const { items } = bed.open().deps.account;
  for (const [n, subreddit] of NAMES.entries()) {
    const document: HeadDocument = {
      ...{ id: HEAD_ID, kind: 'head', subreddit, name: subreddit, ttl: -1 },
      ...{ epoch: epochs[n] ?? 0, seq: 7, token: 't', stamp: '2026-01-15T12:00:00.000Z' },
      ...{ items: 0, state: 'active', last_success_at: null },
      watermarks: { post: null, comment: null },
    };
    await items.batch('set up', subreddit, [{ kind: 'create', document }]);
  }
}

async function epochsOf({ deps }: OpenControl): Promise<(number | undefined)[]> {
  const heads = NAMES.map((name) => deps.account.items.read<HeadDocument>('look', name, HEAD_ID));
  return (await Promise.all(heads)).map((head) => head?.epoch);
}

const write = ({ deps }: OpenControl, fence: Fence, subreddit: string) =>
  commit(deps, { fence, subreddit, posts: [aPost({ subreddit })], comments: [] });

/** Every batch in these partitions is refused while it is so. */
function refusing(partitions: readonly string[]): Watch & { healed: boolean } {
  const watch = {
    healed: false,
    before: ({ kind, container, partition }: Call) => {
      if (watch.healed || kind !== 'batch' || container !== 'items') return;
      if (partitions.includes(partition ?? '')) throw FULL;
    },
  };
  return watch;
}

test('a partition that refuses writes keeps no other from being collected', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [0, 0, 0]);
  const full = refusing(['claude']);
  const store = bed.open(full);
  const fence = await begin(store, startOf(bed, 'cycle-a'));
  t.deepEqual(await epochsOf(store), [1, 0, 1]);
  t.is((await write(store, fence, 'aws')).posts_new, 1);
  await t.throwsAsync(write(store, fence, 'claude'), { code: 'store_unusable' });
  full.healed = true;
  t.is((await write(store, fence, 'claude')).posts_new, 1);
  t.deepEqual(await epochsOf(store), [1, 1, 1]);
});

test('where a head was not stamped the lease is asked for', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [0, 0, 0]);
  const [old, other] = [bed.open(refusing(['claude'])), bed.open(refusing(['claude']))];
  const fence = await begin(old, startOf(bed, 'cycle-a'));
  await begin(other, startOf(bed, 'cycle-b', 'b'));
  t.deepEqual(await epochsOf(other), [2, 0, 2]);
  const asked: string[] = [];
  const zombie = bed.open({ before: ({ shape }) => void asked.push(shape) });
  await t.throwsAsync(write(zombie, fence, 'claude'), { code: 'lease_lost' });
  t.deepEqual(asked, ['commit head', 'lease']);
});

test('an account that refuses everywhere begins no cycle', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [0, 0, 0]);
  const store = bed.open(refusing(NAMES));
  await t.throwsAsync(store.beginCycle(startOf(bed, 'cycle-a')), { code: 'store_unusable' });
});

test('what may pass, met at one head, is the failure of all', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [0, 0, 0]);
  const store = bed.open({
    before: once('stamp', async () => {
      throw new AppError('store_busy', 'later');
    }),
  });
  await t.throwsAsync(store.beginCycle(startOf(bed, 'cycle-a')), { code: 'store_busy' });
  t.like(await store.beginCycle(startOf(bed, 'cycle-a')), { granted: true, closed: [] });
});

test('who lost the container of the lease goes on above the epochs of the heads', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [4800, 0, 4790]);
  const store = bed.open();
  const fence = await begin(store, startOf(bed, 'cycle-a'));
  t.deepEqual(fence, { epoch: 4801 });
  t.deepEqual(await epochsOf(store), [4801, 4801, 4801]);
  t.is((await write(store, fence, 'claude')).posts_new, 1);
  await store.updateCycle(newCycle('cycle-a', toIso(0), 'manual', 1), fence);
  await t.throwsAsync(write(bed.open(), { epoch: 4800 }, 'aws'), { code: 'lease_lost' });
  t.deepEqual(await begin(bed.open(), startOf(bed, 'cycle-b', 'b')), { epoch: 4802 });
});

test('a lease from an older copy of its container is taken above the heads as well', async (t) => {
  const bed = await cosmosBed(t);
  const first = bed.open();
  await begin(first, startOf(bed, 'cycle-a'));
  await withHeads(bed, [20, 20, 19]);
  const other = bed.open();
  const grant = await other.beginCycle(startOf(bed, 'cycle-b', 'b'));
  t.deepEqual(grant, { granted: true, fence: { epoch: 21 }, closed: ['cycle-a'] });
  t.deepEqual(await epochsOf(other), [21, 21, 21]);
});

test('a store that outlives the container of its lease begins again', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [30, 30, 30]);
  const store = bed.open();
  const before = await begin(store, startOf(bed, 'cycle-a'));
  await store.deps.account.control.batch('tamper', SCOPE, [{ kind: 'delete', id: LEASE_ID }]);
  const fence = await begin(store, startOf(bed, 'cycle-b'));
  t.is(fence.epoch, before.epoch + 1);
  t.is((await write(store, fence, 'claude')).posts_new, 1);
});

test('abandoned with heads of newer epochs: its cycle is closed, and the next one is above them', async (t) => {
  const bed = await cosmosBed(t);
  const store = bed.open();
  const fence = await begin(store, startOf(bed, 'cycle-a'));
  await withHeads(bed, [0, 50, 50]);
  t.deepEqual(await bed.open().abandon('a', 'gone'), ['cycle-a']);
  t.deepEqual(await epochsOf(store), [2, 50, 50]);
  for (const name of NAMES) {
    await t.throwsAsync(write(store, fence, name), { code: 'lease_lost' });
  }
  t.deepEqual(await begin(bed.open(), startOf(bed, 'cycle-b', 'b')), { epoch: 51 });
});

test('taken over while it stamps, a newer epoch in a head ends it', async (t) => {
  const bed = await cosmosBed(t);
  await withHeads(bed, [0, 0, 0]);
  const other = bed.open();
  let taken: Fence | null = null;
  const store = bed.open({
    before: once('stamp', async () => {
      taken = await begin(other, startOf(bed, 'cycle-b', 'b'));
    }),
  });
  await t.throwsAsync(store.beginCycle(startOf(bed, 'cycle-a')), { code: 'lease_lost' });
  t.deepEqual(taken, { epoch: 2 });
  t.deepEqual(await epochsOf(other), [2, 2, 2]);
  t.like(await other.cycles({ limit: 9, status: 'running' }), [{ id: 'cycle-b' }]);
});
