import {
  type Account,
  containerOf,
  createContainer,
  createDatabase,
  type Database,
  databaseOf,
  describeDatabase,
  LEAST_RU,
  replaceContainer,
} from './account.js';
import { answer, type ServiceAnswer, type ServiceRequest } from './answers.js';
import { METADATA_RU } from './charges.js';
import type { Container } from './container.js';
import { readBody } from './documents.js';
import { badRequest, notFound, unsupported } from './refusals.js';
import { isQuery, textOf } from './target.js';
import { isObject, type JsonObject } from './values.js';

const { read: READ_RU, write: WRITE_RU } = METADATA_RU;

/** What `GET /` says: one region, which is this server itself. */
export function describeAccount(endpoint: string): JsonObject {
  const location = { name: 'Loopback', databaseAccountEndpoint: endpoint };
  return {
    id: 'cosmos-account',
    _self: '',
    _rid: 'cosmos-account',
    _dbs: '//dbs/',
    media: '//media/',
    addresses: '//addresses/',
    writableLocations: [location],
    readableLocations: [location],
    enableMultipleWriteLocations: false,
    continuousBackupEnabled: false,
    userReplicationPolicy: { asyncReplication: false, minReplicaSetSize: 3, maxReplicasetSize: 4 },
    userConsistencyPolicy: { defaultConsistencyLevel: 'Session' },
    systemReplicationPolicy: { minReplicaSetSize: 3, maxReplicasetSize: 4 },
    readPolicy: { primaryReadCoefficient: 1, secondaryReadCoefficient: 1 },
    queryEngineConfiguration: '{}',
  };
}

export function answerDatabase(account: Account, request: ServiceRequest): ServiceAnswer {
  const { method, database: id } = request.target;
  if (id === undefined) {
    if (method === 'GET') {
      const Databases = [...account.databases.values()].map(describeDatabase);
      return answer(200, { _rid: '', Databases, _count: Databases.length }, READ_RU);
    }
    if (method !== 'POST' || isQuery(request.headers)) throw unsupported('A query for databases');
    const made = createDatabase(account, readBody(request.body()), offeredIn(request));
    return described(201, describeDatabase(made), WRITE_RU);
  }
  const database = databaseOf(account, id);
  if (method === 'GET') return described(200, describeDatabase(database), READ_RU);
  if (method !== 'DELETE') throw unsupported(`${method} of a database`);
  account.databases.delete(id);
  return answer(204, undefined, WRITE_RU);
}

export function answerContainer(account: Account, request: ServiceRequest): ServiceAnswer {
  const { method, database: parent, container: id } = request.target;
  const database = databaseOf(account, parent ?? '');
  if (id === undefined) {
    if (method === 'GET') {
      const list = [...database.containers.values()].map(({ definition }) => definition);
      const body = { _rid: database.rid, DocumentCollections: list, _count: list.length };
      return answer(200, body, READ_RU);
    }
    if (method !== 'POST' || isQuery(request.headers)) throw unsupported('A query for containers');
    const body = readBody(request.body());
    const made = createContainer(account, database, body, offeredIn(request));
    return described(201, made.definition, WRITE_RU);
  }
  const container = containerOf(account, database.id, id);
  if (method === 'GET') return described(200, container.definition, READ_RU);
  if (method === 'PUT') {
    const { definition } = replaceContainer(account, container, readBody(request.body()));
    return described(200, definition, WRITE_RU);
  }
  if (method !== 'DELETE') throw unsupported(`${method} of a container`);
  database.containers.delete(id);
  return answer(204, undefined, WRITE_RU);
}

export function answerRanges(container: Container, { target }: ServiceRequest): ServiceAnswer {
  if (target.method !== 'GET') throw unsupported(`${target.method} of partition key ranges`);
  const ranges = container.ranges.map((range) => ({
    ...{ id: range.id, minInclusive: range.minInclusive, maxExclusive: range.maxExclusive },
    ...{ _rid: container.rid, _self: '', _etag: '', _ts: 0, ridPrefix: Number(range.id) },
    ...{ throughputFraction: 0.5, status: 'online', parents: [] },
  }));
  const body = { _rid: container.rid, PartitionKeyRanges: ranges, _count: ranges.length };
  return answer(200, body, 0, { etag: '"1"' });
}

/** The throughput of a database or container, as far as it has its own. */
export function answerOffer(account: Account, request: ServiceRequest): ServiceAnswer {
  const { method, id } = request.target;
  const offers = [...account.databases.values()].flatMap(offersOf);
  if (id !== undefined) {
    const offer = offers.find((each) => each.id === id);
    if (offer === undefined) throw notFound();
    if (method !== 'GET') throw unsupported(`${method} of an offer`);
    return answer(200, offer, READ_RU);
  }
  const found = method === 'GET' ? offers : offers.filter(offerQuery(request.body()));
  return answer(200, { _rid: '', Offers: found, _count: found.length }, READ_RU);
}

function offersOf(database: Database) {
  const own = [{ rid: database.rid, self: `dbs/${database.rid}/`, offered: database.offered }];
  const containers = [...database.containers.values()].map(({ rid, offered }) => ({
    ...{ rid, offered, self: `dbs/${database.rid}/colls/${rid}/` },
  }));
  return [...own, ...containers].flatMap(({ rid, self, offered }) => {
    if (offered === undefined) return [];
    const id = rid.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12);
    return {
      ...{ id, _rid: id, _self: `offers/${id}/`, resource: self, offerResourceId: rid },
      ...{ offerType: 'Invalid', offerVersion: 'V2', content: { offerThroughput: offered } },
    };
  });
}

/** The one query that clients ask for offers. */
function offerQuery(body: unknown): (offer: { resource: string }) => boolean {
  const text = isObject(body) && typeof body.query === 'string' ? body.query : '';
  const [, link] = /^SELECT \* from root where root\.resource = "([^"]*)"$/i.exec(text) ?? [];
  if (link === undefined) throw unsupported('A query for offers by anything but their resource');
  return ({ resource }) => resource === link;
}

/** @throws Refusal 400 for a throughput that the service does not take. */
function offeredIn({ headers }: ServiceRequest): number | undefined {
  if (headers['x-ms-cosmos-offer-autopilot-settings'] !== undefined) {
    throw unsupported('Throughput that scales by itself');
  }
  const given = textOf(headers, 'x-ms-offer-throughput');
  if (given === undefined) return undefined;
  const offered = Number(given);
  if (Number.isInteger(offered) && offered >= LEAST_RU && offered % 100 === 0) return offered;
  throw badRequest(
    `The offer throughput ${given} is invalid: it is at least ${LEAST_RU} and a multiple of 100.`,
  );
}

function described(status: number, body: JsonObject, charge: number): ServiceAnswer {
  return answer(status, body, charge, typeof body._etag === 'string' ? { etag: body._etag } : {});
}
