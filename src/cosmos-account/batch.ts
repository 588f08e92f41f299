import { rounded } from './charges.js';
import { readBody } from './documents.js';
import { parsed } from './partition.js';
import { badRequest, codeName, Refusal, unsupported } from './refusals.js';
import type { JsonObject } from './values.js';
import {
  type Change,
  commit,
  type Operation,
  type Outcome,
  perform,
  REFUSED_RU,
  rollBack,
  type Scope,
} from './writes.js';

const MAX_OPERATIONS = 100;

/** What is answered of one operation, in the service's form. */
export interface BatchResult {
  statusCode: number;
  subStatusCode?: number;
  requestCharge: number;
  eTag?: string;
  resourceBody?: JsonObject;
  message?: string;
}

/** @throws Refusal 400 for operations that are none, or too many. */
export function readOperations(body: unknown, header: string): Operation[] {
  if (!Array.isArray(body) || body.length === 0) {
    throw badRequest('The batch request has no operations.');
  }
  if (body.length > MAX_OPERATIONS) {
    throw badRequest('Batch request has more operations than what is supported.');
  }
  return body.map((given) => readOperation(readBody(given), header));
}

const FIELDS = ['operationType', 'id', 'resourceBody', 'ifMatch', 'ifNoneMatch', 'partitionKey'];

function readOperation(given: JsonObject, header: string): Operation {
  const unknown = Object.keys(given).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw unsupported(`The field ${unknown} of an operation of a batch`);
  const { partitionKey } = given;
  if (partitionKey !== undefined && partitionKey !== header) {
    throw badRequest('All operations of a batch have the partition key of the request.');
  }
  const type = textOf(given, 'operationType') ?? '';
  const ifMatch = textOf(given, 'ifMatch');
  const ifNoneMatch = textOf(given, 'ifNoneMatch');
  if (ifNoneMatch !== undefined && type !== 'Read') {
    throw unsupported('ifNoneMatch of a write');
  }
  switch (type) {
    case 'Create':
    case 'Upsert':
      return { type, body: readBody(given.resourceBody), ifMatch };
    case 'Replace':
      return { type, id: idOf(given), body: readBody(given.resourceBody), ifMatch };
    case 'Delete':
      return { type, id: idOf(given), ifMatch };
    case 'Read':
      return { type, id: idOf(given), ifNoneMatch };
    default:
      throw unsupported(`The operation '${type}' of a batch`);
  }
}

function textOf(given: JsonObject, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`${name} of an operation is not a string.`);
}

function idOf(given: JsonObject): string {
  const id = textOf(given, 'id');
  if (id === undefined) throw badRequest('An operation of the batch lacks its id.');
  return id;
}

/**
 * All operations or none. Of a refused batch the operation at fault has its own status, the
 * others 424.
 */
export function runBatch(
  scope: Scope,
  operations: readonly Operation[],
  options: { replicaLag: number; minimal: boolean },
): { status: number; results: BatchResult[]; charge: number } {
  const changes: Change[] = [];
  const outcomes: Outcome[] = [];
  for (const operation of operations) {
    try {
      outcomes.push(perform(scope, operation, changes));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      rollBack(changes);
      return failed(operations.length, outcomes, error);
    }
  }
  commit(scope.range, changes, options.replicaLag);
  const charge = outcomes.reduce((sum, outcome) => sum + outcome.charge, 0);
  return {
    status: 200,
    results: outcomes.map((outcome, at) =>
      resultOf(outcome, options.minimal && operations[at]?.type !== 'Read'),
    ),
    charge,
  };
}

function failed(length: number, done: readonly Outcome[], refusal: Refusal) {
  const results = Array.from({ length }, (_, at): BatchResult => {
    if (at !== done.length) return { statusCode: 424, requestCharge: 0 };
    return {
      statusCode: refusal.status,
      ...(refusal.substatus === undefined ? {} : { subStatusCode: refusal.substatus }),
      requestCharge: rounded(REFUSED_RU),
      message: `${codeName(refusal.status)}: ${refusal.message}`,
    };
  });
  // What was done before it was taken back has cost what it costs.
  const charge = done.reduce((sum, outcome) => sum + outcome.charge, REFUSED_RU);
  return { status: 207, results, charge };
}

function resultOf({ status, stored, charge }: Outcome, minimal: boolean): BatchResult {
  const result: BatchResult = { statusCode: status, requestCharge: rounded(charge) };
  if (stored === undefined) return result;
  result.eTag = stored.etag;
  if (!minimal && status !== 304) result.resourceBody = parsed(stored);
  return result;
}
