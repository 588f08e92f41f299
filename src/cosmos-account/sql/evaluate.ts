import { badRequest } from '../refusals.js';
import { compareValues, type Json, rankOf, sameValue, type Value } from '../values.js';
import type { Comparison, Expression } from './syntax.js';

export type Parameters = ReadonlyMap<string, Json>;

/** Gives the value at a path of whatever stands for an item. */
export type Resolve<Row> = (path: readonly string[]) => (row: Row) => Value;

/** What an aggregate came to, once the rows are read. */
export type Aggregated = ReadonlyMap<Expression, Value>;

/**
 * Compiles an expression to a function of a row.
 *
 * @throws Refusal 400 for a parameter that has no value.
 */
export function compile<Row>(
  expression: Expression,
  resolve: Resolve<Row>,
  parameters: Parameters,
  aggregated: Aggregated = new Map(),
): (row: Row) => Value {
  const inner = (part: Expression) => compile(part, resolve, parameters, aggregated);
  switch (expression.kind) {
    case 'literal':
      return () => expression.value;
    case 'undefined':
      return () => undefined;
    case 'parameter': {
      const value = parameterOf(parameters, expression.name);
      return () => value;
    }
    case 'path':
      return resolve(expression.path);
    case 'array': {
      const items = expression.items.map(inner);
      return (row) => items.map((item) => item(row)).filter((item) => item !== undefined);
    }
    case 'object':
      return objectOf(expression.fields.map(([name, value]) => [name, inner(value)] as const));
    case 'compare':
      return compared(expression.operator, inner(expression.left), inner(expression.right));
    case 'and':
      return allOf(expression.items.map(inner));
    case 'or':
      return anyOf(expression.items.map(inner));
    case 'not': {
      const item = inner(expression.item);
      return (row) => {
        const value = item(row);
        return typeof value === 'boolean' ? !value : undefined;
      };
    }
    case 'in':
      return isIn(inner(expression.item), expression.list.map(inner), isConstant(expression.list));
    case 'call': {
      const [first, second] = expression.arguments.map(inner);
      if (first === undefined) throw badRequest(`${expression.name} lacks an argument.`);
      if (expression.name === 'IS_DEFINED' || second === undefined) {
        return (row) => first(row) !== undefined;
      }
      return contains(first, second);
    }
    case 'aggregate':
      return () => aggregated.get(expression);
  }
}

export function parameterOf(parameters: Parameters, name: string): Json {
  const value = parameters.get(name);
  if (value === undefined) throw badRequest(`The query parameter ${name} has no value.`);
  return value;
}

type Compiled<Row> = (row: Row) => Value;

function objectOf<Row>(fields: readonly (readonly [string, Compiled<Row>])[]): Compiled<Row> {
  return (row) => {
    const made: Record<string, Json> = {};
    for (const [name, field] of fields) {
      const value = field(row);
      if (value !== undefined) made[name] = value;
    }
    return made;
  };
}

/**
 * Between types `=` is false and `!=` true, `<` and its kin undefined; with an undefined side all
 * of them are undefined.
 */
function compared<Row>(
  operator: Comparison,
  left: Compiled<Row>,
  right: Compiled<Row>,
): Compiled<Row> {
  const holds = TESTS[operator];
  return (row) => {
    const [a, b] = [left(row), right(row)];
    if (a === undefined || b === undefined) return undefined;
    if (operator === '=') return sameValue(a, b);
    if (operator === '!=') return !sameValue(a, b);
    const rank = rankOf(a);
    if (rank !== rankOf(b) || rank > 4) return undefined;
    return holds(compareValues(a, b));
  };
}

const TESTS: Record<Comparison, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** False wins over undefined, which wins over true. */
function allOf<Row>(items: readonly Compiled<Row>[]): Compiled<Row> {
  return (row) => {
    let result: Value = true;
    for (const item of items) {
      const value = item(row);
      if (value === false) return false;
      if (value !== true) result = undefined;
    }
    return result;
  };
}

/** True wins over undefined, which wins over false. */
function anyOf<Row>(items: readonly Compiled<Row>[]): Compiled<Row> {
  return (row) => {
    let result: Value = false;
    for (const item of items) {
      const value = item(row);
      if (value === true) return true;
      if (value !== false) result = undefined;
    }
    return result;
  };
}

function isIn<Row>(
  item: Compiled<Row>,
  list: readonly Compiled<Row>[],
  constant: boolean,
): Compiled<Row> {
  const held: { strings?: Set<Value> } = {};
  return (row) => {
    const value = item(row);
    if (value === undefined) return undefined;
    if (constant && typeof value === 'string') {
      held.strings ??= new Set(list.map((each) => each(row)));
      return held.strings.has(value);
    }
    return list.some((each) => {
      const other = each(row);
      return other !== undefined && sameValue(value, other);
    });
  };
}

function isConstant(list: readonly Expression[]): boolean {
  return list.every(({ kind }) => kind === 'literal' || kind === 'parameter');
}

function contains<Row>(list: Compiled<Row>, item: Compiled<Row>): Compiled<Row> {
  // A parameter is one array for all rows, which may be long: its strings are looked up.
  const sets = new WeakMap<Json[], Set<Value>>();
  return (row) => {
    const [items, value] = [list(row), item(row)];
    if (!Array.isArray(items) || value === undefined) return undefined;
    if (typeof value !== 'string') return items.some((each) => sameValue(each, value));
    const known = sets.get(items) ?? new Set<Value>(items);
    sets.set(items, known);
    return known.has(value);
  };
}
