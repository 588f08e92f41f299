import type { IsoTime, Kind } from '../../domain/item.js';
import { type Db, run } from './db.js';
import { readLease } from './lease.js';

/** Why text and author went: Reddit's word, or its repeated silence; or their time is over. */
type Reason = 'deleted' | 'removed' | 'omitted' | 'expired';

/** Counts what one transaction blanks, for the audit record. */
export class Blankings {
  readonly #counts = new Map<string, { reason: Reason; kind: Kind; items: number }>();
  #total = 0;

  add(kind: Kind, reason: Reason): void {
    const key = `${reason} ${kind}`;
    const { items } = this.#counts.get(key) ?? { items: 0 };
    this.#counts.set(key, { reason, kind, items: items + 1 });
    this.#total += 1;
  }

  get total(): number {
    return this.#total;
  }

  /** To be run in the same transaction: under the lease, or by the job of that name. */
  write(db: Db, at: IsoTime, job?: string): void {
    const cycle_id = job ?? (this.#total === 0 ? null : readLease(db).cycle_id);
    for (const counted of this.#counts.values()) {
      run(
        db,
        `INSERT INTO blankings (at, cycle_id, reason, kind, items)
         VALUES (@at, @cycle_id, @reason, @kind, @items)
         ON CONFLICT (cycle_id, reason, kind) DO UPDATE SET
           at = max(at, excluded.at), items = items + excluded.items`,
        { at, cycle_id, ...counted },
      );
    }
  }
}
