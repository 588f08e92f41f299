import type { Cycle } from '../../../domain/cycle.js';
import type { IsoTime } from '../../../domain/item.js';
import type { Pause } from '../../../domain/pause.js';
import type { RateBudget } from '../../../domain/rate-budget.js';
import type { ImportProgress } from '../../import-store.js';
import type { JobsHeartbeat } from '../../store.js';
import type { UpkeepState } from '../../upkeep-store.js';
import type { Versioned } from '../account.js';
import type { Blanked } from '../documents/documents.js';

/**
 * The documents of the container `control`. All have one value of its partition key `scope`, so
 * that what belongs together is written in one batch.
 *
 * | id | what |
 * |---|---|
 * | `lease` | who may collect |
 * | `version` | moves when readers see something new |
 * | `cycle:…` | the record of a cycle |
 * | `upkeep` | where refresh and sweep have got to |
 * | `heartbeat`, `request`, `pause`, `rate_budget` | what the runner, the API and commands tell each other |
 * | `job:…`, `import:…` | what daily jobs and imports remember of themselves |
 * | `blanked:…` | what another store's audit record says beyond those of the subreddits (move/blankings.ts) |
 */
export const SCOPE = 'sentimentagent';

export interface InControl {
  id: string;
  scope: typeof SCOPE;
}

/** `holder`, `cycle_id` and `expires_at` are null together, while nobody holds it. */
export interface LeaseDocument extends InControl {
  kind: 'lease';
  /** Counts the times it was taken, or taken away. */
  epoch: number;
  holder: string | null;
  cycle_id: string | null;
  /** By the holder's clock: for what is shown, not for who may write. */
  expires_at: IsoTime | null;
  /** Cycles that its holder closed as it began, should the answer to that be lost. */
  closed: string[];
}

export interface VersionDocument extends InControl {
  kind: 'version';
  /** Names the database: another one counts anew. */
  opening: string;
  /** The data version. */
  n: number;
  /** Counts the times that the finished cycles became others. */
  cycles: number;
}

/** Names what the record is of; a zombie cannot write it, for whoever takes over closes it. */
export interface CycleDocument extends InControl, Omit<Cycle, 'id'> {
  kind: 'cycle';
  cycle_id: string;
  holder: string;
  epoch: number;
}

/** Stamped with the epoch of every lease, as heads are, so that a zombie cannot write it. */
export interface UpkeepDocument extends InControl, UpkeepState {
  kind: 'upkeep';
  epoch: number;
}

export interface HeartbeatDocument extends InControl, JobsHeartbeat {
  kind: 'heartbeat';
}

export interface RequestDocument extends InControl {
  kind: 'request';
  cycle_id: string;
  requested_at: IsoTime;
  taken_at: IsoTime | null;
  /** The opening of the store that took it. */
  taken_by: string | null;
}

export interface PauseDocument extends InControl, Pause {
  kind: 'pause';
}

export interface RateBudgetDocument extends InControl, RateBudget {
  kind: 'rate_budget';
}

export interface JobDocument extends InControl {
  kind: 'job';
  succeeded_at: IsoTime;
}

export interface ImportDocument extends InControl, ImportProgress {
  kind: 'import';
  updated_at: IsoTime;
}

export interface CarriedDocument extends InControl, Blanked {}

/** A document as it was last seen, with the ETag that a change of it names. */
export interface Seen<T extends object> {
  document: T;
  etag: string;
}

export function seenOf<T extends object>(stored: Versioned<T>): Seen<T> {
  return { document: written<T>(stored), etag: stored._etag };
}

/** A document as it was written, without what the account added to it. */
export function written<T extends object>(stored: T): T {
  const document: Record<string, unknown> = { ...(stored as Record<string, unknown>) };
  for (const added of ['_etag', '_ts', '_rid', '_self', '_attachments']) delete document[added];
  return document as T;
}

export const LEASE_ID = 'lease';
export const VERSION_ID = 'version';
export const UPKEEP_ID = 'upkeep';
export const HEARTBEAT_ID = 'heartbeat';
export const REQUEST_ID = 'request';
export const PAUSE_ID = 'pause';
export const RATE_BUDGET_ID = 'rate_budget';

export const cycleDocumentId = (cycleId: string): string => `cycle:${cycleId}`;
export const jobId = (job: string): string => `job:${job}`;
