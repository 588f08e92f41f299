import { toIso } from '../../clock.js';
import type { RateBudget } from '../../domain/rate-budget.js';
import type { IsoTime } from '../../domain/item.js';
import { type Db, one, run } from './db.js';

interface Row {
  /** JSON array of times. */
  sent_at: string;
  remaining: number | null;
  reset_at: IsoTime;
  blocked_until: IsoTime;
}

export function readRateBudget(db: Db): RateBudget | null {
  const row = one<Row>(db, 'SELECT sent_at, remaining, reset_at, blocked_until FROM rate_budget');
  if (row === undefined) return null;
  return {
    sentAt: (JSON.parse(row.sent_at) as IsoTime[]).map(Date.parse),
    remaining: row.remaining,
    resetAt: Date.parse(row.reset_at),
    blockedUntil: Date.parse(row.blocked_until),
  };
}

/** To be run in an immediate transaction. */
export function writeRateBudget(db: Db, budget: RateBudget): void {
  const row: Row = {
    sent_at: JSON.stringify(budget.sentAt.map(toIso)),
    remaining: budget.remaining,
    reset_at: toIso(budget.resetAt),
    blocked_until: toIso(budget.blockedUntil),
  };
  run(
    db,
    `INSERT INTO rate_budget (one, sent_at, remaining, reset_at, blocked_until)
     VALUES (1, @sent_at, @remaining, @reset_at, @blocked_until)
     ON CONFLICT (one) DO UPDATE SET sent_at = excluded.sent_at, remaining = excluded.remaining,
       reset_at = excluded.reset_at, blocked_until = excluded.blocked_until`,
    row,
  );
}
