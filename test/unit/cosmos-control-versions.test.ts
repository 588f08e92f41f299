import test from 'ava';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import { type Call, cosmosBed, once } from '../support/cosmos-bed.js';

test('the version is created once, and counts every move of every store', async (t) => {
  const bed = await cosmosBed(t);
  const stores = Array.from({ length: 4 }, () => bed.open().deps.versions);
  const first = await Promise.all(stores.map((versions) => versions.read()));
  t.is(new Set(first.map(({ opening }) => opening)).size, 1);
  t.deepEqual(
    first.map(({ n }) => n),
    [0, 0, 0, 0],
  );
  const moves = stores.flatMap((versions) => [versions.bump(), versions.bump({ cycles: true })]);
  const numbers = await Promise.all(moves);
  t.deepEqual(
    numbers.sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  t.like(await stores[0]?.read(), { n: 8, cycles: 4 });
});

test('a move that failed is made up for by whoever asks next', async (t) => {
  const bed = await cosmosBed(t);
  const { versions } = bed.open().deps;
  const { n } = await versions.read();
  bed.standIn.faults.add({ kind: 'reset', operation: 'batch', container: 'control', count: 1 });
  await t.throwsAsync(versions.bump({ cycles: true }), { code: 'store_unreachable' });
  t.like(await versions.read(), { n: n + 1, cycles: 1 });
  t.like(await versions.read(), { n: n + 1, cycles: 1 });
});

test('moved by others between, a batch is written with the version after theirs', async (t) => {
  const bed = await cosmosBed(t);
  const other = bed.open().deps.versions;
  const store = bed.open({ before: once('updateCycle', () => other.bump()) });
  const cycle = newCycle('cycle-1', toIso(bed.clock.now()), 'manual', 40);
  const start = { cycle, holder: 'a', leaseMs: 1000, holderIsDead: () => false };
  const grant = await store.beginCycle(start);
  if (!grant.granted) throw new Error('refused');
  await store.updateCycle({ ...cycle, memory_end_mb: 5 }, grant.fence);
  t.is((await other.read()).n, 3);
  t.like(await store.cycles({ limit: 1 }), [{ memory_end_mb: 5 }]);
});

test('a cycle that goes on asks for nothing twice', async (t) => {
  const bed = await cosmosBed(t);
  const calls: string[] = [];
  const store = bed.open({
    before: ({ kind, shape }: Call) => void calls.push(`${kind} ${shape}`),
  });
  const cycle = newCycle('cycle-1', toIso(bed.clock.now()), 'manual', 40);
  const asked = async (act: () => Promise<unknown>) => {
    calls.length = 0;
    await act();
    return [...calls];
  };
  const grant = await store.beginCycle({
    ...{ cycle, holder: 'a', leaseMs: 1000, holderIsDead: () => false },
  });
  if (!grant.granted) throw new Error('refused');
  const { fence } = grant;
  t.deepEqual(await asked(() => store.updateCycle(cycle, fence)), ['batch updateCycle']);
  t.deepEqual(await asked(() => store.renewLease(fence, 1000)), ['batch renewLease']);
  const state = { refreshed_at: null, sweep: null };
  t.deepEqual(await asked(() => store.saveUpkeepState(state, fence)), ['batch upkeepState']);
  const finished = { ...cycle, status: 'succeeded' as const, finished_at: cycle.started_at };
  t.deepEqual(await asked(() => store.finishCycle(finished, fence)), ['batch finishCycle']);
  t.deepEqual(await asked(() => store.takeRequest()), ['read request']);
});

test('health asks one thing while nothing moves, and sees what other stores did', async (t) => {
  const bed = await cosmosBed(t);
  const calls: string[] = [];
  const store = bed.open({
    before: ({ kind, shape }: Call) => void calls.push(`${kind} ${shape}`),
  });
  const other = bed.open();
  const now = toIso(bed.clock.now());
  const cycle = newCycle('cycle-1', now, 'manual', 40);
  const start = { cycle, holder: 'a', leaseMs: 1000, holderIsDead: () => false };
  t.like(await store.healthFacts(now), { data_version: 0, running_cycle: null });
  const grant = await other.beginCycle(start);
  if (!grant.granted) throw new Error('refused');
  t.like(await store.healthFacts(now), { data_version: 1, running_cycle: 'cycle-1' });
  calls.length = 0;
  await other.heartbeat({ holder: 'a', pid: 1, memory_mb: 2, runs_skipped: 3 });
  await other.pause('why');
  t.like(await store.healthFacts(now), { paused: { reason: 'why' }, jobs: { at: now, pid: 1 } });
  t.deepEqual(calls, ['query health']);
  await other.finishCycle({ ...cycle, status: 'partial', finished_at: now }, grant.fence);
  t.like(await store.healthFacts(now), {
    ...{ running_cycle: null, collections_succeeded: 1, finished_24h: 1 },
    last_collection_at: now,
  });
});
