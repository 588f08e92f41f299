import { type Clock, toIso } from '../clock.js';
import type { Cycle } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { Log } from '../log.js';
import type { CollectStore, Fence, ReadStore } from '../store/store.js';

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

/**
 * Takes the lease for a cycle, waiting as long as somebody else has it and saying who.
 * Answers `collectedBy` instead when that one finished a cycle meanwhile: the data is
 * fresh, and a second cycle right behind would only cost requests.
 *
 * @throws AppError `cancelled` when `stop` aborts the wait.
 */
export async function takeLease(
  newRecord: () => Cycle,
  { store, clock, log, holder, holderIsDead, leaseMs, mayBeSkipped }: LeaseDeps,
  stop: AbortSignal,
): Promise<{ fence: Fence; cycle: Cycle } | { collectedBy: string }> {
  const waitingSince = toIso(clock.now());
  let heldBy = '';
  for (;;) {
    if (heldBy !== '' && mayBeSkipped && (await collectedSince(waitingSince, clock, store)))
      return { collectedBy: heldBy };
    const cycle = newRecord();
    const grant = await store.beginCycle({ cycle, holder, leaseMs, holderIsDead });
    if (grant.granted) {
      for (const id of grant.closed) log.warn({ cycle: id }, 'closed a cycle whose process died');
      return { fence: grant.fence, cycle };
    }
    if (heldBy !== grant.holder) {
      heldBy = grant.holder;
      log.info(
        { held_by: heldBy, cycle: grant.cycle_id, expires_at: grant.expires_at },
        'waiting for the lease',
      );
    }
    await clock.sleep(LEASE_POLL_MS, stop);
    if (stop.aborted) throw new AppError('cancelled', `Gave up waiting: ${heldBy} has the lease`);
  }
}

async function collectedSince(
  since: string,
  clock: Clock,
  store: Pick<ReadStore, 'cycles'>,
): Promise<boolean> {
  const now = toIso(clock.now());
  const recent = await store.cycles({ limit: 5 });
  return recent.some(
    ({ finished_at, status }) =>
      finished_at !== null && finished_at > since && finished_at <= now && status !== 'failed',
  );
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
