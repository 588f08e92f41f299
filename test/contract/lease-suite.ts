import { toIso } from '../../src/clock.js';
import { type Cycle, newCycle } from '../../src/domain/cycle.js';
import type { CycleStart, LeaseSeen } from '../../src/store/store.js';
import { aPost } from '../support/items.js';
import { define, type Implementation, NOW, type Scene } from './under-test.js';

/** The scene's own cycle is `cycle-1`, held by `test-host:1:0:0` for two minutes. */
export function start(scene: Scene, id: string, overrides: Partial<CycleStart> = {}): CycleStart {
  return {
    cycle: newCycle(id, toIso(scene.clock.now()), 'schedule', 40),
    holder: 'test-host:2:0:0',
    leaseMs: 120_000,
    holderIsDead: () => false,
    ...overrides,
  };
}

export function finished(id: string, overrides: Partial<Cycle> = {}): Cycle {
  return {
    ...newCycle(id, NOW, 'manual', 50),
    status: 'succeeded',
    finished_at: '2026-01-15T12:05:00.000Z',
    memory_end_mb: 60.5,
    duration_ms: 300_000.25,
    ...overrides,
  };
}

async function leaseSeen(scene: Scene): Promise<LeaseSeen> {
  const grant = await scene.store.beginCycle(start(scene, 'refused'));
  if (grant.granted) throw new Error('nobody had the lease');
  return { cycle_id: grant.cycle_id, expires_at: grant.expires_at };
}

const leaseLost = { code: 'lease_lost' };

/** Who may write for a cycle. */
export function leaseSuite(implementation: Implementation): void {
  define(implementation, 'a living lease is refused, naming who has it', async (t, scene) => {
    await scene.clock.advance(86_400_000); // clocks differ: what is left of it decides nothing
    t.deepEqual(await scene.store.beginCycle(start(scene, 'cycle-2')), {
      granted: false,
      holder: 'test-host:1:0:0',
      cycle_id: 'cycle-1',
      expires_at: '2026-01-15T12:02:00.000Z',
    });
  });

  define(implementation, 'an unrenewed lease is taken over and fenced off', async (t, scene) => {
    await scene.clock.advance(120_000);
    await scene.commit({ posts: [aPost()] }); // nobody has taken it: still the holder's
    const unrenewed = await leaseSeen(scene);
    const grant = await scene.store.beginCycle(start(scene, 'cycle-2', { unrenewed }));
    t.like(grant, { granted: true, closed: ['cycle-1'] });
    const { store, fence } = scene;
    await t.throwsAsync(scene.commit({ posts: [aPost({ id: 'late' })] }), leaseLost);
    await t.throwsAsync(store.renewLease(fence, 1000), leaseLost);
    await t.throwsAsync(store.updateCycle(finished('cycle-1'), fence), leaseLost);
    await t.throwsAsync(store.finishCycle(finished('cycle-1'), fence), leaseLost);
    t.is(await scene.reader.post('late'), null);
    const [second, first] = await scene.reader.cycles({ limit: 10 });
    t.like(second, { id: 'cycle-2', status: 'running', memory_start_mb: 40 });
    t.like(first, { id: 'cycle-1', status: 'failed', duration_ms: 120_000 });
    t.is(first?.errors[0]?.code, 'cancelled');
  });

  define(implementation, 'a dead holder loses its lease at once', async (t, scene) => {
    const asked: string[] = [];
    const holderIsDead = (holder: string) => asked.push(holder) > 0;
    const grant = await scene.store.beginCycle(start(scene, 'cycle-2', { holderIsDead }));
    t.like(grant, { granted: true, closed: ['cycle-1'] });
    t.deepEqual(asked, ['test-host:1:0:0']);
  });

  define(implementation, 'a holder may begin anew over its own lease', async (t, scene) => {
    const holder = 'test-host:1:0:0';
    const grant = await scene.store.beginCycle(start(scene, 'cycle-2', { holder }));
    t.like(grant, { granted: true, closed: ['cycle-1'] });
    await t.throwsAsync(scene.commit({ posts: [aPost()] }), leaseLost);
  });

  define(implementation, 'renewing counts from now, and keeps the lease', async (t, scene) => {
    const unrenewed = await leaseSeen(scene);
    await scene.clock.advance(100_000);
    await scene.store.renewLease(scene.fence, 60_000);
    t.like(await scene.store.beginCycle(start(scene, 'cycle-2', { unrenewed })), {
      granted: false,
      expires_at: '2026-01-15T12:02:40.000Z',
    });
    const other = { ...(await leaseSeen(scene)), cycle_id: 'cycle-0' };
    t.like(await scene.store.beginCycle(start(scene, 'cycle-2', { unrenewed: other })), {
      granted: false,
    });
    t.is((await scene.store.cycles({ limit: 9 })).length, 1);
  });

  define(implementation, 'finishing releases the lease, and fences off', async (t, scene) => {
    await scene.store.finishCycle(finished('cycle-1'), scene.fence);
    await t.throwsAsync(scene.commit({ posts: [aPost()] }), leaseLost);
    const grant = await scene.store.beginCycle(start(scene, 'cycle-2'));
    t.like(grant, { granted: true, closed: [] });
    t.true(grant.granted && grant.fence.epoch > scene.fence.epoch);
  });

  define(implementation, 'abandoning closes and frees, for that holder only', async (t, scene) => {
    t.deepEqual(await scene.store.abandon('test-host:9:0:0', 'killed'), []);
    await scene.commit({ posts: [aPost()] });
    await scene.clock.advance(1000);
    t.deepEqual(await scene.store.abandon('test-host:1:0:0', 'out of memory'), ['cycle-1']);
    const [cycle] = await scene.reader.cycles({ limit: 1 });
    t.like(cycle, { status: 'failed', finished_at: '2026-01-15T12:00:01.000Z' });
    t.like(cycle?.errors[0], { code: 'cancelled', message: 'out of memory', subreddit: null });
    await t.throwsAsync(scene.commit({ posts: [aPost({ id: 'late' })] }), leaseLost);
    t.like(await scene.store.beginCycle(start(scene, 'cycle-2')), { granted: true, closed: [] });
    t.deepEqual(await scene.store.abandon('test-host:1:0:0', 'again'), []);
  });
}
