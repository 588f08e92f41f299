import test from 'ava';
import { newCycle } from '../../src/domain/cycle.js';
import type { GapRecord } from '../../src/domain/cycle.js';
import { toIso } from '../../src/clock.js';
import { HEAD_ID, type HeadDocument } from '../../src/store/cosmos/documents/documents.js';
import type { CycleStart, Fence } from '../../src/store/store.js';
import { type Bed, cosmosBed, once, type OpenControl } from '../support/cosmos-bed.js';

const LEASE_LOST = { code: 'lease_lost' };
const NOTHING = { refreshed_at: null, sweep: null };

function startOf({ clock }: Bed, id: string, holder: string): CycleStart {
  const cycle = newCycle(id, toIso(clock.now()), 'schedule', 40);
  return { cycle, holder, leaseMs: 120_000, holderIsDead: () => false };
}

const overDead = (bed: Bed, id: string, holder: string): CycleStart => ({
  ...startOf(bed, id, holder),
  holderIsDead: () => true,
});

async function begin(store: OpenControl, start: CycleStart): Promise<Fence> {
  const grant = await store.beginCycle(start);
  if (!grant.granted) throw new Error('refused');
  return grant.fence;
}

/** A subreddit with an open gap, as if collected under the fence. */
async function withGap({ deps }: OpenControl, { epoch }: Fence): Promise<GapRecord> {
  const gap = {
    ...{ from: '2026-01-15T01:00:00.000Z', to: '2026-01-15T02:00:00.000Z', missing: null },
    ...{ status: 'open' as const, found_at: '2026-01-15T12:00:00.000Z', settled_at: null },
  };
  const own = { subreddit: 'claude', name: 'claude', ttl: -1 };
  await deps.account.items.batch('set up', 'claude', [
    { kind: 'create', document: headOf('claude', epoch) },
    {
      kind: 'create',
      document: { ...own, ...gap, id: `gap:post:${gap.from}:${gap.to}`, kind: 'gap', of: 'post' },
    } as never,
  ]);
  return { ...gap, subreddit: 'claude', kind: 'post' };
}

function headOf(subreddit: string, epoch: number): HeadDocument {
  return {
    ...{ id: HEAD_ID, kind: 'head', subreddit, name: subreddit, ttl: -1, epoch, seq: 7 },
    ...{ token: 't', stamp: '2026-01-15T12:00:00.000Z', items: 3, state: 'active' },
    ...{ last_success_at: null, watermarks: { post: null, comment: null } },
  };
}

const readHead = ({ deps }: OpenControl, subreddit: string) =>
  deps.account.items.read<HeadDocument>('look', subreddit, HEAD_ID);

test('of two that begin at once one is granted', async (t) => {
  const bed = await cosmosBed(t);
  const second = bed.open();
  const meanwhile: unknown[] = [];
  const first = bed.open({
    before: once('beginCycle', async () => {
      meanwhile.push(await second.beginCycle(startOf(bed, 'cycle-b', 'b')));
    }),
  });
  const grant = await first.beginCycle(startOf(bed, 'cycle-a', 'a'));
  t.like(grant, { granted: false, holder: 'b', cycle_id: 'cycle-b' });
  t.like(meanwhile, [{ granted: true, closed: [] }]);
  t.deepEqual(
    (await first.cycles({ limit: 9 })).map(({ id, status }) => [id, status]),
    [['cycle-b', 'running']],
  );
});

test('of many that begin at once one is granted, and one of those that take over', async (t) => {
  const bed = await cosmosBed(t);
  const stores = Array.from({ length: 5 }, () => bed.open());
  const race = (round: string, startFor: typeof startOf) =>
    Promise.all(
      stores.map((store, n) => store.beginCycle(startFor(bed, `${round}-${n}`, `h${round}${n}`))),
    );
  t.is((await race('first', startOf)).filter(({ granted }) => granted).length, 1);
  const before = await stores[0]?.cycles({ limit: 9 });
  const holder = before?.[0]?.id;
  // Only the first holder is known to be dead.
  const dead = `hfirst${holder?.slice(-1)}`;
  const takeOver: typeof startOf = (...args) => ({
    ...startOf(...args),
    holderIsDead: (asked) => asked === dead,
  });
  const grants = await race('next', takeOver);
  t.is(grants.filter(({ granted }) => granted).length, 1);
  const running = await stores[0]?.cycles({ limit: 9, status: 'running' });
  t.is(running?.length, 1);
});

test('who was taken over writes nothing, and moves no version', async (t) => {
  const bed = await cosmosBed(t);
  const [old, other] = [bed.open(), bed.open()];
  const fence = await begin(old, startOf(bed, 'cycle-a', 'a'));
  const gap = await withGap(old, fence);
  await old.saveUpkeepState({ ...NOTHING, refreshed_at: '2026-01-15T11:00:00.000Z' }, fence);
  await begin(other, overDead(bed, 'cycle-b', 'b'));
  const before = await other.deps.versions.read();
  const state = await other.upkeepState();
  const cycle = { ...newCycle('cycle-a', toIso(0), 'manual', 1), status: 'succeeded' as const };
  const omitted = [{ kind: 'post' as const, id: 'p1', subreddit: 'claude' }];
  for (const write of [
    () => old.updateCycle(cycle, fence),
    () => old.finishCycle(cycle, fence),
    () => old.renewLease(fence, 1000),
    () => old.saveUpkeepState(NOTHING, fence),
    () => old.settleGap({ fence, gap, status: 'lost', missing: 1 }),
    () => old.noteAnswers({ fence, omitted, given: [] }),
  ]) {
    await t.throwsAsync(write, LEASE_LOST);
  }
  t.deepEqual(await other.deps.versions.read(), before);
  t.deepEqual(await other.upkeepState(), state);
  t.is(state.refreshed_at, '2026-01-15T11:00:00.000Z');
  t.like(await other.cycles({ limit: 9, status: 'failed' }), [{ id: 'cycle-a' }]);
  t.is((await other.gaps({ limit: 9 }))[0]?.status, 'open');
  t.deepEqual(await other.omissions(9), []);
});

