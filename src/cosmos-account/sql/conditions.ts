import { compareValues, type Json, rankOf, type Value } from '../values.js';
import { type Parameters, parameterOf } from './evaluate.js';
import type { Comparison, Expression } from './syntax.js';

/** Values that a path must lie between; both of one type, as comparisons are within a type. */
export interface Interval {
  low: Limit | undefined;
  high: Limit | undefined;
}

interface Limit {
  value: Json;
  inclusive: boolean;
}

export type Path = readonly string[];

/** The tests that must all hold. */
export function conjunctsOf(where: Expression | undefined): readonly Expression[] {
  if (where === undefined) return [];
  return where.kind === 'and' ? where.items.flatMap(conjunctsOf) : [where];
}

/** The value that a test says a path equals; undefined when it says none. */
export function equalityOf(test: Expression, path: Path, parameters: Parameters): Value {
  const comparison = comparisonOf(test, path, parameters);
  return comparison?.operator === '=' ? comparison.value : undefined;
}

/** Values of which an item's path has one, as `IN` and `ARRAY_CONTAINS` list them. */
export function membersOf(
  test: Expression,
  path: Path,
  parameters: Parameters,
): readonly Json[] | undefined {
  const equal = equalityOf(test, path, parameters);
  if (equal !== undefined) return [equal];
  if (test.kind === 'in' && isPath(test.item, path)) {
    const values = test.list.map((item) => constantOf(item, parameters));
    return values.every((value) => value !== undefined) ? values : undefined;
  }
  if (test.kind !== 'call' || test.name !== 'ARRAY_CONTAINS') return undefined;
  const [list, item] = test.arguments;
  if (list === undefined || item === undefined || !isPath(item, path)) return undefined;
  const values = constantOf(list, parameters);
  return Array.isArray(values) ? values : undefined;
}

/**
 * The interval in which a path lies when the test holds. Of alternatives it is the one that
 * covers all of them, which is what a page after a key needs: `a < @a OR (a = @a AND b < @b)`.
 */
export function intervalOf(
  test: Expression,
  path: Path,
  parameters: Parameters,
): Interval | undefined {
  if (test.kind === 'and') {
    const parts = test.items.map((item) => intervalOf(item, path, parameters));
    return parts.reduce((left, right) => both(left, right), undefined);
  }
  if (test.kind === 'or') {
    const parts = test.items.map((item) => intervalOf(item, path, parameters));
    return parts.reduce((left, right) => either(left, right));
  }
  if (test.kind === 'in') {
    const members = membersOf(test, path, parameters) ?? [];
    return members.map(pointOf).reduce((left, right) => either(left, right), pointOf(members[0]));
  }
  const comparison = comparisonOf(test, path, parameters);
  if (comparison === undefined || rankOf(comparison.value) > 4) return undefined;
  const { operator, value } = comparison;
  const limit = { value, inclusive: operator.endsWith('=') };
  if (operator === '=') return { low: limit, high: limit };
  if (operator === '!=') return undefined;
  return operator.startsWith('<')
    ? { low: undefined, high: limit }
    : { low: limit, high: undefined };
}

function pointOf(value: Value): Interval | undefined {
  if (value === undefined || rankOf(value) > 4) return undefined;
  const limit = { value, inclusive: true };
  return { low: limit, high: limit };
}

/** Negative below the interval, positive above it, 0 within. */
export function sideOf(value: Value, { low, high }: Interval): number {
  const type = rankOf(value) - rankOf((low ?? high)?.value);
  if (type !== 0) return type;
  if (low !== undefined) {
    const order = compareValues(value, low.value);
    if (order < 0 || (order === 0 && !low.inclusive)) return -1;
  }
  if (high !== undefined) {
    const order = compareValues(value, high.value);
    if (order > 0 || (order === 0 && !high.inclusive)) return 1;
  }
  return 0;
}

export function both(a: Interval | undefined, b: Interval | undefined): Interval | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { low: tighter(a.low, b.low, 1), high: tighter(a.high, b.high, -1) };
}

function either(a: Interval | undefined, b: Interval | undefined): Interval | undefined {
  if (a === undefined || b === undefined) return undefined;
  const made = { low: wider(a.low, b.low, 1), high: wider(a.high, b.high, -1) };
  return made.low === undefined && made.high === undefined ? undefined : made;
}

/** @param sign 1 for lower limits, −1 for upper ones. */
function tighter(a: Limit | undefined, b: Limit | undefined, sign: 1 | -1): Limit | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const order = compareValues(a.value, b.value) * sign;
  if (order === 0) return a.inclusive ? b : a;
  return order > 0 ? a : b;
}

function wider(a: Limit | undefined, b: Limit | undefined, sign: 1 | -1): Limit | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (rankOf(a.value) !== rankOf(b.value)) return undefined;
  const order = compareValues(a.value, b.value) * sign;
  if (order === 0) return a.inclusive ? a : b;
  return order < 0 ? a : b;
}

const MIRRORED: Record<Comparison, Comparison> = {
  ...{ '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' },
};

function comparisonOf(
  test: Expression,
  path: Path,
  parameters: Parameters,
): { operator: Comparison; value: Json } | undefined {
  if (test.kind !== 'compare') return undefined;
  const { operator, left, right } = test;
  const forwards = isPath(left, path) ? constantOf(right, parameters) : undefined;
  if (forwards !== undefined) return { operator, value: forwards };
  const backwards = isPath(right, path) ? constantOf(left, parameters) : undefined;
  return backwards === undefined ? undefined : { operator: MIRRORED[operator], value: backwards };
}

function constantOf(expression: Expression, parameters: Parameters): Json | undefined {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'parameter') return parameterOf(parameters, expression.name);
  if (expression.kind !== 'array') return undefined;
  const items = expression.items.map((item) => constantOf(item, parameters));
  return items.every((item) => item !== undefined) ? items : undefined;
}

function isPath(expression: Expression, path: Path): boolean {
  return expression.kind === 'path' && samePath(expression.path, path);
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, at) => step === b[at]);
}
