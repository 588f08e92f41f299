import type { Indexing } from './indexing.js';
import { refusedByReplica } from './refusals.js';
import {
  both,
  conjunctsOf,
  equalityOf,
  type Interval,
  intervalOf,
  membersOf,
  type Path,
  samePath,
  sideOf,
} from './sql/conditions.js';
import type { Parameters } from './sql/evaluate.js';
import { type Expression, type Ordering, partsOf, type Query } from './sql/syntax.js';
import { compareValues, type Json, type Value } from './values.js';

/** How the items of a query are found. */
export interface Access {
  /** The order of the index that is read. */
  index: readonly Ordering[];
  /** It is read from its end. */
  reversed: boolean;
  /** Where a key is: negative before the part that is read, positive after it, 0 in it. */
  side: (key: readonly Value[]) => number;
  /** Ids of the only items that can match; the index is not read then. */
  ids: readonly string[] | undefined;
  /** Accesses by which together every item that can match is found; the index is not read then. */
  alternatives: readonly Access[] | undefined;
  /** Tests whose paths the indexing policy includes: an item that fails one is not loaded. */
  served: readonly Expression[];
  /** Tests for which every item that is left must be loaded. */
  residual: readonly Expression[];
}

const ID = ['id'];

/** @throws Refusal 400 for an order that no index of the container has. */
export function accessTo(query: Query, indexing: Indexing, parameters: Parameters): Access {
  checkOrder(query.orderBy, indexing);
  return accessBy(query.orderBy, conjunctsOf(query.where), indexing, parameters);
}

function accessBy(
  orderBy: readonly Ordering[],
  tests: readonly Expression[],
  indexing: Indexing,
  parameters: Parameters,
): Access {
  const isServed = (test: Expression) =>
    [...partsOf(test)].every((part) => part.kind !== 'path' || indexing.isIndexed(part.path));
  const served = tests.filter(isServed);
  const residual = tests.filter((test) => !isServed(test));
  const reversed = orderBy[0]?.descending ?? false;
  const wanted = indexFor(orderBy, served, parameters, reversed);
  const index = orderBy.length > 0 ? wanted : widened(wanted, indexing);
  return {
    ...{ index, reversed, served, residual },
    side: sideFor(index, served, parameters),
    ids: idsOf(served, parameters),
    alternatives: index.length === 0 ? alternativesOf(served, indexing, parameters) : undefined,
  };
}

/** Of `a = 1 OR b = 2` both ways, if each of them is better than reading everything. */
function alternativesOf(
  served: readonly Expression[],
  indexing: Indexing,
  parameters: Parameters,
): Access[] | undefined {
  return firstOf(served, (test) => {
    if (test.kind !== 'or') return undefined;
    const ways = test.items.map((item) => accessBy([], conjunctsOf(item), indexing, parameters));
    const good = ways.every(({ ids, index }) => ids !== undefined || index.length > 0);
    return good ? ways : undefined;
  });
}

function checkOrder(orderBy: readonly Ordering[], indexing: Indexing): void {
  if (orderBy.some(({ path }) => !indexing.isIndexed(path))) {
    throw refusedByReplica(
      'The index path corresponding to the specified order-by item is excluded.',
    );
  }
  if (orderBy.length > 1 && !indexing.hasComposite(orderBy)) {
    throw refusedByReplica(
      'The order by query does not have a corresponding composite index that it can be served from.',
    );
  }
}

/** Equalities first, then what sorts, or the first path that is compared. */
function indexFor(
  orderBy: readonly Ordering[],
  served: readonly Expression[],
  parameters: Parameters,
  reversed: boolean,
): Ordering[] {
  const paths = pathsOf(served);
  const isEqual = (path: Path) =>
    served.some((test) => equalityOf(test, path, parameters) !== undefined);
  const equal = paths.filter(isEqual).map((path) => ({ path, descending: false }));
  const [first] = orderBy;
  if (first !== undefined) {
    const sorted = orderBy.map(({ path, descending }) => ({
      path,
      descending: descending !== reversed,
    }));
    // An order that begins with an equality begins where that value is.
    return isEqual(first.path) ? sorted : [...equal.slice(0, 1), ...sorted];
  }
  const compared = paths.find(
    (path) =>
      !isEqual(path) && served.some((test) => intervalOf(test, path, parameters) !== undefined),
  );
  const last = compared === undefined ? [] : [{ path: compared, descending: false }];
  return [...equal.slice(0, 2), ...last];
}

/** A composite index that begins with these paths serves as well: one index fewer to keep. */
function widened(wanted: Ordering[], { composites }: Indexing): Ordering[] {
  const found = composites.find(
    (composite) =>
      wanted.length > 0 &&
      wanted.every(({ path }, at) => samePath(path, composite[at]?.path ?? [])),
  );
  if (found === undefined) return wanted;
  const flipped = found[0]?.descending ?? false;
  return found.map(({ path, descending }) => ({ path, descending: descending !== flipped }));
}

function pathsOf(tests: readonly Expression[]): Path[] {
  const paths: Path[] = [];
  for (const part of tests.flatMap((test) => [...partsOf(test)])) {
    const known = part.kind !== 'path' || paths.some((path) => samePath(path, part.path));
    if (!known) paths.push(part.path);
  }
  return paths;
}

function sideFor(
  index: readonly Ordering[],
  served: readonly Expression[],
  parameters: Parameters,
): Access['side'] {
  const equal: Value[] = [];
  for (const { path } of index) {
    const value = firstOf(served, (test) => equalityOf(test, path, parameters));
    if (value === undefined) break;
    equal.push(value);
  }
  const next = index[equal.length];
  const interval =
    next === undefined
      ? undefined
      : served
          .map((test) => intervalOf(test, next.path, parameters))
          .reduce<Interval | undefined>((a, b) => both(a, b), undefined);
  return (key) => {
    for (let at = 0; at < equal.length; at += 1) {
      const order = compareValues(key[at], equal[at]);
      if (order !== 0) return index[at]?.descending === true ? -order : order;
    }
    if (interval === undefined || next === undefined) return 0;
    const side = sideOf(key[equal.length], interval);
    return next.descending ? -side : side;
  };
}

function idsOf(served: readonly Expression[], parameters: Parameters): string[] | undefined {
  const members = firstOf(served, (test) => membersOf(test, ID, parameters));
  if (members === undefined) return undefined;
  return [...new Set(members)].filter((id: Json) => typeof id === 'string');
}

function firstOf<Found>(
  tests: readonly Expression[],
  find: (test: Expression) => Found | undefined,
): Found | undefined {
  for (const test of tests) {
    const found = find(test);
    if (found !== undefined) return found;
  }
  return undefined;
}
