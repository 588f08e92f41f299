import { unsupported } from '../refusals.js';
import { createReader, type Reader } from './reader.js';
import { expression, pathAfter } from './expressions.js';
import {
  AGGREGATES,
  type Expression,
  type Ordering,
  type Query,
  type Selection,
} from './syntax.js';

/** Nothing that the grammar accepts beyond what is listed in this folder is guessed at. */
const CLAUSES = ['GROUP', 'OFFSET', 'LIMIT', 'JOIN', 'HAVING', 'UNION'];

/** @throws Refusal 400 that names what is wrong, or what is not supported. */
export function parseQuery(text: string): Query {
  const reader = createReader(text);
  reader.expectWord('SELECT');
  const distinct = reader.takeWord('DISTINCT');
  const top = reader.takeWord('TOP') ? topOf(reader) : undefined;
  const selection = selectionOf(reader);
  reader.expectWord('FROM');
  const alias = aliasOf(reader);
  const where = reader.takeWord('WHERE') ? expression(reader) : undefined;
  const orderBy = reader.takeWord('ORDER') ? orderingsOf(reader) : [];
  refuseClauses(reader);
  if (reader.next().kind !== 'end') throw reader.wrong();
  const query = { distinct, top, selection: selection(alias), alias, where, orderBy };
  check(query);
  return query;
}

function topOf(reader: Reader): Expression {
  const token = reader.next();
  const isCount = token.kind === 'number' && /^\d+$/.test(token.text);
  if (!isCount && token.kind !== 'parameter') throw reader.wrong();
  reader.advance();
  return isCount
    ? { kind: 'literal', value: Number(token.text) }
    : { kind: 'parameter', name: token.text };
}

/** The alias is named only after the selection, so paths in it are bound later. */
function selectionOf(reader: Reader): (alias: string) => Selection {
  if (reader.takeSign('*')) return () => ({ kind: 'all' });
  if (reader.takeWord('VALUE')) {
    const value = expression(reader);
    return () => ({ kind: 'value', value });
  }
  const fields: (readonly [string, Expression])[] = [];
  do {
    const value = expression(reader);
    fields.push([reader.takeWord('AS') ? reader.name() : nameOf(value), value]);
  } while (reader.takeSign(','));
  return () => ({ kind: 'list', fields });
}

function nameOf(value: Expression): string {
  const last = value.kind === 'path' ? value.path.at(-1) : undefined;
  if (last === undefined) throw unsupported('A selected expression without AS');
  return last;
}

function aliasOf(reader: Reader): string {
  const alias = reader.name();
  refuseClauses(reader);
  if (reader.next().text.toUpperCase() === 'IN' || reader.next().text === '.') {
    throw unsupported('FROM of anything but the container');
  }
  // Every path of the text begins with this name; expressions checked it while they were read.
  reader.bind(alias);
  return alias;
}

function orderingsOf(reader: Reader): Ordering[] {
  reader.expectWord('BY');
  const orderings: Ordering[] = [];
  do {
    const path = pathAfter(reader, reader.name());
    if (path.length === 0) throw unsupported('ORDER BY of a whole item');
    const descending = reader.takeWord('DESC');
    if (!descending) reader.takeWord('ASC');
    orderings.push({ path, descending });
  } while (reader.takeSign(','));
  return orderings;
}

function refuseClauses(reader: Reader): void {
  const word = reader.next().text.toUpperCase();
  if (reader.next().kind === 'word' && CLAUSES.includes(word)) throw unsupported(word);
}

function check({ selection, distinct, orderBy }: Query): void {
  if (distinct && selection.kind !== 'value') throw unsupported('DISTINCT without VALUE');
  if (distinct && orderBy.length > 0) throw unsupported('DISTINCT with ORDER BY');
  if (selection.kind === 'list' && selection.fields.some(([, { kind }]) => kind === 'aggregate')) {
    throw unsupported(`An aggregate (${AGGREGATES.join(', ')}) without VALUE`);
  }
}
