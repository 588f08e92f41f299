import { type Account, containerOf } from './account.js';
import { answer, type ServiceAnswer, type ServiceRequest } from './answers.js';
import { readOperations, runBatch } from './batch.js';
import { type Container, placeOf, type Range, readPartitionKey } from './container.js';
import { MAX_BYTES, readBody } from './documents.js';
import type { Stored } from './partition.js';
import {
  badRequest,
  notFound,
  Refusal,
  tooLarge,
  tooManyRequests,
  unsupported,
} from './refusals.js';
import { seesAll, sessionToken } from './sessions.js';
import { isSet, textOf } from './target.js';
import { type Change, commit, type Operation, perform, REFUSED_RU, type Scope } from './writes.js';

/** Requests about one item, and batches. */
export function answerItem(account: Account, request: ServiceRequest): ServiceAnswer {
  const { database, container: id, operation } = request.target;
  const container = containerOf(account, database ?? '', id ?? '');
  const header = textOf(request.headers, 'x-ms-documentdb-partitionkey');
  if (header === undefined) {
    throw badRequest('PartitionKey value must be supplied for this operation.');
  }
  const { range, name } = placeOf(container, readPartitionKey(header));
  const { stamps } = account;
  const scope = { container, range, name, stamps, nowMs: account.options.clock.now() };
  return withinRange(request, container, range, () =>
    operation === 'batch'
      ? answerBatch(account, request, scope, header)
      : answerOne(account, request, scope),
  );
}

/** What all requests to a range have in common: its budget, its session, its headers. */
export function withinRange(
  request: ServiceRequest,
  container: Container,
  range: Range,
  act: () => ServiceAnswer,
): ServiceAnswer {
  const waitMs = range.budget.waitMs();
  if (waitMs > 0) throw tooManyRequests(waitMs);
  try {
    const made = act();
    range.budget.spend(made.charge);
    return { ...made, headers: { ...made.headers, ...rangeHeaders(request, container, range) } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    range.budget.spend(REFUSED_RU);
    Object.assign(error.headers, rangeHeaders(request, container, range));
    throw error;
  }
}

function rangeHeaders({ target }: ServiceRequest, container: Container, range: Range) {
  const name = `dbs/${target.database ?? ''}/colls/${target.container ?? ''}`;
  return {
    'x-ms-session-token': sessionToken(range),
    'x-ms-documentdb-partitionkeyrangeid': range.id,
    'x-ms-alt-content-path': encodeURI(name),
    'x-ms-content-path': container.rid,
    lsn: String(range.lsn),
    'x-ms-global-committed-lsn': String(range.lsn),
  };
}

function answerBatch(
  account: Account,
  request: ServiceRequest,
  scope: Scope,
  header: string,
): ServiceAnswer {
  if (!isSet(request.headers, 'x-ms-cosmos-batch-atomic')) {
    throw unsupported('A batch that is not atomic');
  }
  if (request.size > MAX_BYTES) throw tooLarge();
  const operations = readOperations(request.body(), header);
  const minimal = textOf(request.headers, 'prefer') === 'return=minimal';
  const { replicaLag } = account.options;
  const { status, results, charge } = runBatch(scope, operations, { replicaLag, minimal });
  return answer(status, results, charge);
}

function answerOne(account: Account, request: ServiceRequest, scope: Scope): ServiceAnswer {
  const operation = operationOf(request);
  // Writes are always made where everything is known.
  if (operation.type === 'Read' && !seesAll(request.headers, scope.range)) {
    const before = unseenBefore(scope, operation.id);
    if (before !== undefined) return staleRead(before.stored, operation.ifNoneMatch);
  }
  const changes: Change[] = [];
  const { status, stored, charge } = perform(scope, operation, changes);
  commit(scope.range, changes, account.options.replicaLag);
  return itemAnswer(status, stored, charge);
}

function itemAnswer(status: number, stored: Stored | undefined, charge: number): ServiceAnswer {
  const headers = stored === undefined ? {} : { etag: stored.etag };
  const body = stored === undefined || status === 304 ? '' : stored.body;
  return { status, headers, body, charge };
}

/** The item as a replica has it that has not seen the latest commits. */
function unseenBefore(
  { range, name }: Scope,
  id: string,
): { stored: Stored | undefined } | undefined {
  const partition = range.partitions.get(name);
  const first = range.undo.find((change) => change.partition === partition && change.id === id);
  return first === undefined ? undefined : { stored: first.before };
}

function staleRead(stored: Stored | undefined, ifNoneMatch: string | undefined): ServiceAnswer {
  if (stored === undefined) throw notFound();
  return itemAnswer(stored.etag === ifNoneMatch ? 304 : 200, stored, REFUSED_RU);
}

/** Headers that would change what a write does, and that this server does not know. */
const UNKNOWN = [
  ...['x-ms-indexing-directive', 'x-ms-documentdb-pre-trigger-include'],
  'x-ms-documentdb-post-trigger-include',
];

function operationOf({ target, headers, body }: ServiceRequest): Operation {
  const unknown = UNKNOWN.find((name) => headers[name] !== undefined);
  if (unknown !== undefined) throw unsupported(`The header ${unknown}`);
  const { operation, id = '' } = target;
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && operation !== 'read') {
    throw unsupported('If-None-Match of a write');
  }
  if (operation === 'create') return { type: 'Create', body: readBody(body()) };
  if (operation === 'upsert') return { type: 'Upsert', body: readBody(body()), ifMatch };
  if (operation === 'replace') return { type: 'Replace', id, body: readBody(body()), ifMatch };
  if (operation === 'delete') return { type: 'Delete', id, ifMatch };
  if (operation === 'read') return { type: 'Read', id, ifNoneMatch };
  throw unsupported(`${target.method} of an item`);
}
