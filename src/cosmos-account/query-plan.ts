import { type Container, placeOf, type Range } from './container.js';
import { topOf } from './query.js';
import { unsupported } from './refusals.js';
import { conjunctsOf, equalityOf } from './sql/conditions.js';
import type { Parameters } from './sql/evaluate.js';
import { printExpression, printObject, printOrder, printPath } from './sql/print.js';
import { type AggregateName, aggregatesOf, type Expression, type Query } from './sql/syntax.js';

/** Clients put conditions of their own here when they go on after a page. */
const PLACEHOLDER = '{documentdb-formattableorderbyquery-filter}';

/** Whether every range can answer on its own and nothing is left to merge. */
export function isServableByGateway(query: Query): boolean {
  return (
    query.orderBy.length === 0 &&
    query.top === undefined &&
    !query.distinct &&
    aggregatesOf(query).length === 0
  );
}

/** How a client is to ask the ranges and to merge what they answer. */
export function planOf(query: Query, container: Container, parameters: Parameters) {
  const aggregates = aggregatesOf(query);
  const whole = query.selection.kind === 'value' ? query.selection.value : undefined;
  if (aggregates.length > 0 && whole?.kind !== 'aggregate') {
    throw unsupported('An expression of aggregates over several partitions');
  }
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: query.distinct ? 'Unordered' : 'None',
      top: topOf(query, parameters) ?? null,
      offset: null,
      limit: null,
      orderBy: query.orderBy.map(({ descending }) => (descending ? 'Descending' : 'Ascending')),
      orderByExpressions: query.orderBy.map(({ path }) => printPath(path, query.alias)),
      groupByExpressions: [],
      groupByAliases: [],
      aggregates: aggregates.map(({ name }) => AGGREGATORS[name]),
      groupByAliasToAggregateType: {},
      rewrittenQuery: rewritten(query),
      hasSelectValue: query.selection.kind === 'value',
      hasNonStreamingOrderBy: false,
    },
    queryRanges: rangesOf(query, container, parameters).map((range) => ({
      min: range.minInclusive,
      max: range.maxExclusive,
      isMinInclusive: true,
      isMaxInclusive: false,
    })),
  };
}

const AGGREGATORS: Record<AggregateName, string> = {
  ...{ COUNT: 'Count', SUM: 'Sum', MIN: 'Min', MAX: 'Max' },
};

/** The ranges that can have a match: one when the partition key is given, else both. */
export function rangesOf(
  query: Query,
  container: Container,
  parameters: Parameters,
): readonly Range[] {
  for (const test of conjunctsOf(query.where)) {
    const key = equalityOf(test, container.partitionPath, parameters);
    if (key !== undefined) return [placeOf(container, key).range];
  }
  return container.ranges;
}

function rewritten(query: Query): string {
  if (query.orderBy.length > 0) return rewrittenForOrder(query);
  const [aggregate] = aggregatesOf(query);
  return aggregate === undefined ? '' : rewrittenForAggregate(query, aggregate);
}

/** Beside each item the values that it is merged by. */
function rewrittenForOrder({ top, selection, alias, where, orderBy }: Query): string {
  const limit = top === undefined ? '' : `TOP ${printExpression(top, alias)} `;
  const keys = orderBy.map(({ path }) => `{"item": ${printPath(path, alias)}}`);
  const payload =
    selection.kind === 'all'
      ? alias
      : selection.kind === 'value'
        ? printExpression(selection.value, alias)
        : printObject(selection.fields, alias);
  const filter = where === undefined ? '' : `${printExpression(where, alias)} AND `;
  return [
    `SELECT ${limit}${alias}._rid, [${keys.join(', ')}] AS orderByItems, ${payload} AS payload`,
    `FROM ${alias}`,
    `WHERE (${filter}(${PLACEHOLDER}))`,
    printOrder(orderBy, alias),
  ].join(' ');
}

/** MIN and MAX also say over how many values, since a range without any has none to merge. */
function rewrittenForAggregate(
  { alias, where }: Query,
  aggregate: Extract<Expression, { kind: 'aggregate' }>,
): string {
  const { name } = aggregate;
  const printed = printExpression(aggregate, alias);
  const count = `COUNT(${printExpression(aggregate.argument, alias)})`;
  const extreme = name === 'MIN' || name === 'MAX';
  const item2 = extreme
    ? `, "item2": {"${name.toLowerCase()}": ${printed}, "count": ${count}}`
    : '';
  const filter = where === undefined ? '' : ` WHERE ${printExpression(where, alias)}`;
  return `SELECT VALUE [{"item": ${printed}${item2}}] FROM ${alias}${filter}`;
}
