import { AppError } from '../../errors.js';
import type { Fence } from '../store.js';
import { type Db, one, run } from './db.js';

/** `holder`, `cycle_id` and `expires_at` are null together, while nobody holds it. */
export interface Lease {
  epoch: number;
  holder: string | null;
  cycle_id: string | null;
  expires_at: string | null;
}

export function readLease(db: Db): Lease {
  const lease = one<Lease>(db, 'SELECT epoch, holder, cycle_id, expires_at FROM lease');
  if (lease === undefined) throw new Error('the lease row is missing');
  return lease;
}

export type HeldLease = { [Key in keyof Lease]: NonNullable<Lease[Key]> };

export function isHeld(lease: Lease): lease is HeldLease {
  return lease.holder !== null;
}

/** Held and not expired at `now`, as far as two clocks agree: for what is shown, not for who may write. */
export function isAlive(lease: Lease, now: string): lease is HeldLease {
  return isHeld(lease) && lease.expires_at > now;
}

/**
 * A lease that has run out and that nobody took over is still its holder's: nothing has happened that
 * a late write could disturb.
 * @throws AppError `lease_lost`
 */
export function requireLease(db: Db, fence: Fence): void {
  const lease = readLease(db);
  if (lease.holder === null || lease.epoch !== fence.epoch) {
    throw new AppError('lease_lost', 'Another collector has taken over', {
      details: { epoch: fence.epoch, current_epoch: lease.epoch, holder: lease.holder },
    });
  }
}

export function writeLease(db: Db, lease: Lease): void {
  run(
    db,
    'UPDATE lease SET epoch = @epoch, holder = @holder, cycle_id = @cycle_id, expires_at = @expires_at',
    lease,
  );
}

/** Keeps the epoch: the next holder counts on from it. */
export function releaseLease(db: Db): void {
  run(db, 'UPDATE lease SET holder = NULL, cycle_id = NULL, expires_at = NULL');
}
