import test, { type ExecutionContext } from 'ava';
import { type Clock, toIso } from '../../src/clock.js';
import { keepLease, type LeaseDeps, takeLease } from '../../src/collect/lease.js';
import { type Cycle, newCycle } from '../../src/domain/cycle.js';
import { openStore } from '../../src/store/open.js';
import type { Fence, Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog, silentLog } from '../support/log.js';
import { temporaryStore } from '../support/store.js';

const LEASE_MS = 120_000;
const POLL_MS = 1000;
const TEN_MINUTES = 600_000;
const never = new AbortController().signal;

interface Machine {
  store: Store;
  take(id: string): Promise<{ fence: Fence; cycle: Cycle } | { collectedBy: string }>;
  keep(fence: Fence, finished: AbortSignal): { lost: boolean };
  finish(cycle: Cycle, fence: Fence): Promise<void>;
  lines: ReturnType<typeof recordingLog>['lines'];
}

/** Two machines on one store. Time passes equally on both; their clocks differ by `aheadMs`. */
async function machines(t: ExecutionContext, aheadMs: number) {
  const clock = new ManualClock();
  const { config } = await temporaryStore(t, { clock });
  const machine = async (name: string, offsetMs: number): Promise<Machine> => {
    const own: Clock = {
      now: () => clock.now() + offsetMs,
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const store = await openStore(config, { clock: own, log: silentLog });
    t.teardown(() => store.close());
    const { log, lines } = recordingLog();
    const deps: LeaseDeps = {
      ...{ store, log, clock: own, leaseMs: LEASE_MS, mayBeSkipped: true },
      holder: `${name}:1:0:0`,
      holderIsDead: () => false,
    };
    return {
      ...{ store, lines },
      take: (id) => takeLease(() => newCycle(id, toIso(own.now()), 'schedule', 50), deps, never),
      keep(fence, finished) {
        const state = { lost: false };
        const lost = () => {
          state.lost = true;
        };
        void keepLease(fence, deps, finished, lost);
        return state;
      },
      finish: (cycle, fence) =>
        store.finishCycle(
          { ...cycle, status: 'succeeded', finished_at: toIso(own.now()), duration_ms: 1 },
          fence,
        ),
    };
  };
  return { clock, one: await machine('one', 0), other: await machine('other', aheadMs) };
}

async function granted(taking: ReturnType<Machine['take']>) {
  const taken = await taking;
  if ('collectedBy' in taken) throw new Error(`collected by ${taken.collectedBy}`);
  return taken;
}

for (const [how, aheadMs] of [
  ['ahead', TEN_MINUTES],
  ['behind', -TEN_MINUTES],
  ['right', 0],
] as const) {
  test(`a clock ${how}: a living holder is not robbed, and who waited does nothing`, async (t) => {
    const { clock, one, other } = await machines(t, aheadMs);
    const { cycle, fence } = await granted(one.take('first'));
    const finished = new AbortController();
    const kept = one.keep(fence, finished.signal);
    const waiting = other.take('second');
    await clock.advance(10 * LEASE_MS);
    t.false(kept.lost);
    finished.abort();
    await one.finish(cycle, fence);
    await clock.advance(POLL_MS);
    t.deepEqual(await waiting, { collectedBy: 'one:1:0:0' });
    const cycles = await one.store.cycles({ limit: 9 });
    t.deepEqual(
      cycles.map(({ id, status }) => [id, status]),
      [['first', 'succeeded']],
    );
    t.is(other.lines.filter(({ msg }) => msg === 'waiting for the lease').length, 1);
  });

  test(`a clock ${how}: what a dead holder left is taken after the length of a lease`, async (t) => {
    const { clock, one, other } = await machines(t, aheadMs);
    const { fence } = await granted(one.take('dead'));
    const kept = one.keep(fence, AbortSignal.abort()); // as one that is gone does: not at all
    const began = clock.monotonic();
    let tookMs = 0;
    const taking = granted(other.take('next')).then((taken) => {
      tookMs = clock.monotonic() - began;
      return taken;
    });
    await clock.advance(LEASE_MS - 1);
    t.is(tookMs, 0);
    await clock.advance(POLL_MS + 1);
    const next = await taking;
    t.true(tookMs >= LEASE_MS && tookMs <= LEASE_MS + POLL_MS, `${tookMs} ms`);
    t.false(kept.lost);
    await t.throwsAsync(one.store.renewLease(fence, LEASE_MS), { code: 'lease_lost' });
    const dead = (await other.store.cycles({ limit: 9 })).find(({ id }) => id === 'dead');
    t.is(dead?.status, 'failed');
    await other.finish(next.cycle, next.fence);
    await granted(one.take('after it')); // the older clock is no obstacle to the next one
  });
}

test('a holder that renews now and then, but always in time, keeps its lease', async (t) => {
  const { clock, one, other } = await machines(t, 0);
  const { cycle, fence } = await granted(one.take('first'));
  const waiting = other.take('second');
  for (let renewal = 0; renewal < 5; renewal += 1) {
    await clock.advance(LEASE_MS - 2 * POLL_MS);
    await one.store.renewLease(fence, LEASE_MS);
  }
  await one.finish(cycle, fence);
  await clock.advance(POLL_MS);
  t.deepEqual(await waiting, { collectedBy: 'one:1:0:0' });
});

test('who was paused while waiting does not take for unrenewed what was renewed meanwhile', async (t) => {
  const { clock, one, other } = await machines(t, 0);
  const { fence } = await granted(one.take('first'));
  const waiting = other.take('second');
  await clock.advance(POLL_MS / 2);
  await one.store.renewLease(fence, 2 * LEASE_MS);
  await clock.advance(LEASE_MS); // it looks again, and sees another lease than the one it knew
  await t.notThrowsAsync(one.store.renewLease(fence, LEASE_MS));
  await clock.advance(LEASE_MS + POLL_MS);
  t.false('collectedBy' in (await waiting));
});
