import type { Clock } from '../clock.js';
import {
  type Budgets,
  type Container,
  createBudgets,
  createRanges,
  partitionAt,
  partitionKeyOf,
  placeOf,
  readDefinition,
} from './container.js';
import { readBody, readId, storedOf } from './documents.js';
import { badRequest, conflict, notFound } from './refusals.js';
import { createSlabs } from './slabs.js';
import { bytesOfRid, createStamps, ridOf, type Stamps } from './stamps.js';
import type { JsonObject } from './values.js';

export interface Database {
  id: string;
  rid: string;
  etag: string;
  seconds: number;
  containers: Map<string, Container>;
  /** RU per second that its containers without their own share. */
  offered: number | undefined;
  /** What is left of them; null: each container has its own. */
  budgets: Budgets | null;
}

/**
 * RU per second of every container: none to keep to, what it was created with or its database for
 * all of its containers (400 when nothing was said, as the service has it), or the same for each.
 */
export type Throughput = 'unlimited' | 'offered' | number;

export interface AccountOptions {
  clock: Clock;
  throughput: Throughput;
  /** Commits of a range that a read without a session does not see; 0: it sees all. */
  replicaLag: number;
}

/** Everything the account holds. */
export interface Account {
  readonly options: AccountOptions;
  readonly databases: Map<string, Database>;
  readonly stamps: Stamps;
}

/** The service's least throughput, which is also what a container has when none is named. */
export const LEAST_RU = 400;

export function createAccount(options: AccountOptions): Account {
  return { options, databases: new Map(), stamps: createStamps(options.clock) };
}

/** @throws Refusal 400 for a wrong name, 409 for one that is taken. */
export function createDatabase(
  { databases, stamps, options: { clock, throughput } }: Account,
  body: JsonObject,
  offered: number | undefined,
): Database {
  const id = readId(body.id);
  if (databases.has(id)) throw conflict();
  const rid = ridOf(stamps.ridPart());
  const database: Database = {
    ...{ id, rid, offered, etag: stamps.etag(), seconds: stamps.seconds() },
    containers: new Map(),
    budgets:
      throughput === 'offered' && offered !== undefined ? createBudgets(clock, offered) : null,
  };
  databases.set(id, database);
  return database;
}

/** @throws Refusal 400 for a definition that is not accepted, 409 for a name that is taken. */
export function createContainer(
  account: Account,
  database: Database,
  body: JsonObject,
  offered: number | undefined,
): Container {
  const { stamps, options } = account;
  const id = readId(body.id);
  const definition = readDefinition(body);
  if (database.containers.has(id)) throw conflict();
  const rid = ridOf(Buffer.concat([bytesOfRid(database.rid), stamps.ridPart()]));
  const container: Container = {
    ...{ id, rid, offered, databaseRid: database.rid, created: 0, ...definition },
    keep: createSlabs(),
    definition: {
      ...{ ...body, indexingPolicy: definition.indexing.policy, _rid: rid },
      ...{ _ts: stamps.seconds(), _etag: stamps.etag() },
      _self: `dbs/${database.rid}/colls/${rid}/`,
      ...{ _docs: 'docs/', _sprocs: 'sprocs/', _triggers: 'triggers/', _udfs: 'udfs/' },
      _conflicts: 'conflicts/',
    },
    ranges: createRanges(budgetsOf(options, database, offered)),
  };
  database.containers.set(id, container);
  return container;
}

/** Its own, or a share in what was offered for its database. */
function budgetsOf(
  { clock, throughput }: AccountOptions,
  { budgets }: Database,
  offered: number | undefined,
): Budgets {
  if (offered === undefined && budgets !== null) return budgets;
  return createBudgets(clock, perSecond(throughput, offered));
}

function perSecond(throughput: Throughput, offered: number | undefined): number {
  if (throughput === 'unlimited') return Infinity;
  return throughput === 'offered' ? (offered ?? LEAST_RU) : throughput;
}

/**
 * Takes another indexing policy or time to live; the rest of a definition stays.
 *
 * @throws Refusal 400 for anything else.
 */
export function replaceContainer(
  { stamps }: Account,
  container: Container,
  body: JsonObject,
): Container {
  const next = readDefinition(body);
  const samePath = next.partitionPath.join('/') === container.partitionPath.join('/');
  if (body.id !== container.id || !samePath) {
    throw badRequest('The id and the partition key of a container cannot be changed.');
  }
  container.indexing = next.indexing;
  container.defaultTtl = next.defaultTtl;
  const { defaultTtl: _defaultTtl, ...rest } = container.definition;
  container.definition = {
    ...{ ...rest, ...body, indexingPolicy: next.indexing.policy, _rid: container.rid },
    _etag: stamps.etag(),
  };
  return container;
}

export function databaseOf(account: Account, id: string): Database {
  const database = account.databases.get(id);
  if (database === undefined) throw notFound();
  return database;
}

export function containerOf(account: Account, database: string, id: string): Container {
  const container = databaseOf(account, database).containers.get(id);
  if (container === undefined) throw notFound();
  return container;
}

export function describeDatabase({ id, rid, etag, seconds }: Database): JsonObject {
  return {
    ...{ id, _rid: rid, _self: `dbs/${rid}/`, _etag: etag, _ts: seconds },
    ...{ _colls: 'colls/', _users: 'users/' },
  };
}

/**
 * Puts items into a container without requests and charges: for tests and benchmarks that need
 * many. Later ones of the same id and partition replace earlier ones.
 *
 * @returns how many were given.
 * @throws Refusal as the requests would be refused.
 */
export function loadItems(
  { stamps }: Account,
  container: Container,
  documents: Iterable<JsonObject>,
): number {
  let loaded = 0;
  const seconds = stamps.seconds();
  for (const given of documents) {
    const body = readBody(given);
    const id = readId(body.id);
    const { range, name } = placeOf(container, partitionKeyOf(container, body));
    const partition = partitionAt(range, name);
    const before = partition.items.get(id);
    const sequence = before?.sequence ?? container.created + 1;
    if (before === undefined) container.created += 1;
    partition.put(id, storedOf(container, id, body, { etag: stamps.etag(), sequence, seconds }));
    loaded += 1;
  }
  for (const range of container.ranges) range.lsn += 1;
  return loaded;
}
