import test, { type ExecutionContext } from 'ava';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import { AppError } from '../../src/errors.js';
import type { OmissionsDocument } from '../../src/store/cosmos/documents/documents.js';
import { blank } from '../../src/store/cosmos/write/blank.js';
import { importItems } from '../../src/store/cosmos/write/import.js';
import type { CycleStart, Fence } from '../../src/store/store.js';
import { type Bed, cosmosBed, once, type OpenControl } from '../support/cosmos-bed.js';
import { aPost } from '../support/items.js';

const LOST = { kind: 'lost_reply', operation: 'batch', count: 1 } as const;

function startOf({ clock }: Bed, id: string, holder = 'a'): CycleStart {
  const cycle = newCycle(id, toIso(clock.now()), 'schedule', 40);
  return { cycle, holder, leaseMs: 120_000, holderIsDead: () => false };
}

async function begun(t: ExecutionContext): Promise<{ bed: Bed; store: OpenControl; fence: Fence }> {
  const bed = await cosmosBed(t);
  const store = bed.open();
  const grant = await store.beginCycle(startOf(bed, 'cycle-1'));
  if (!grant.granted) throw new Error('refused');
  return { bed, store, fence: grant.fence };
}

/** What the repetition of a call answers whose first answer was lost on the way. */
async function afterLoss<T>(
  t: ExecutionContext,
  { standIn }: Bed,
  call: () => Promise<T>,
  container = 'control',
): Promise<T> {
  standIn.faults.add({ ...LOST, container });
  const error = await t.throwsAsync<Error & { code?: string }>(call());
  t.true(error.code?.startsWith('store_'), error.message);
  return call();
}

test('begun, unheard: the repetition has the lease, and tells what was closed', async (t) => {
  const { bed, store } = await begun(t);
  const other = bed.open();
  const start = { ...startOf(bed, 'cycle-2', 'b'), holderIsDead: () => true };
  const grant = await afterLoss(t, bed, () => other.beginCycle(start));
  t.like(grant, { granted: true, closed: ['cycle-1'] });
  if (!grant.granted) return;
  const records = await store.cycles({ limit: 9 });
  t.deepEqual(records.map(({ id, status }) => `${id} ${status}`).sort(), [
    'cycle-1 failed',
    'cycle-2 running',
  ]);
  t.is(records.find(({ id }) => id === 'cycle-1')?.errors.length, 1);
  await other.updateCycle(start.cycle, grant.fence);
  await other.renewLease(grant.fence, 1000);
});

test('begun, unheard, and taken over before the repetition: refused', async (t) => {
  const bed = await cosmosBed(t);
  const [store, other] = [bed.open(), bed.open()];
  const start = startOf(bed, 'cycle-1');
  bed.standIn.faults.add({ ...LOST, container: 'control', skip: 1 }); // the version is created first
  await t.throwsAsync(store.beginCycle(start));
  const taken = await other.beginCycle({
    ...startOf(bed, 'cycle-2', 'b'),
    holderIsDead: (holder) => holder === 'a',
  });
  t.like(taken, { granted: true, closed: ['cycle-1'] });
  t.like(await store.beginCycle(start), { granted: false, holder: 'b' });
});

test('finished, unheard: the repetition is content', async (t) => {
  const { bed, store, fence } = await begun(t);
  const cycle = {
    ...{ ...newCycle('cycle-1', toIso(0), 'manual', 40), status: 'succeeded' as const },
    ...{ finished_at: toIso(60_000), duration_ms: 60_000.25 },
  };
  const before = (await store.deps.versions.read()).n;
  await afterLoss(t, bed, () => store.finishCycle(cycle, fence));
  t.deepEqual(await store.cycles({ limit: 9 }), [cycle]);
  t.is((await store.deps.versions.read()).n, before + 1);
  await t.throwsAsync(store.renewLease(fence, 1000), { code: 'lease_lost' });
  await t.throwsAsync(store.finishCycle({ ...cycle, memory_end_mb: 1 }, fence), {
    code: 'lease_lost',
  });
});

test('abandoned, unheard: it is abandoned', async (t) => {
  const { bed, store } = await begun(t);
  const other = bed.open();
  await afterLoss(t, bed, () => other.abandon('a', 'gone'));
  t.like(await store.cycles({ limit: 9 }), [{ status: 'failed', errors: [{ message: 'gone' }] }]);
  t.like(await other.beginCycle(startOf(bed, 'cycle-2', 'b')), { granted: true, closed: [] });
});

test('progress, a longer lease and the state of upkeep, unheard: written as they are', async (t) => {
  const { bed, store, fence } = await begun(t);
  const cycle = newCycle('cycle-1', toIso(0), 'manual', 77);
  await afterLoss(t, bed, () => store.updateCycle(cycle, fence));
  t.deepEqual(await store.cycles({ limit: 9 }), [cycle]);
  await afterLoss(t, bed, () => store.renewLease(fence, 600_000));
  t.is((await store.deps.lease.read())?.document.expires_at, '2026-01-15T12:10:00.000Z');
  const state = { refreshed_at: toIso(1), sweep: null };
  await afterLoss(t, bed, () => store.saveUpkeepState(state, fence));
  t.deepEqual(await store.upkeepState(), state);
});

