import test from 'ava';
import fc from 'fast-check';
import {
  createAccount,
  createContainer,
  createDatabase,
  loadItems,
} from '../../src/cosmos-account/account.js';
import type { Container } from '../../src/cosmos-account/container.js';
import { type Resume, runQuery } from '../../src/cosmos-account/query.js';
import { createSortedList } from '../../src/cosmos-account/sorted-list.js';
import { parseQuery } from '../../src/cosmos-account/sql/parse.js';
import { compareValues, type Json, type JsonObject } from '../../src/cosmos-account/values.js';
import { ManualClock } from '../support/clock.js';

const COMPOSITES = [
  ['a', 'b', 'id'],
  ['b', 'id'],
].map((paths) =>
  paths.map((path, at) => ({ path: `/${path}`, order: at === 1 ? 'descending' : 'ascending' })),
);

function emptyContainer(indexingPolicy: Json): Container {
  const account = createAccount({
    clock: new ManualClock(),
    throughput: 'unlimited',
    replicaLag: 0,
  });
  const database = createDatabase(account, { id: 'd' }, undefined);
  const partitionKey = { paths: ['/p'] };
  const body = { id: 'c', partitionKey, indexingPolicy };
  return createContainer(account, database, body, undefined);
}

const account = createAccount({ clock: new ManualClock(), throughput: 'unlimited', replicaLag: 0 });

/** Every page of a query over everything of one range after the other. */
function answers(container: Container, text: string, maxItems: number): Json[] {
  const query = parseQuery(text);
  const found: Json[] = [];
  for (const range of container.ranges) {
    let resume: Resume | undefined;
    do {
      const page = runQuery({
        ...{ container, partitions: [...range.partitions.values()], query, resume, maxItems },
        ...{ parameters: new Map(), view: { nowMs: 0, unseen: [] } },
      });
      found.push(...page.items.map((item) => JSON.parse(item) as Json));
      resume = page.resume;
    } while (resume !== undefined);
  }
  return found;
}

const value = fc.constantFrom<(Json | undefined)[]>(
  undefined,
  null,
  false,
  true,
  0,
  1,
  2,
  'x',
  'y',
  'ä',
  '😀',
  '\uffee',
);
const document = fc.record({
  id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7'),
  p: fc.constantFrom('k', 'l', 'm'),
  a: value,
  b: value,
});
const literal = value.filter((one) => one !== undefined).map((one) => JSON.stringify(one));
const path = fc.constantFrom('c.a', 'c.b', 'c.id');
const comparison = fc
  .tuple(path, fc.constantFrom('=', '!=', '<', '<=', '>', '>='), literal, fc.boolean())
  .map(([left, operator, right, flipped]) =>
    flipped ? `${right} ${operator} ${left}` : `${left} ${operator} ${right}`,
  );
const simple = fc.oneof(
  comparison,
  fc
    .tuple(path, fc.array(literal, { minLength: 1, maxLength: 3 }))
    .map(([item, list]) => `${item} IN (${list.join(', ')})`),
  path.map((one) => `IS_DEFINED(${one})`),
  fc.array(literal, { maxLength: 3 }).map((list) => `ARRAY_CONTAINS([${list.join(', ')}], c.id)`),
);
/** As a page after a key asks, and alternatives of one path. */
const alternatives = fc
  .tuple(path, fc.constantFrom('<', '>', '<=', '>='), literal, literal, comparison)
  .map(([item, operator, left, right, other]) => [
    `(${item} ${operator} ${left} OR (${item} = ${left} AND ${other}))`,
    `(${item} ${operator} ${left} OR ${item} ${operator} ${right})`,
  ])
  .chain((both) => fc.constantFrom(...both));
const condition: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    simple,
    alternatives,
    fc
      .tuple(tie('any'), fc.constantFrom('AND', 'OR'), tie('any'))
      .map((parts) => `(${parts.join(' ')})`),
    tie('any').map((inner) => `NOT (${inner})`),
  ),
})).any;
const ORDERS = [
  '',
  'ORDER BY c.a',
  'ORDER BY c.b DESC',
  'ORDER BY c.a, c.b DESC, c.id',
  'ORDER BY c.b DESC, c.id ASC',
];

const key = (item: JsonObject) => JSON.stringify([item.p, item.id]);

