import type { Expression, Ordering } from './syntax.js';

/** The text of an expression, as a query plan needs it. */
export function printExpression(expression: Expression, alias: string): string {
  const inner = (part: Expression) => printExpression(part, alias);
  switch (expression.kind) {
    case 'literal':
      return JSON.stringify(expression.value);
    case 'undefined':
      return 'undefined';
    case 'parameter':
      return expression.name;
    case 'path':
      return printPath(expression.path, alias);
    case 'array':
      return `[${expression.items.map(inner).join(', ')}]`;
    case 'object':
      return printObject(expression.fields, alias);
    case 'compare':
      return `(${inner(expression.left)} ${expression.operator} ${inner(expression.right)})`;
    case 'and':
    case 'or':
      return `(${expression.items.map(inner).join(` ${expression.kind.toUpperCase()} `)})`;
    case 'not':
      return `(NOT ${inner(expression.item)})`;
    case 'in':
      return `(${inner(expression.item)} IN (${expression.list.map(inner).join(', ')}))`;
    case 'call':
      return `${expression.name}(${expression.arguments.map(inner).join(', ')})`;
    case 'aggregate':
      return `${expression.name}(${inner(expression.argument)})`;
  }
}

export function printPath(path: readonly string[], alias: string): string {
  const step = (name: string) =>
    /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  return `${alias}${path.map(step).join('')}`;
}

export function printObject(
  fields: readonly (readonly [string, Expression])[],
  alias: string,
): string {
  const printed = fields.map(
    ([name, value]) => `${JSON.stringify(name)}: ${printExpression(value, alias)}`,
  );
  return `{${printed.join(', ')}}`;
}

export function printOrder(orderBy: readonly Ordering[], alias: string): string {
  const printed = orderBy.map(
    ({ path, descending }) => `${printPath(path, alias)} ${descending ? 'DESC' : 'ASC'}`,
  );
  return `ORDER BY ${printed.join(', ')}`;
}
