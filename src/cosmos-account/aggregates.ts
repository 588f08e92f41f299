import { badRequest } from './refusals.js';
import type { Row } from './rows.js';
import { compile, type Parameters, type Resolve } from './sql/evaluate.js';
import { type AggregateName, aggregatesOf, type Query } from './sql/syntax.js';
import { compareValues, rankOf, type Value } from './values.js';

/** The one item of a query with aggregates, as JSON; none when its value is undefined. */
export function aggregate(
  query: Query,
  rows: Iterable<Row>,
  resolve: Resolve<Row>,
  parameters: Parameters,
): string[] {
  if (query.selection.kind !== 'value') throw badRequest('An aggregate needs SELECT VALUE.');
  const running = aggregatesOf(query).map((expression) => ({
    ...{ expression, state: started(expression.name) },
    argument: compile(expression.argument, resolve, parameters),
  }));
  for (const row of rows) {
    for (const { state, argument } of running) state.add(argument(row));
  }
  const results = new Map(running.map(({ expression, state }) => [expression, state.result()]));
  const value = compile(query.selection.value, () => () => undefined, parameters, results);
  const item: string | undefined = JSON.stringify(value({}));
  return item === undefined ? [] : [item];
}

interface State {
  add(value: Value): void;
  result(): Value;
}

function started(name: AggregateName): State {
  switch (name) {
    case 'COUNT':
      return counted();
    case 'SUM':
      return summed();
    case 'MIN':
      return extreme(-1);
    case 'MAX':
      return extreme(1);
  }
}

function counted(): State {
  let count = 0;
  return {
    add(value) {
      if (value !== undefined) count += 1;
    },
    result: () => count,
  };
}

/** A value that is no number makes the sum undefined. */
function summed(): State {
  let sum: number | undefined = 0;
  return {
    add(value) {
      if (value === undefined) return;
      sum = typeof value === 'number' && sum !== undefined ? sum + value : undefined;
    },
    result: () => sum,
  };
}

function extreme(sign: 1 | -1): State {
  let best: Value;
  return {
    add(value) {
      if (value === undefined || rankOf(value) > 4) return;
      if (best === undefined || compareValues(value, best) * sign > 0) best = value;
    },
    result: () => best,
  };
}
