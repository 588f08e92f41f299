import { type Access, accessTo } from './access.js';
import { aggregate } from './aggregates.js';
import { queryCharge, type QueryWork } from './charges.js';
import type { Container } from './container.js';
import { type Partition, parsed } from './partition.js';
import { badRequest } from './refusals.js';
import { type Position, type Row, rowsOf, type View } from './rows.js';
import { samePath } from './sql/conditions.js';
import { compile, parameterOf, type Parameters, type Resolve } from './sql/evaluate.js';
import { aggregatesOf, type Expression, outputOf, partsOf, type Query } from './sql/syntax.js';
import { type Value, valueAt } from './values.js';

/** Where the next page goes on. */
export interface Resume {
  after: Position | undefined;
  /** How many items `TOP` still allows. */
  left: number | undefined;
  /** How many different values `DISTINCT` has put out. */
  distinct: number;
}

export interface Page {
  /** What the query puts out, each as JSON. */
  items: string[];
  charge: number;
  /** Undefined: this was the last page. */
  resume: Resume | undefined;
}

export interface QueryRequest {
  container: Container;
  partitions: readonly Partition[];
  query: Query;
  parameters: Parameters;
  view: View;
  resume: Resume | undefined;
  maxItems: number;
}

/** The service's limit for an answer, in bytes. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/**
 * The service may answer an aggregate in parts, a page each, which the SDK adds up only where it has a
 * plan of the query. Ours always does beyond so many rows.
 */
const ROWS_OF_PART = 1000;

/** One page of a query within one range. @throws Refusal 400, for what no index serves. */
export function runQuery(request: QueryRequest): Page {
  const { container, query, parameters, resume } = request;
  const access = accessTo(query, container.indexing, parameters);
  const work: QueryWork = { loadedItems: 0, loadedBytes: 0, indexEntries: 0 };
  const rows = matching(request, access, work);
  const left = resume?.left ?? topOf(query, parameters);
  const resolve = resolver(access.index);
  if (aggregatesOf(query).length > 0) {
    const { some, after } = part(rows);
    const items = aggregate(query, some, resolve, parameters).slice(0, left ?? 1);
    const next = after === undefined ? undefined : { after, left, distinct: 0 };
    return { items, charge: queryCharge(work), resume: next };
  }
  const output = outputFor(query, resolve, parameters);
  return query.distinct
    ? distinctPage(request, rows, output, work, left)
    : plainPage(request, rows, output, work, left);
}

/** `after`: where the next part begins; undefined when there is none. */
function part(rows: Generator<Row>): { some: Row[]; after: Position | undefined } {
  const some: Row[] = [];
  for (const row of rows) {
    some.push(row);
    if (some.length < ROWS_OF_PART) continue;
    const { key, stored } = row.entry;
    return { some, after: { key, sequence: stored.sequence } };
  }
  return { some, after: undefined };
}

function plainPage(
  { maxItems }: QueryRequest,
  rows: Generator<Row>,
  output: (row: Row) => string | undefined,
  work: QueryWork,
  left: number | undefined,
): Page {
  const items: string[] = [];
  const limit = Math.min(maxItems, left ?? Infinity);
  let after: Position | undefined;
  let bytes = 0;
  let more = limit > 0;
  while (items.length < limit && bytes < MAX_PAGE_BYTES) {
    const next = rows.next();
    more = next.done !== true;
    if (next.done === true) break;
    const item = output(next.value);
    const { key, stored } = next.value.entry;
    after = { key, sequence: stored.sequence };
    if (item === undefined) continue;
    items.push(item);
    bytes += item.length;
  }
  const stillLeft = left === undefined ? undefined : left - items.length;
  const ended = !more || stillLeft === 0 || after === undefined;
  const resume = ended ? undefined : { after, left: stillLeft, distinct: 0 };
  return { items, charge: queryCharge(work), resume };
}

/** Every page finds the values from the beginning: what was put out is not known otherwise. */
function distinctPage(
  { maxItems, resume }: QueryRequest,
  rows: Generator<Row>,
  output: (row: Row) => string | undefined,
  work: QueryWork,
  left: number | undefined,
): Page {
  const values = new Set<string>();
  for (const row of rows) {
    const item = output(row);
    if (item !== undefined) values.add(item);
  }
  const done = resume?.distinct ?? 0;
  const items = [...values].slice(done, done + Math.min(maxItems, left ?? Infinity));
  const stillLeft = left === undefined ? undefined : left - items.length;
  const ended = done + items.length >= values.size || stillLeft === 0;
  const next = { after: undefined, left: stillLeft, distinct: done + items.length };
  return { items, charge: queryCharge(work), resume: ended ? undefined : next };
}

/** Rows that pass every test, counting what finding them took. */
function* matching(
  { container, partitions, query, parameters, view, resume }: QueryRequest,
  access: Access,
  work: QueryWork,
): Generator<Row> {
  const resolve = resolver(access.index);
  const test = (tests: readonly Expression[]) =>
    compile({ kind: 'and', items: tests }, resolve, parameters);
  const [served, residual] = [test(access.served), test(access.residual)];
  const sorted = query.orderBy[0] === undefined ? undefined : resolve(query.orderBy[0].path);
  const loads = !isCovered(query, access, container);
  for (const entry of rowsOf(partitions, access, resume?.after, view, container.defaultTtl)) {
    const row: Row = { entry, document: undefined };
    work.indexEntries += 1;
    if (served(row) !== true) continue;
    // As in the service, an item without the first path of the order is not in the result.
    if (sorted !== undefined && sorted(row) === undefined) continue;
    if (loads) {
      work.loadedItems += 1;
      work.loadedBytes += entry.stored.size;
    }
    if (residual(row) === true) yield row;
  }
}

/** An aggregate over indexed values needs the index only. */
function isCovered(query: Query, { residual }: Access, { indexing }: Container): boolean {
  const parts = outputOf(query.selection).flatMap((value) => [...partsOf(value)]);
  return (
    residual.length === 0 &&
    aggregatesOf(query).length > 0 &&
    parts.every((part) => part.kind !== 'path' || indexing.isIndexed(part.path))
  );
}

/** A path of the index is in its key; for any other the item is parsed, once. */
function resolver(index: Access['index']): Resolve<Row> {
  return (path) => {
    const slot = index.findIndex((column) => samePath(column.path, path));
    if (slot >= 0) return (row) => row.entry.key[slot];
    return (row) => {
      row.document ??= parsed(row.entry.stored);
      return valueAt(row.document, path);
    };
  };
}

function outputFor(
  { selection }: Query,
  resolve: Resolve<Row>,
  parameters: Parameters,
): (row: Row) => string | undefined {
  if (selection.kind === 'all') return ({ entry }) => entry.stored.body.toString('utf8');
  const expression: Expression =
    selection.kind === 'value' ? selection.value : { kind: 'object', fields: selection.fields };
  const value: (row: Row) => Value = compile(expression, resolve, parameters);
  return (row) => JSON.stringify(value(row));
}

/** @throws Refusal 400 unless `TOP` is a whole number. */
export function topOf({ top }: Query, parameters: Parameters): number | undefined {
  if (top === undefined) return undefined;
  const given = top.kind === 'literal' ? top.value : undefined;
  const count = top.kind === 'parameter' ? parameterOf(parameters, top.name) : given;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count;
  throw badRequest('The TOP clause takes a whole number from 0.');
}
