import type { Clock } from '../clock.js';
import { METADATA_RU } from './charges.js';
import {
  type Container,
  createRanges,
  partitionAt,
  partitionKeyOf,
  placeOf,
  readDefinition,
} from './container.js';
import { readBody, readId, storedOf, toRid } from './documents.js';
import { badRequest, conflict, notFound } from './refusals.js';
import type { JsonObject } from './values.js';

export interface Database {
  id: string;
  rid: string;
  etag: string;
  seconds: number;
  containers: Map<string, Container>;
  /** RU per second that its containers without their own have. */
  offered: number | undefined;
}

/**
 * RU per second of every container: none to keep to, what it was created with (400 when nothing
 * was said, as the service has it), or the same for all.
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
  databases: Map<string, Database>;
  newEtag(): string;
  createDatabase(body: JsonObject, offered: number | undefined): Database;
  createContainer(database: Database, body: JsonObject, offered: number | undefined): Container;
  /** Takes another indexing policy or time to live; the rest of a definition stays. */
  replaceContainer(container: Container, body: JsonObject): void;
}

/** The service's least throughput, which is also what a container has when none is named. */
const LEAST_RU = 400;

export function createAccount(options: AccountOptions): Account {
  const { clock } = options;
  const databases = new Map<string, Database>();
  let etags = 0;
  let made = 0;
  const seconds = () => Math.floor(clock.now() / 1000);
  const newEtag = () => {
    etags += 1;
    const hex = etags.toString(16).padStart(8, '0');
    return `"${hex}-0000-0100-0000-${seconds().toString(16).padStart(8, '0')}0000"`;
  };
  const perSecond = (own: number | undefined, shared: number | undefined) => {
    if (options.throughput === 'unlimited') return Infinity;
    return options.throughput === 'offered' ? (own ?? shared ?? LEAST_RU) : options.throughput;
  };
  const fourBytes = () => {
    made += 1;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(0x1000_0000 + made);
    return bytes;
  };
  return {
    ...{ options, databases, newEtag },
    createDatabase(body, offered) {
      const id = readId(readBody(body).id);
      if (databases.has(id)) throw conflict();
      const database: Database = {
        ...{ id, offered, rid: toRid(fourBytes()), etag: newEtag(), seconds: seconds() },
        containers: new Map(),
      };
      databases.set(id, database);
      return database;
    },
    createContainer(database, body, offered) {
      const id = readId(readBody(body).id);
      const definition = readDefinition(body);
      if (database.containers.has(id)) throw conflict();
      const parent = Buffer.from(database.rid.replaceAll('-', '/'), 'base64');
      const rid = toRid(Buffer.concat([parent, fourBytes()]));
      const container: Container = {
        ...{ id, rid, offered, databaseRid: database.rid, created: 0, ...definition },
        definition: described(database, rid, body, definition.indexing.policy, newEtag()),
        ranges: createRanges(clock, perSecond(offered, database.offered)),
      };
      database.containers.set(id, container);
      return container;
    },
    replaceContainer(container, body) {
      const next = readDefinition(readBody(body));
      if (
        body.id !== container.id ||
        next.partitionPath.join() !== container.partitionPath.join()
      ) {
        throw badRequest('The id and the partition key of a container cannot be changed.');
      }
      container.indexing = next.indexing;
      container.defaultTtl = next.defaultTtl;
      container.definition = {
        ...{ ...container.definition, ...body, indexingPolicy: next.indexing.policy },
        _etag: newEtag(),
      };
    },
  };

  function described(
    database: Database,
    rid: string,
    body: JsonObject,
    indexingPolicy: JsonObject,
    etag: string,
  ): JsonObject {
    return {
      ...{ ...body, indexingPolicy, _rid: rid, _ts: seconds(), _etag: etag },
      _self: `dbs/${database.rid}/colls/${rid}/`,
      ...{ _docs: 'docs/', _sprocs: 'sprocs/', _triggers: 'triggers/', _udfs: 'udfs/' },
      _conflicts: 'conflicts/',
    };
  }
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

export const DESCRIPTION_RU = METADATA_RU;

/**
 * Puts items into a container without a request, a charge or a commit of their own: for tests
 * and benchmarks that need many. Later ones of the same id and partition replace earlier ones.
 *
 * @throws Refusal as the requests would be refused.
 */
export function loadItems(
  account: Account,
  container: Container,
  documents: Iterable<JsonObject>,
): number {
  let loaded = 0;
  const seconds = Math.floor(account.options.clock.now() / 1000);
  for (const body of documents) {
    const id = readId(body.id);
    const { range, name } = placeOf(container, partitionKeyOf(container, body));
    const partition = partitionAt(range, name);
    const before = partition.items.get(id);
    const sequence = before?.sequence ?? container.created + 1;
    if (before === undefined) container.created += 1;
    const stamp = { etag: account.newEtag(), sequence, seconds };
    partition.put(id, storedOf(container, id, body, stamp));
    loaded += 1;
  }
  for (const range of container.ranges) range.lsn += 1;
  return loaded;
}
