import type { Clock } from '../clock.js';
import type { Cycle } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { Log } from '../log.js';
import type { CollectStore, Fence, LeaseSeen, ReadStore } from '../store/store.js';

export interface LeaseDeps {
  store: Pick<CollectStore, 'beginCycle' | 'renewLease'> & Pick<ReadStore, 'cycles'>;
  clock: Clock;
  log: Log;
  /** Names this run in the lease. */
  holder: string;
  holderIsDead: (holder: string) => boolean;
  leaseMs: number;
  /** False for a cycle that somebody asked for: it is run whoever has just collected. */
  mayBeSkipped: boolean;
}

/** How often a waiting collector looks whether the lease is free. */
const LEASE_POLL_MS = 1000;
/** Cycles to look through for one that we have waited for. */
const RECENT_CYCLES = 5;

/**
 * Takes the lease for a cycle, waiting as long as somebody else has it and saying who.
 * Answers `collectedBy` instead when that one finished a cycle meanwhile: the data is
 * fresh, and a second cycle right behind would only cost requests.
 *
 * Nothing here compares times of two machines. A holder counts as gone when its lease has
 * stood unrenewed for `leaseMs` before our own eyes: with a clock ahead of the holder's every
 * living lease would look expired, with one behind no dead one would.
 *
 * @throws AppError `cancelled` when `stop` aborts the wait.
 */
export async function takeLease(
  newRecord: () => Cycle,
  { store, clock, log, holder, holderIsDead, leaseMs, mayBeSkipped }: LeaseDeps,
  stop: AbortSignal,
): Promise<{ fence: Fence; cycle: Cycle } | { collectedBy: string }> {
  const waitedFor = new Map<string, string>();
  let seen: (LeaseSeen & { sinceMs: number }) | undefined;
  for (;;) {
    const collectedBy = mayBeSkipped ? await finishedBy(waitedFor, store) : undefined;
    if (collectedBy !== undefined) return { collectedBy };
    const cycle = newRecord();
    const start = { cycle, holder, leaseMs, holderIsDead };
    const unrenewed: LeaseSeen | undefined =
      seen !== undefined && clock.monotonic() - seen.sinceMs >= leaseMs ? seen : undefined;
    const grant = await store.beginCycle({ ...start, ...(unrenewed ? { unrenewed } : {}) });
    if (grant.granted) {
      for (const id of grant.closed) log.warn({ cycle: id }, 'closed a cycle whose process died');
      return { fence: grant.fence, cycle };
    }
    const { holder: heldBy, cycle_id, expires_at } = grant;
    if (seen?.cycle_id !== cycle_id || seen.expires_at !== expires_at) {
      seen = { cycle_id, expires_at, sinceMs: clock.monotonic() };
    }
    if (!waitedFor.has(cycle_id)) {
      log.info({ held_by: heldBy, cycle: cycle_id, expires_at }, 'waiting for the lease');
      waitedFor.set(cycle_id, heldBy);
    }
    await clock.sleep(LEASE_POLL_MS, stop);
    if (stop.aborted) throw new AppError('cancelled', `Gave up waiting: ${heldBy} has the lease`);
  }
}

/** Who, of those we waited for, finished a cycle that did not fail. */
async function finishedBy(
  waitedFor: ReadonlyMap<string, string>,
  store: Pick<ReadStore, 'cycles'>,
): Promise<string | undefined> {
  if (waitedFor.size === 0) return undefined;
  const recent = await store.cycles({ limit: RECENT_CYCLES });
  const good = recent.find(
    ({ id, status }) => waitedFor.has(id) && (status === 'succeeded' || status === 'partial'),
  );
  return good === undefined ? undefined : waitedFor.get(good.id);
}

/**
 * Renews the lease at a third of its life until `finished`; calls `lost` when somebody
 * else has it, or when it has run out because the store could not be reached.
 */
export async function keepLease(
  fence: Fence,
  { store, clock, log, leaseMs }: Omit<LeaseDeps, 'holder' | 'holderIsDead' | 'mayBeSkipped'>,
  finished: AbortSignal,
  lost: () => void,
): Promise<void> {
  let goodUntil = clock.monotonic() + leaseMs;
  for (;;) {
    await clock.sleep(leaseMs / 3, finished);
    if (finished.aborted) return;
    const asked = clock.monotonic();
    try {
      await store.renewLease(fence, leaseMs);
      goodUntil = asked + leaseMs;
    } catch (error) {
      const gone = error instanceof AppError && error.code === 'lease_lost';
      log.warn({ err: error, gone }, 'the lease was not renewed');
      if (gone || clock.monotonic() >= goodUntil) {
        lost();
        return;
      }
    }
  }
}
