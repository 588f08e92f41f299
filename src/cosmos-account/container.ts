import { type Indexing, readIndexing } from './indexing.js';
import { createPartition, type Partition, type Stored } from './partition.js';
import { effectiveKey, MIDDLE } from './partition-hash.js';
import { badRequest, unsupported } from './refusals.js';
import type { createSlabs } from './slabs.js';
import { type Budget, createBudget } from './throttle.js';
import { isObject, type Json, type JsonObject, type Value, valueAt } from './values.js';
import type { Clock } from '../clock.js';

/** One of a container's two partition ranges. */
export interface Range {
  id: string;
  minInclusive: string;
  maxExclusive: string;
  /** Counts the commits; session tokens are made of it. */
  lsn: number;
  /** By partition key as JSON. */
  partitions: Map<string, Partition>;
  budget: Budget;
  /** What the latest commits replaced, oldest first; empty unless a lagging replica is asked for. */
  undo: Replaced[];
}

export interface Replaced {
  lsn: number;
  partition: Partition;
  id: string;
  before: Stored | undefined;
}

export interface Container {
  id: string;
  /** Eight bytes, in base64 with `-` for `/`. */
  rid: string;
  databaseRid: string;
  /** As it was sent, with what the system adds. */
  definition: JsonObject;
  partitionPath: readonly string[];
  indexing: Indexing;
  /** Seconds; -1: items may have their own; undefined: nothing expires. */
  defaultTtl: number | undefined;
  ranges: readonly [Range, Range];
  /** RU per second that it was created with; undefined: its database's. */
  offered: number | undefined;
  /** Sequence numbers given to items. */
  created: number;
  /** Keeps the bytes of an item. */
  keep: ReturnType<typeof createSlabs>;
}

/** The part of a container that its definition decides. */
export interface Definition {
  partitionPath: readonly string[];
  indexing: Indexing;
  defaultTtl: number | undefined;
}

const MAX_TTL = 2_147_483_647;
/** Properties of a definition that this server knows; the others would be accepted in vain. */
const KNOWN = ['id', 'partitionKey', 'indexingPolicy', 'defaultTtl'];
const SYSTEM = ['_rid', '_self', '_etag', '_ts', '_docs', '_sprocs', '_triggers', '_udfs'];
const IGNORED = ['_conflicts', 'conflictResolutionPolicy', 'geospatialConfig'];

/** @throws Refusal 400 for what the service does not take, or this server does not do. */
export function readDefinition(body: JsonObject): Definition {
  const unknown = Object.keys(body).find(
    (name) => ![...KNOWN, ...SYSTEM, ...IGNORED].includes(name),
  );
  if (unknown !== undefined) throw unsupported(`The property ${unknown} of a container`);
  const key = body.partitionKey;
  if (!isObject(key) || !Array.isArray(key.paths)) {
    throw badRequest('Partition key definition is missing: a container has partitionKey.paths.');
  }
  const [path] = key.paths;
  if (key.paths.length !== 1 || (key.kind ?? 'Hash') !== 'Hash') {
    throw unsupported('A partition key of several paths');
  }
  if ((key.version ?? 2) !== 2) throw unsupported('A partition key of version 1');
  if (typeof path !== 'string' || !/^(\/[^/]+)+$/.test(path)) {
    throw badRequest(
      `The partition key component definition path '${JSON.stringify(path)}' is invalid.`,
    );
  }
  return {
    partitionPath: path.split('/').slice(1),
    indexing: readIndexing(body.indexingPolicy),
    defaultTtl: readTtl(body.defaultTtl, 'defaultTtl'),
  };
}

/** @throws Refusal 400 unless it is -1 or from 1 to 2147483647 seconds. */
export function readTtl(ttl: Value, name: string): number | undefined {
  if (ttl === undefined || ttl === null) return undefined;
  const valid =
    typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= -1 && ttl !== 0 && ttl <= MAX_TTL;
  if (valid) return ttl;
  throw badRequest(
    `The input ${name} '${JSON.stringify(ttl)}' is invalid. Ensure to provide a nonzero positive integer less than or equal to ${MAX_TTL}, or -1.`,
  );
}

/** Of the two ranges, in their order. */
export type Budgets = readonly [Budget, Budget];

/** As the service does, the throughput is divided evenly between the ranges. */
export function createBudgets(clock: Clock, perSecond: number): Budgets {
  return [createBudget(clock, perSecond / 2), createBudget(clock, perSecond / 2)];
}

export function createRanges([low, high]: Budgets): readonly [Range, Range] {
  const range = (
    id: string,
    minInclusive: string,
    maxExclusive: string,
    budget: Budget,
  ): Range => ({
    ...{ id, minInclusive, maxExclusive, lsn: 1, partitions: new Map(), undo: [], budget },
  });
  return [range('0', '', MIDDLE, low), range('1', MIDDLE, 'FF', high)];
}

/** Where items of a partition key are. `undefined` stands for items that lack it. */
export function placeOf(
  container: Container,
  value: Json | undefined,
): { range: Range; name: string } {
  const name = value === undefined ? '{}' : JSON.stringify(value);
  const [low, high] = container.ranges;
  if (low.partitions.has(name)) return { range: low, name };
  if (high.partitions.has(name)) return { range: high, name };
  return { range: effectiveKey(value ?? {}) < MIDDLE ? low : high, name };
}

export function partitionAt(range: Range, name: string): Partition {
  const known = range.partitions.get(name);
  if (known !== undefined) return known;
  const made = createPartition(name);
  range.partitions.set(name, made);
  return made;
}

/** The partition key of an item's body; undefined when it lacks it. */
export function partitionKeyOf(container: Container, body: JsonObject): Value {
  return valueAt(body, container.partitionPath);
}

const MAX_KEY_BYTES = 2048;

/**
 * What the header says: a JSON array of one value, `{}` in it for items without the key.
 *
 * @throws Refusal 400 for anything else.
 */
export function readPartitionKey(header: string): Json | undefined {
  let given: unknown;
  try {
    given = JSON.parse(header);
  } catch {
    given = undefined;
  }
  const wrong = () =>
    badRequest(`Partition key ${header} is invalid: it is a JSON array of one value.`);
  if (!Array.isArray(given) || given.length !== 1) throw wrong();
  const [value] = given as Json[];
  if (Array.isArray(value)) throw wrong();
  if (isObject(value)) {
    if (Object.keys(value).length > 0) throw wrong();
    return undefined;
  }
  if (typeof value === 'string' && Buffer.byteLength(value) > MAX_KEY_BYTES) {
    throw badRequest('Partition key exceeds the maximum length of 2048 bytes.');
  }
  return value;
}