test('however items are found, what matches is the same as without any index', (t) => {
  const indexed = { includedPaths: [{ path: '/*' }], compositeIndexes: COMPOSITES };
  const bare = { indexingMode: 'none' };
  fc.assert(
    fc.property(
      fc.array(document, { maxLength: 30 }),
      fc.array(document, { maxLength: 10 }),
      fc.array(fc.tuple(condition, fc.constantFrom(...ORDERS)), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      (first, later, queries, pageSize) => {
        const [rich, poor] = [emptyContainer(indexed), emptyContainer(bare)];
        const load = (items: typeof first) => {
          const given = items.map((item) => JSON.parse(JSON.stringify(item)) as JsonObject);
          for (const container of [rich, poor]) loadItems(account, container, given);
        };
        const check = () => {
          for (const [where, order] of queries) {
            const text = `SELECT * FROM c WHERE ${where}`;
            const found = answers(rich, `${text} ${order}`, pageSize) as JsonObject[];
            const [, by] = /ORDER BY c\.(\w)/.exec(order) ?? [];
            const expected = (answers(poor, text, 100) as JsonObject[]).filter(
              (item) => by === undefined || item[by] !== undefined,
            );
            t.deepEqual(found.map(key).sort(), expected.map(key).sort(), `${text} ${order}`);
          }
        };
        load(first);
        check();
        // Now the indexes are there and have to follow.
        load(later);
        for (const container of [rich, poor]) {
          for (const range of container.ranges) range.partitions.get('"k"')?.put('1', undefined);
        }
        check();
      },
    ),
    { numRuns: 300 },
  );
});

test('what is ordered is in order, forwards and backwards', (t) => {
  fc.assert(
    fc.property(
      fc.array(document, { maxLength: 40 }),
      fc.constantFrom(...ORDERS.slice(1)),
      (items, order) => {
        const container = emptyContainer({
          includedPaths: [{ path: '/*' }],
          compositeIndexes: COMPOSITES,
        });
        loadItems(
          account,
          container,
          items.map((item) => JSON.parse(JSON.stringify(item)) as JsonObject),
        );
        const columns = [...order.matchAll(/c\.(\w+)( DESC)?/g)].map(([, name = '', down]) => ({
          name,
          sign: down === undefined ? 1 : -1,
        }));
        for (const range of container.ranges) {
          const alone = { ...container, ranges: [range, range] as const };
          const found = answers(alone, `SELECT * FROM c ${order}`, 3) as JsonObject[];
          const half = found.slice(0, found.length / 2);
          for (let at = 1; at < half.length; at += 1) {
            const [before, after] = [half[at - 1], half[at]];
            const step = columns
              .map(({ name, sign }) => sign * compareValues(before?.[name], after?.[name]))
              .find((one) => one !== 0);
            t.true((step ?? 0) <= 0, `${order}: ${JSON.stringify([before, after])}`);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('strings are ordered by code point, types by their rank', (t) => {
  const sorted = [
    undefined,
    null,
    false,
    true,
    -1,
    0,
    7,
    '',
    'A',
    'a',
    'aa',
    'ä',
    '\uffee',
    '😀',
    [],
  ];
  for (const [at, left] of sorted.entries()) {
    for (const [other, right] of sorted.entries()) {
      t.is(
        Math.sign(compareValues(left, right)),
        Math.sign(at - other),
        `${String(left)} ${String(right)}`,
      );
    }
  }
});

test('a sorted list is what a sorted array would be', (t) => {
  const compare = (a: number, b: number) => a - b;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(5000), { maxLength: 2000, minLength: 1000 }),
      fc.array(fc.nat(5000), { maxLength: 300 }),
      fc.nat(5000),
      (initial, changes, from) => {
        const list = createSortedList(compare, [...initial]);
        const held = new Set(initial);
        for (const change of changes) {
          if (held.delete(change)) list.remove(change);
          else {
            held.add(change);
            list.insert(change);
          }
        }
        const sorted = [...held].sort(compare);
        t.deepEqual(
          [...list.upFrom((n) => n < from)],
          sorted.filter((n) => n >= from),
        );
        t.deepEqual([...list.downFrom((n) => n < from)], sorted.filter((n) => n < from).reverse());
      },
    ),
    { numRuns: 30 },
  );
});
