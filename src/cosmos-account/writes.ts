import { deleteCharge, insertCharge, readCharge, replaceCharge } from './charges.js';
import { type Container, partitionAt, partitionKeyOf, type Range } from './container.js';
import { isGone, readId, storedOf } from './documents.js';
import type { Partition, Stored } from './partition.js';
import { badRequest, conflict, notFound, preconditionFailed, Refusal } from './refusals.js';
import type { Stamps } from './stamps.js';
import type { JsonObject } from './values.js';

/** Where a request's items are, and when it happens. */
export interface Scope {
  container: Container;
  range: Range;
  /** The partition's name: its key as JSON. */
  name: string;
  nowMs: number;
  stamps: Stamps;
}

export interface Outcome {
  status: number;
  /** The item as it is now; undefined after a deletion. */
  stored: Stored | undefined;
  charge: number;
}

export type Operation =
  | { type: 'Create' | 'Upsert'; body: JsonObject; ifMatch?: string | undefined }
  | { type: 'Replace'; id: string; body: JsonObject; ifMatch?: string | undefined }
  | { type: 'Delete'; id: string; ifMatch?: string | undefined }
  | { type: 'Read'; id: string; ifNoneMatch?: string | undefined };

/** What an operation replaced, so that it can be taken back. */
export interface Change {
  partition: Partition;
  id: string;
  before: Stored | undefined;
}

/** An operation that was refused costs like a read of 1 KB. */
export const REFUSED_RU = readCharge(0);

/**
 * Carries out one operation. Nothing is changed when it throws.
 *
 * @param changes receives what a write replaced; the caller commits it.
 * @throws Refusal 400, 404, 409, 412 or 413, as the service answers.
 */
export function perform(scope: Scope, operation: Operation, changes: Change[]): Outcome {
  switch (operation.type) {
    case 'Create':
      return insert(scope, operation.body, changes);
    case 'Upsert': {
      const id = readId(operation.body.id);
      if (current(scope, id) === undefined) return insert(scope, operation.body, changes);
      return replace(scope, id, operation.body, operation.ifMatch, changes);
    }
    case 'Replace':
      return replace(scope, operation.id, operation.body, operation.ifMatch, changes);
    case 'Delete': {
      const before = existing(scope, operation.id, operation.ifMatch);
      put(scope, operation.id, undefined, changes);
      const charge = deleteCharge(before.size, before.terms);
      return { status: 204, stored: undefined, charge };
    }
    case 'Read': {
      const stored = existing(scope, operation.id, undefined);
      const charge = readCharge(stored.size);
      return { status: stored.etag === operation.ifNoneMatch ? 304 : 200, stored, charge };
    }
  }
}

/** The item of this id, unless its time has come; then it is removed. */
export function current(scope: Scope, id: string): Stored | undefined {
  const partition = scope.range.partitions.get(scope.name);
  const stored = partition?.items.get(id);
  if (partition === undefined || stored === undefined) return undefined;
  if (!isGone(stored, scope.container.defaultTtl, scope.nowMs)) return stored;
  partition.put(id, undefined);
  return undefined;
}

function existing(scope: Scope, id: string, ifMatch: string | undefined): Stored {
  const stored = current(scope, id);
  if (stored === undefined) throw notFound();
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== stored.etag) {
    throw preconditionFailed();
  }
  return stored;
}

function insert(scope: Scope, body: JsonObject, changes: Change[]): Outcome {
  const id = readId(body.id);
  checkPartition(scope, body);
  if (current(scope, id) !== undefined) throw conflict();
  const stored = stamped(scope, id, body, scope.container.created + 1);
  scope.container.created += 1;
  put(scope, id, stored, changes);
  return { status: 201, stored, charge: insertCharge(stored.size, stored.terms) };
}

function replace(
  scope: Scope,
  id: string,
  body: JsonObject,
  ifMatch: string | undefined,
  changes: Change[],
): Outcome {
  if (readId(body.id) !== id) {
    throw badRequest("The id of the item's body does not match the one of the request.");
  }
  checkPartition(scope, body);
  const { sequence } = existing(scope, id, ifMatch);
  const stored = stamped(scope, id, body, sequence);
  put(scope, id, stored, changes);
  return { status: 200, stored, charge: replaceCharge(stored.size, stored.terms) };
}

function stamped(scope: Scope, id: string, body: JsonObject, sequence: number): Stored {
  const { container, stamps } = scope;
  return storedOf(container, id, body, {
    etag: stamps.etag(),
    sequence,
    seconds: stamps.seconds(),
  });
}

function checkPartition({ container, name }: Scope, body: JsonObject): void {
  const key = partitionKeyOf(container, body);
  if ((key === undefined ? '{}' : JSON.stringify(key)) === name) return;
  throw new Refusal(
    400,
    "PartitionKey extracted from document doesn't match the one specified in the header. Learn more: https://aka.ms/CosmosDB/sql/errors/wrong-pk-value",
    { substatus: 1001 },
  );
}

function put(
  { range, name }: Scope,
  id: string,
  stored: Stored | undefined,
  changes: Change[],
): void {
  const partition = partitionAt(range, name);
  changes.push({ partition, id, before: partition.put(id, stored) });
}

/** Makes changes visible as one commit of the range. */
export function commit(range: Range, changes: readonly Change[], replicaLag: number): void {
  if (changes.length === 0) return;
  range.lsn += 1;
  if (replicaLag === 0) return;
  range.undo.push(...changes.map((change) => ({ ...change, lsn: range.lsn })));
  range.undo = range.undo.filter(({ lsn }) => lsn > range.lsn - replicaLag);
}

/** Takes changes back, the latest first. */
export function rollBack(changes: readonly Change[]): void {
  for (const { partition, id, before } of [...changes].reverse()) partition.put(id, before);
}
