import type { Json } from '../values.js';

/** A value, or a test whose result is true, false or undefined. */
export type Expression =
  | { kind: 'literal'; value: Json }
  | { kind: 'undefined' }
  | { kind: 'parameter'; name: string }
  | { kind: 'path'; path: readonly string[] }
  | { kind: 'array'; items: readonly Expression[] }
  | { kind: 'object'; fields: readonly (readonly [string, Expression])[] }
  | { kind: 'compare'; operator: Comparison; left: Expression; right: Expression }
  | { kind: 'and' | 'or'; items: readonly Expression[] }
  | { kind: 'not'; item: Expression }
  | { kind: 'in'; item: Expression; list: readonly Expression[] }
  | { kind: 'call'; name: FunctionName; arguments: readonly Expression[] }
  | { kind: 'aggregate'; name: AggregateName; argument: Expression };

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export const AGGREGATES = ['COUNT', 'SUM', 'MIN', 'MAX'] as const;
export type AggregateName = (typeof AGGREGATES)[number];
export const FUNCTIONS = { ARRAY_CONTAINS: 2, IS_DEFINED: 1 } as const;
export type FunctionName = keyof typeof FUNCTIONS;

export interface Ordering {
  path: readonly string[];
  descending: boolean;
}

export type Selection =
  | { kind: 'all' }
  | { kind: 'value'; value: Expression }
  | { kind: 'list'; fields: readonly (readonly [string, Expression])[] };

export interface Query {
  distinct: boolean;
  top: Expression | undefined;
  selection: Selection;
  /** Name by which the query calls an item. */
  alias: string;
  where: Expression | undefined;
  orderBy: readonly Ordering[];
}

/** Every part of an expression, itself first. */
export function* partsOf(expression: Expression): Generator<Expression> {
  yield expression;
  switch (expression.kind) {
    case 'array':
    case 'and':
    case 'or':
      for (const item of expression.items) yield* partsOf(item);
      break;
    case 'object':
      for (const [, item] of expression.fields) yield* partsOf(item);
      break;
    case 'compare':
      yield* partsOf(expression.left);
      yield* partsOf(expression.right);
      break;
    case 'not':
      yield* partsOf(expression.item);
      break;
    case 'in':
      yield* partsOf(expression.item);
      for (const item of expression.list) yield* partsOf(item);
      break;
    case 'call':
      for (const item of expression.arguments) yield* partsOf(item);
      break;
    case 'aggregate':
      yield* partsOf(expression.argument);
      break;
    case 'literal':
    case 'undefined':
    case 'parameter':
    case 'path':
      break;
  }
}

/** The expressions whose values a query puts out. */
export function outputOf(selection: Selection): readonly Expression[] {
  if (selection.kind === 'value') return [selection.value];
  return selection.kind === 'list' ? selection.fields.map(([, value]) => value) : [];
}

export function aggregatesOf(query: Query): Extract<Expression, { kind: 'aggregate' }>[] {
  const parts = outputOf(query.selection).flatMap((value) => [...partsOf(value)]);
  return parts.filter((part) => part.kind === 'aggregate');
}
