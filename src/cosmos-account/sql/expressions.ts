import { badRequest, unsupported } from '../refusals.js';
import type { Reader } from './reader.js';
import {
  AGGREGATES,
  type AggregateName,
  type Comparison,
  type Expression,
  FUNCTIONS,
  type FunctionName,
} from './syntax.js';

const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='];
const OPERATORS = ['LIKE', 'BETWEEN', 'EXISTS'];

/** OR, then AND, then NOT, then a comparison, then a value. */
export function expression(reader: Reader): Expression {
  return joined(reader, 'OR', (inner) => joined(inner, 'AND', negation));
}

function joined(
  reader: Reader,
  word: 'AND' | 'OR',
  part: (reader: Reader) => Expression,
): Expression {
  const first = part(reader);
  if (!reader.takeWord(word)) return first;
  const items = [first];
  do items.push(part(reader));
  while (reader.takeWord(word));
  return { kind: word === 'AND' ? 'and' : 'or', items };
}

function negation(reader: Reader): Expression {
  return reader.takeWord('NOT') ? { kind: 'not', item: negation(reader) } : comparison(reader);
}

function comparison(reader: Reader): Expression {
  const left = value(reader);
  const { kind, text } = reader.next();
  if (kind === 'word' && OPERATORS.includes(text.toUpperCase())) {
    throw unsupported(text.toUpperCase());
  }
  const negated = kind === 'word' && text.toUpperCase() === 'NOT';
  if (negated) reader.advance();
  if (reader.takeWord('IN')) {
    reader.expectSign('(');
    const found: Expression = { kind: 'in', item: left, list: listUntil(reader, ')') };
    return negated ? { kind: 'not', item: found } : found;
  }
  if (negated) throw reader.wrong();
  const operator = text === '<>' ? '!=' : text;
  if (kind !== 'sign' || !COMPARISONS.includes(operator)) return left;
  reader.advance();
  return { kind: 'compare', operator: operator as Comparison, left, right: value(reader) };
}

function value(reader: Reader): Expression {
  const { kind, text } = reader.next();
  switch (kind) {
    case 'number':
      reader.advance();
      return { kind: 'literal', value: Number(text) };
    case 'string':
      reader.advance();
      return { kind: 'literal', value: text };
    case 'parameter':
      reader.advance();
      return { kind: 'parameter', name: text };
    case 'word':
      return named(reader, reader.name());
    case 'sign':
      reader.advance();
      return constructed(reader, text);
    case 'end':
      throw reader.wrong();
  }
}

const CONSTANTS: Record<string, Expression> = {
  true: { kind: 'literal', value: true },
  false: { kind: 'literal', value: false },
  null: { kind: 'literal', value: null },
  undefined: { kind: 'undefined' },
};

/** A constant, a function or the beginning of a path. */
function named(reader: Reader, name: string): Expression {
  if (reader.next().text === '(' && reader.next().kind === 'sign') return call(reader, name);
  const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
  return constant ?? { kind: 'path', path: pathAfter(reader, name) };
}

/** The rest of a path whose first name, that of the item, is read. */
export function pathAfter(reader: Reader, root: string): string[] {
  reader.root(root);
  const path: string[] = [];
  for (;;) {
    if (reader.takeSign('.')) path.push(reader.name());
    else if (reader.takeSign('[')) {
      const { kind, text } = reader.next();
      if (kind === 'number') throw unsupported('A path through the elements of an array');
      if (kind !== 'string') throw reader.wrong();
      reader.advance();
      path.push(text);
      reader.expectSign(']');
    } else return path;
  }
}

function call(reader: Reader, given: string): Expression {
  const name = given.toUpperCase();
  reader.expectSign('(');
  const parts = listUntil(reader, ')');
  const [argument] = parts;
  if (AGGREGATES.some((known) => known === name)) {
    if (argument === undefined || parts.length !== 1) throw wrongArguments(name, 1);
    return { kind: 'aggregate', name: name as AggregateName, argument };
  }
  if (!Object.hasOwn(FUNCTIONS, name)) throw unsupported(`The function ${name}`);
  const expected = FUNCTIONS[name as FunctionName];
  if (parts.length !== expected) throw wrongArguments(name, expected);
  return { kind: 'call', name: name as FunctionName, arguments: parts };
}

function wrongArguments(name: string, expected: number) {
  return badRequest(`The ${name} function requires ${expected} argument(s).`);
}

function constructed(reader: Reader, sign: string): Expression {
  if (sign === '(') {
    if (reader.next().text.toUpperCase() === 'SELECT') throw unsupported('A subquery');
    const inner = expression(reader);
    reader.expectSign(')');
    return inner;
  }
  if (sign === '[') return { kind: 'array', items: listUntil(reader, ']') };
  if (sign === '{') return { kind: 'object', fields: fieldsOf(reader) };
  if (sign === '-' && reader.next().kind === 'number') {
    const { text } = reader.next();
    reader.advance();
    return { kind: 'literal', value: -Number(text) };
  }
  throw badRequest(`Syntax error, incorrect syntax near '${sign}'.`);
}

function listUntil(reader: Reader, end: string): Expression[] {
  const items: Expression[] = [];
  if (reader.takeSign(end)) return items;
  do items.push(expression(reader));
  while (reader.takeSign(','));
  reader.expectSign(end);
  return items;
}

function fieldsOf(reader: Reader): (readonly [string, Expression])[] {
  const fields: (readonly [string, Expression])[] = [];
  if (reader.takeSign('}')) return fields;
  do {
    const { kind, text } = reader.next();
    if (kind !== 'string' && kind !== 'word') throw reader.wrong();
    reader.advance();
    reader.expectSign(':');
    fields.push([text, expression(reader)]);
  } while (reader.takeSign(','));
  reader.expectSign('}');
  return fields;
}
