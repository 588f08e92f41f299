import type {
  JSONObject,
  JSONValue,
  OperationInput,
  OperationResponse,
  QueryIterator,
  Container as SdkContainer,
} from '@azure/cosmos';
import { AppError } from '../../../errors.js';
import type {
  BatchResult,
  Container,
  Identified,
  Operation,
  Query,
  Versioned,
} from '../account.js';
import { Refused } from './attempts.js';
import type { Calls } from './calls.js';
import type { Attempt } from './exchange.js';
import { firstLine } from './failed.js';

/** A query that finds more was not meant so. */
const MAX_FOUND = 100_000;
/** The most that the account puts on a page; by size it ends a page at 4 MB. */
const PAGE_SIZE = 1000;

/** Texts of queries are few; this bounds what a mistake could hold. */
const MAX_PLANNED = 500;

/** One container of the account, as the protocol sees it. */
export function containerOver(sdk: () => SdkContainer, calls: Calls): Container {
  const planned = new Set<string>();
  return {
    read: <T extends object>(shape: string, partition: string, id: string) =>
      calls.call(shape, true, () => read<T>(sdk(), partition, id)),

    async query<T>(shape: string, query: Query): Promise<T[]> {
      const reading: Reading<T> = { found: [], pages: null, token: null };
      let more = true;
      while (more) {
        // Each page has a deadline and a patience of its own: a long reading is no slow one.
        more = await calls.call(shape, true, (attempt) =>
          readPage(sdk(), planned, query, reading, attempt),
        );
        if (reading.found.length > MAX_FOUND) {
          throw new AppError('internal', `The query ${shape} finds over ${MAX_FOUND} documents`);
        }
      }
      return reading.found;
    },

    batch: (shape, partition, operations) =>
      calls.call(shape, false, (attempt) => batch(sdk(), partition, operations, attempt)),
  };
}

async function read<T extends object>(
  sdk: SdkContainer,
  partition: string,
  id: string,
): Promise<Versioned<T> | null> {
  const { resource, statusCode, substatus, headers } = await sdk.item(id, partition).read<T>({});
  if (statusCode !== 404) return (resource as Versioned<T> | undefined) ?? null;
  // 1003: there is no container; 1002: this replica lags behind what we have written.
  if ((substatus ?? 0) === 0) return null;
  const retryAfterMs = Number(headers['x-ms-retry-after-ms'] ?? 0);
  throw new Refused({
    ...{ kind: 'refused', status: 404, substatus: substatus ?? 0 },
    ...{ retryAfterMs, said: '' },
  });
}

interface Reading<T> {
  found: T[];
  /** What goes on to the next page; null: it is made anew, at `token`. */
  pages: QueryIterator<unknown> | null;
  token: string | null;
}

/**
 * Whether there are more pages. After a failure, the next attempt goes on at the page that failed,
 * or begins again when the SDK puts the pages together itself: it has no place to go on from.
 *
 * @param planned texts of queries that the account does not take as they stand
 */
async function readPage<T>(
  sdk: SdkContainer,
  planned: Set<string>,
  { text, parameters, partition }: Query,
  reading: Reading<T>,
  attempt: Attempt,
): Promise<boolean> {
  const forceQueryPlan = partition === null && planned.has(text);
  if (forceQueryPlan) attempt.plan.decide('open');
  const pages =
    reading.pages ??
    sdk.items.query(
      {
        query: text,
        parameters: Object.entries(parameters).map(([name, value]) => ({
          ...{ name, value: value as JSONValue },
        })),
      },
      {
        ...{ maxItemCount: PAGE_SIZE, forceQueryPlan },
        ...(partition === null ? {} : { partitionKey: partition }),
        ...(reading.token === null ? {} : { continuationToken: reading.token }),
      },
    );
  const { found } = reading;
  if (reading.pages === null && reading.token === null) found.length = 0;
  reading.pages = null;
  const page = await pages.fetchNext();
  for (const one of (page.resources as T[] | undefined) ?? []) found.push(one);
  if (attempt.plan.state === 'open' && planned.size < MAX_PLANNED) planned.add(text);
  reading.pages = pages;
  reading.token = planned.has(text) ? null : (page.continuationToken ?? null);
  return page.hasMoreResults;
}

async function batch(
  sdk: SdkContainer,
  partition: string,
  operations: readonly Operation[],
  attempt: Attempt,
): Promise<BatchResult> {
  try {
    const answer = await sdk.items.batch(operations.map(operationInput), partition, {
      contentResponseOnWriteEnabled: false,
    });
    return resultOf(answer.result, partition, operations);
  } catch (error) {
    const { failed, answers } = attempt;
    if (failed?.kind === 'refused' && failed.status === 413) {
      return { done: false, status: 413, operation: 0 }; // the batch as a whole
    }
    // The SDK makes one kind of error of all, and says of what only in its message.
    if (failed === null && answers > 0 && !(error instanceof Refused)) throw unreadable();
    throw error;
  }
}

function operationInput(operation: Operation): OperationInput {
  const ifMatch = 'ifMatch' in operation ? { ifMatch: operation.ifMatch } : {};
  if (operation.kind === 'delete') {
    return { operationType: 'Delete', id: operation.id, ...ifMatch };
  }
  const resourceBody = operation.document as Identified & JSONObject;
  if (operation.kind === 'create') return { operationType: 'Create', resourceBody };
  if (operation.kind === 'upsert') return { operationType: 'Upsert', resourceBody };
  return { operationType: 'Replace', id: resourceBody.id, resourceBody, ...ifMatch };
}

function unreadable(): Refused {
  return new Refused({
    kind: 'strange',
    status: 200,
    what: 'an answer that does not fit the batch',
  });
}

/** What the account says of one operation; the SDK's type knows but a part of it. */
type Answered = Partial<OperationResponse> & {
  subStatusCode?: number;
  retryAfterMilliseconds?: number;
  message?: string;
};

/** Of an operation in a batch that was refused because of another one. */
const FAILED_DEPENDENCY = 424;

function resultOf(
  results: readonly Answered[] | undefined,
  partition: string,
  operations: readonly Operation[],
): BatchResult {
  if (!Array.isArray(results) || results.length !== operations.length) {
    throw unreadable();
  }
  const statuses = results.map(({ statusCode = 0 }: Answered) => statusCode);
  if (statuses.every((status) => status >= 200 && status < 300)) {
    const etags = results.map(({ eTag }: Answered, i) =>
      operations[i]?.kind === 'delete' ? null : (eTag ?? null),
    );
    return { done: true, etags };
  }
  const operation = statuses.findIndex((status) => status >= 300 && status !== FAILED_DEPENDENCY);
  const culprit = results[operation] as Answered | undefined;
  const status = statuses[operation];
  // Not done, and nobody says why: whether it was written, only reading tells.
  if (culprit === undefined || status === undefined) throw unreadable();
  if (status === 404 || status === 409 || status === 412 || status === 413) {
    return { done: false, status, operation };
  }
  throw refusedFor(culprit, status, `operation ${operation} of a batch in ${partition}`);
}

function refusedFor(
  { subStatusCode = 0, retryAfterMilliseconds, message = '' }: Answered,
  status: number,
  where: string,
): Refused {
  return new Refused({
    ...{ kind: 'refused', status, substatus: subStatusCode },
    retryAfterMs: retryAfterMilliseconds ?? null,
    said: message === '' ? where : `${firstLine(message)} (${where})`,
  });
}