for (const [what, shape, write] of [
  [
    'the record of its cycle',
    'updateCycle',
    (store: OpenControl, fence: Fence) =>
      store.updateCycle(newCycle('cycle-a', toIso(0), 'manual', 99), fence),
  ],
  [
    'the end of its cycle',
    'finishCycle',
    (store: OpenControl, fence: Fence) =>
      store.finishCycle(
        { ...newCycle('cycle-a', toIso(0), 'manual', 99), status: 'failed' },
        fence,
      ),
  ],
  [
    'its lease',
    'renewLease',
    (store: OpenControl, fence: Fence) => store.renewLease(fence, 1_000_000),
  ],
  [
    'where upkeep has got to',
    'upkeepState',
    (store: OpenControl, fence: Fence) => store.saveUpkeepState(NOTHING, fence),
  ],
] as const) {
  test(`taken over between reading and writing: ${what}`, async (t) => {
    const bed = await cosmosBed(t);
    const other = bed.open();
    const old = bed.open({
      before: once(shape, async () => begin(other, overDead(bed, 'cycle-b', 'b'))),
    });
    const fence = await begin(old, startOf(bed, 'cycle-a', 'a'));
    await t.throwsAsync(write(old, fence), LEASE_LOST);
    t.is((await other.deps.versions.read()).n, 2, 'moved by the two that began');
    const records = await other.cycles({ limit: 9 });
    t.deepEqual(
      records.map(({ id, status, memory_start_mb }) => [id, status, memory_start_mb]).sort(),
      [
        ['cycle-a', 'failed', 40],
        ['cycle-b', 'running', 40],
      ],
    );
    t.is((await other.deps.lease.read())?.document.holder, 'b');
  });
}

test('taken over between reading and writing: a gap', async (t) => {
  const bed = await cosmosBed(t);
  const other = bed.open();
  const old = bed.open({
    before: once('settleGap batch', async () => begin(other, overDead(bed, 'cycle-b', 'b'))),
  });
  const fence = await begin(old, startOf(bed, 'cycle-a', 'a'));
  const gap = await withGap(old, fence);
  await t.throwsAsync(old.settleGap({ fence, gap, status: 'lost', missing: 1 }), LEASE_LOST);
  t.like(await other.gaps({ limit: 9 }), [{ status: 'open', settled_at: null }]);
});

test('every head is stamped before a cycle begins, also one that is written meanwhile', async (t) => {
  const bed = await cosmosBed(t);
  const writer = bed.open();
  const { items } = writer.deps.account;
  for (const name of ['aws', 'claude', 'windsurf']) {
    await items.batch('set up', name, [{ kind: 'create', document: headOf(name, 0) }]);
  }
  const other = bed.open({
    before: async (call) => {
      if (call.container !== 'items' || call.kind !== 'batch') return;
      const head = await readHead(writer, 'claude');
      if (head === null || head.seq > 7) return;
      const { _etag, _ts, ...written } = { ...head, seq: 8 };
      await items.batch('import', 'claude', [{ kind: 'replace', document: written }]);
    },
  });
  const { epoch } = await begin(other, startOf(bed, 'cycle-a', 'a'));
  t.is(epoch, 1);
  t.like(await readHead(other, 'aws'), { epoch, seq: 7, token: 't', items: 3 });
  t.like(await readHead(other, 'claude'), { epoch, seq: 8 });
  t.like(await readHead(other, 'windsurf'), { epoch, seq: 7 });
});

test('what a holder wrote just before its heads were stamped is told of, though it has died', async (t) => {
  const bed = await cosmosBed(t);
  const writer = bed.open();
  const { items } = writer.deps.account;
  await items.batch('set up', 'claude', [{ kind: 'create', document: headOf('claude', 0) }]);
  for (const take of [
    (store: OpenControl) => begin(store, overDead(bed, 'cycle-a', 'a')),
    (store: OpenControl) => store.abandon('a', 'gone'),
  ]) {
    let seen = 0;
    const store = bed.open({
      before: once('stamp', async () => {
        seen = (await writer.deps.versions.read()).n;
      }),
    });
    await take(store);
    t.true((await writer.deps.versions.read()).n > seen);
  }
});

test('abandoned by somebody else, a holder that lives after all writes nothing', async (t) => {
  const bed = await cosmosBed(t);
  const [old, other] = [bed.open(), bed.open()];
  const fence = await begin(old, startOf(bed, 'cycle-a', 'a'));
  const gap = await withGap(old, fence);
  t.deepEqual(await other.abandon('a', 'gone'), ['cycle-a']);
  await t.throwsAsync(old.settleGap({ fence, gap, status: 'lost', missing: 1 }), LEASE_LOST);
  await t.throwsAsync(old.saveUpkeepState(NOTHING, fence), LEASE_LOST);
  await t.throwsAsync(
    old.updateCycle(newCycle('cycle-a', toIso(0), 'manual', 1), fence),
    LEASE_LOST,
  );
  t.true((await begin(other, startOf(bed, 'cycle-b', 'b'))).epoch > fence.epoch + 1);
});
