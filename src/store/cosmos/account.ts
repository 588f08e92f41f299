/**
 * What the protocol needs of an account of Azure Cosmos DB, and nothing else. Behind it,
 * `account/` speaks to the SDK: every call has a deadline, its failures are classified once, what it
 * cost is counted, and an account that is away is noticed without asking it again and again.
 *
 * Every call throws AppError `store_unreachable`, `store_timeout`, `store_busy` (transient) or
 * `store_unusable`. A batch that fails with a transient error may have been committed all the same:
 * whoever sends one reads again before it goes on (write/commit.ts).
 */
export interface Account {
  /** Partition key `/subreddit`: posts, comments and what is derived from them. */
  items: Container;
  /** Partition key `/scope`: who may collect, cycles, the version. */
  control: Container;
  /**
   * Counts the sessions of its client: in another one than before, reads may find less than before.
   * Absent: there is only one.
   */
  session?: () => number;
  /** Releases everything; idempotent. */
  close(): Promise<void>;
}

export interface Container {
  /** By id within its partition; null: there is none. `shape` names the call in logs and figures. */
  read<T extends object>(
    shape: string,
    partition: string,
    id: string,
  ): Promise<Versioned<T> | null>;
  /**
   * Every document or value that it finds, all pages. An aggregate over one partition may come in parts, one for
   * a page (`sumOf`).
   */
  query<T>(shape: string, query: Query): Promise<T[]>;
  /** All operations or none, in one partition. */
  batch(shape: string, partition: string, operations: readonly Operation[]): Promise<BatchResult>;
}

/** A document as it is stored, with what the account adds to it. */
export type Versioned<T extends object> = T & {
  _etag: string;
  /** When it was last written, seconds since the epoch by the account's clock. */
  _ts: number;
};

export interface Query {
  text: string;
  parameters: Readonly<Record<`@${string}`, unknown>>;
  /** Null: all partitions. */
  partition: string | null;
}

export type Operation =
  | { kind: 'create' | 'upsert'; document: Identified }
  | { kind: 'replace'; document: Identified; ifMatch?: string }
  | { kind: 'delete'; id: string; ifMatch?: string };

export interface Identified {
  id: string;
}

export type BatchResult =
  /** By operation, in their order; null for one that leaves no document. */
  | { done: true; etags: (string | null)[] }
  /** Nothing was written: somebody else was here before (404, 409, 412), or it is too large (413). */
  | { done: false; status: 404 | 409 | 412 | 413; operation: number };

/** What the parts of a `COUNT` come to. */
export function sumOf(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum + part, 0);
}

/** Operations of one batch, by Azure. */
export const MAX_OPERATIONS = 100;