test('a request, unheard: accepted all the same; taken, unheard: handed out, once', async (t) => {
  const bed = await cosmosBed(t);
  const [store, other] = [bed.open(), bed.open()];
  t.deepEqual(await afterLoss(t, bed, () => store.requestCycle('wish-1')), {
    ...{ accepted: true, cycle_id: 'wish-1' },
  });
  bed.standIn.faults.add({ ...LOST, container: 'control' });
  await t.throwsAsync(other.takeRequest());
  t.is(await store.takeRequest(), null, 'it is taken');
  t.deepEqual(await other.takeRequest(), { cycle_id: 'wish-1' });
  t.is(await other.takeRequest(), null);
});

test('of two that take a request one gets it', async (t) => {
  const bed = await cosmosBed(t);
  const stores = Array.from({ length: 4 }, () => bed.open());
  await stores[0]?.requestCycle('wish-1');
  const taken = await Promise.all(stores.map((store) => store.takeRequest()));
  t.deepEqual(
    taken.filter((each) => each !== null),
    [{ cycle_id: 'wish-1' }],
  );
});

test('paused and resumed, unheard', async (t) => {
  const bed = await cosmosBed(t);
  const store = bed.open();
  const pause = { since: '2026-01-15T12:00:00.000Z', reason: 'moving' };
  t.deepEqual(await afterLoss(t, bed, () => store.pause('moving')), pause);
  t.deepEqual(await afterLoss(t, bed, () => store.resume()), pause);
  t.is(await store.resume(), null);
});

test('what was left out is counted once however often its noting is repeated', async (t) => {
  const { bed, store, fence } = await begun(t);
  const item = (id: string, subreddit: string) => ({ kind: 'post' as const, id, subreddit });
  const answers = { fence, omitted: [item('a', 'aws'), item('b', 'Claude')], given: [] };
  // Read again at once, a lost answer is known; when that fails, too, the call is made again.
  const { faults } = bed.standIn;
  faults.add([
    { ...LOST, container: 'items', skip: 1 },
    { kind: 'reset', operation: 'read', container: 'items', skip: 2 },
  ]);
  await t.throwsAsync(store.noteAnswers(answers));
  faults.heal();
  await store.noteAnswers(answers);
  const times = async () =>
    (await store.omissions(9)).map((each) => [each.subreddit, each.id, each.times]);
  t.deepEqual(await times(), [
    ['aws', 'a', 1],
    ['Claude', 'b', 1],
  ]);
  await store.noteAnswers({ ...answers });
  t.deepEqual(await times(), [
    ['aws', 'a', 2],
    ['Claude', 'b', 2],
  ]);
});

/** A store whose first noting of answers is carried out, and unheard when others have done something. */
function unheard(bed: Bed, meanwhile: () => Promise<unknown>): OpenControl {
  return bed.open({
    after: once('noteAnswers batch', async () => {
      await meanwhile();
      throw new AppError('store_timeout', 'no answer');
    }),
  });
}

const ofClaude = (id: string) => ({ kind: 'post' as const, id, subreddit: 'claude' });

test('noted, unheard, and followed by an import before the next look: counted once', async (t) => {
  const { bed, store, fence } = await begun(t);
  const posts = [aPost({ id: 'imported' })];
  const batch = { subreddit: 'claude', keepHistory: false, posts, comments: [] };
  const other = unheard(bed, () => importItems(bed.open().deps, batch));
  const omitted = [ofClaude('a')];
  for (const times of [1, 2, 3]) {
    await other.noteAnswers({ fence, omitted, given: [] });
    t.like(await store.omissions(9), [{ id: 'a', times }]);
  }
});

test('noted, unheard, and no omission any more by then: it stays none', async (t) => {
  const { bed, store, fence } = await begun(t);
  const posts = [aPost({ id: 'a' }), aPost({ id: 'b' })];
  await importItems(store.deps, { subreddit: 'claude', keepHistory: false, posts, comments: [] });
  const blanking = { fence, subreddit: 'claude', items: [{ kind: 'post' as const, id: 'a' }] };
  const other = unheard(bed, () => blank(bed.open().deps, blanking));
  await other.noteAnswers({ fence, omitted: [ofClaude('a'), ofClaude('b')], given: [] });
  t.like(await store.omissions(9), [{ id: 'b', times: 1 }]);
});

test('of answers that were noted only the last few are remembered', async (t) => {
  const { store, fence } = await begun(t);
  for (let n = 0; n < 20; n += 1) {
    await store.noteAnswers({ fence, omitted: [ofClaude('a')], given: [] });
  }
  t.like(await store.omissions(9), [{ times: 20 }]);
  const { items } = store.deps.account;
  const document = await items.read<OmissionsDocument>('look', 'claude', '_omissions');
  t.is(document?.noted?.length, 8);
});
