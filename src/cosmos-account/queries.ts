import { type Account, containerOf } from './account.js';
import { answer, type ServiceAnswer, type ServiceRequest } from './answers.js';
import { type Container, placeOf, type Range, readPartitionKey } from './container.js';
import { withinRange } from './items.js';
import type { Partition } from './partition.js';
import { runQuery, type Page, type Resume } from './query.js';
import { isServableByGateway, planOf, rangesOf } from './query-plan.js';
import { badRequest, Refusal, unsupported } from './refusals.js';
import { rangeById, seesAll } from './sessions.js';
import type { Parameters } from './sql/evaluate.js';
import { parseQuery } from './sql/parse.js';
import type { Query } from './sql/syntax.js';
import { isSet, textOf } from './target.js';
import { readToken, writeToken } from './tokens.js';
import { isObject, type Json } from './values.js';

/** The service's limit for the text of a query, in bytes. */
const MAX_QUERY_BYTES = 512 * 1024;
const DEFAULT_ITEMS = 100;
const NOT_HERE = [
  ...['x-ms-start-epk', 'x-ms-end-epk', 'a-im'],
  'x-ms-documentdb-query-enable-scan',
];

interface Asked {
  query: Query;
  parameters: Parameters;
}

export function answerPlan(account: Account, request: ServiceRequest): ServiceAnswer {
  const container = containerFor(account, request);
  const { query, parameters } = readQuery(request);
  return answer(200, planOf(query, container, parameters), 0);
}

/** One page: of a partition, of a range, or of the next range that a client without plan needs. */
export function answerQuery(account: Account, request: ServiceRequest): ServiceAnswer {
  const container = containerFor(account, request);
  const { headers } = request;
  const unknown = NOT_HERE.find((name) => headers[name] !== undefined);
  if (unknown !== undefined) throw unsupported(`The header ${unknown} of a query`);
  const asked = readQuery(request);
  const token = readToken(textOf(headers, 'x-ms-continuation'));
  const header = textOf(headers, 'x-ms-documentdb-partitionkey');
  const page = (range: Range, partitions: readonly Partition[], following?: Range) =>
    withinRange(request, container, range, () => {
      const view = viewOf(account, request, range);
      const { resume } = token ?? {};
      const maxItems = maxItemsOf(request);
      const found = runQuery({ container, partitions, ...asked, view, resume, maxItems });
      return pageAnswer(container, range, found, following);
    });
  if (header !== undefined) {
    const { range, name } = placeOf(container, readPartitionKey(header));
    const partition = range.partitions.get(name);
    return page(range, partition === undefined ? [] : [partition]);
  }
  const rangeId = textOf(headers, 'x-ms-documentdb-partitionkeyrangeid');
  if (rangeId !== undefined) {
    const range = rangeNamed(container, rangeId);
    return page(range, [...range.partitions.values()]);
  }
  const ranges = gatewayRanges(container, request, asked);
  const range = token === undefined ? ranges[0] : rangeNamed(container, token.range);
  if (range === undefined) throw badRequest('The query has no range.');
  return page(range, [...range.partitions.values()], ranges[ranges.indexOf(range) + 1]);
}

/** A query that needs merging is answered with its plan, which the client then follows. */
function gatewayRanges(
  container: Container,
  { headers }: ServiceRequest,
  { query, parameters }: Asked,
): readonly Range[] {
  if (!isSet(headers, 'x-ms-documentdb-query-enablecrosspartition')) {
    throw badRequest(
      'Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception.',
    );
  }
  if (isServableByGateway(query)) return rangesOf(query, container, parameters);
  throw new Refusal(
    400,
    'The provided cross partition query can not be directly served by the gateway. This is a first chance (internal) exception that all newer clients will know how to handle gracefully. This exception is traced, but unless you see it bubble up as an exception (which only happens on older SDK clients), then you can safely ignore this message.',
    {
      substatus: 1004,
      fields: { additionalErrorInfo: JSON.stringify(planOf(query, container, parameters)) },
    },
  );
}

function pageAnswer(
  container: Container,
  range: Range,
  { items, charge, resume }: Page,
  following: Range | undefined,
): ServiceAnswer {
  const next = resume === undefined ? following : range;
  const start: Resume = { after: undefined, left: undefined, distinct: 0 };
  const headers: Record<string, string> = { 'x-ms-item-count': String(items.length) };
  if (next !== undefined) {
    headers['x-ms-continuation'] = writeToken({ range: next.id, resume: resume ?? start });
  }
  const body = `{"_rid":${JSON.stringify(container.rid)},"Documents":[${items.join(',')}],"_count":${items.length}}`;
  return { status: 200, headers, body, charge };
}

function viewOf(account: Account, { headers }: ServiceRequest, range: Range) {
  return { nowMs: account.options.clock.now(), unseen: seesAll(headers, range) ? [] : range.undo };
}

function rangeNamed(container: Container, id: string): Range {
  const range = rangeById(container, id);
  if (range !== undefined) return range;
  throw new Refusal(410, `The partition key range ${id} is gone.`, { substatus: 1002 });
}

function maxItemsOf({ headers }: ServiceRequest): number {
  const given = textOf(headers, 'x-ms-max-item-count');
  if (given === undefined) return DEFAULT_ITEMS;
  const count = Number(given);
  if (count === -1) return Infinity; // as many as an answer holds
  if (Number.isInteger(count) && count > 0) return count;
  throw badRequest(`The value '${given}' of x-ms-max-item-count is invalid.`);
}

function containerFor(account: Account, { target }: ServiceRequest): Container {
  return containerOf(account, target.database ?? '', target.container ?? '');
}

function readQuery({ size, body }: ServiceRequest): Asked {
  if (size > MAX_QUERY_BYTES) {
    throw badRequest(`The SQL query text exceeded the maximum limit of ${MAX_QUERY_BYTES} bytes.`);
  }
  const given = body();
  if (!isObject(given) || typeof given.query !== 'string') {
    throw badRequest('The request payload is invalid: a query is {"query", "parameters"}.');
  }
  return { query: parseQuery(given.query), parameters: parametersOf(given.parameters) };
}

function parametersOf(given: Json | undefined): Map<string, Json> {
  const parameters = new Map<string, Json>();
  if (given === undefined) return parameters;
  if (!Array.isArray(given)) throw badRequest('The parameters of a query are an array.');
  for (const parameter of given) {
    const name = isObject(parameter) ? parameter.name : undefined;
    if (!isObject(parameter) || typeof name !== 'string' || !name.startsWith('@')) {
      throw badRequest('A parameter of a query is {"name": "@…", "value"}.');
    }
    if (parameter.value !== undefined) parameters.set(name, parameter.value);
  }
  return parameters;
}
