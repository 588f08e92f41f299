import { AppError } from '../../../errors.js';
import type { Fence } from '../../store.js';
import type { Account } from '../account.js';
import { LEASE_ID, type LeaseDocument, SCOPE, type Seen, seenOf } from './documents.js';

/** Whether a fence still gives leave to write. */
export interface LeaseCheck {
  /**
   * Without asking the account: refuses a fence that this store knows to be over, for it has finished
   * or abandoned its cycle, or has begun another. To be called before every write under a fence,
   * as nothing in a `_head` tells that its own writer has finished.
   * @throws AppError `lease_lost`
   */
  check(fence: Fence): void;
  /**
   * Reads the lease, and answers whose cycle it is. One that has run out and that nobody took over is still its holder's: nothing
   * has happened that a late write could disturb.
   * @throws AppError `lease_lost`
   */
  require(fence: Fence): Promise<{ cycle_id: string }>;
}

/** What calls that change the lease share. */
export interface Leases extends LeaseCheck {
  /** Null: nobody ever had it. */
  read(): Promise<Seen<LeaseDocument> | null>;
  /** As it was last written or read by the fence's holder, else read; refuses another's. */
  held(fence: Fence): Promise<Seen<LeaseDocument>>;
  /** Remembers it as it was written by its holder; without an ETag it is to be read again. */
  keep(lease: LeaseDocument, etag: string | null | undefined): void;
  /** What is remembered has turned out to be out of date. */
  forget(): void;
  /** Fences up to this epoch are over. */
  end(epoch: number): void;
}

export type HeldLease = {
  [Key in keyof LeaseDocument]: NonNullable<LeaseDocument[Key]>;
};

export function isHeld(lease: LeaseDocument): lease is HeldLease {
  return lease.holder !== null;
}

/** Held and not expired at `now`, as far as two clocks agree: for what is shown, not for who may write. */
export function isAlive(lease: LeaseDocument, now: string): lease is HeldLease {
  return isHeld(lease) && lease.expires_at > now;
}

export function cosmosLeases({ account }: { account: Pick<Account, 'control'> }): Leases {
  let remembered: Seen<LeaseDocument> | null = null;
  let over = 0;

  const read = async () => {
    const stored = await account.control.read<LeaseDocument>('lease', SCOPE, LEASE_ID);
    return stored === null ? null : seenOf(stored);
  };
  const end = (epoch: number) => {
    over = Math.max(over, epoch);
  };
  const check = (fence: Fence) => {
    if (fence.epoch <= over) throw leaseLost(fence, null);
  };
  const readHeld = async (fence: Fence) => {
    check(fence);
    const seen = await read();
    if (seen === null || !isHeld(seen.document) || seen.document.epoch !== fence.epoch) {
      throw leaseLost(fence, seen?.document ?? null);
    }
    remembered = seen;
    return { seen, cycle_id: seen.document.cycle_id };
  };

  return {
    ...{ read, check, end },
    require: async (fence) => ({ cycle_id: (await readHeld(fence)).cycle_id }),
    held: async (fence) => {
      check(fence);
      return remembered?.document.epoch === fence.epoch ? remembered : (await readHeld(fence)).seen;
    },
    keep: (document, etag) => {
      remembered = etag ? { document, etag } : null;
    },
    forget: () => {
      remembered = null;
    },
  };
}

/** Keeps the epoch: the next holder counts on from it. */
export function releasedLease(lease: LeaseDocument): LeaseDocument {
  return { ...lease, holder: null, cycle_id: null, expires_at: null, closed: [] };
}

export function leaseLost(fence: Fence, lease: LeaseDocument | null): AppError {
  const details = {
    ...{ epoch: fence.epoch, current_epoch: lease?.epoch ?? null },
    ...{ holder: lease?.holder ?? null },
  };
  return new AppError('lease_lost', 'Another collector has taken over', { details });
}
