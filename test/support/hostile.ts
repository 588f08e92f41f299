import fc from 'fast-check';
import { RedditComment, RedditPost } from '../../src/reddit/schemas.js';
import type { RecordedThing } from './recorded.js';

/** A recorded thing, and what is done to it before it is served. */
export interface Hostile {
  /** Which of the recorded things, modulo their number. */
  recorded: number;
  /** Sound or not, it stands in the listing of the other kind. */
  stranger: boolean;
  changes: Change[];
}

/** `raw` is JSON text, for `JSON.stringify` cannot write 1e999 or the same key twice. */
type Change =
  | { do: 'set'; field: string; raw: string }
  | { do: 'remove'; field: string }
  | { do: 'twice'; field: string; raw: string }
  /** Takes the id, the name or both of the thing before it. */
  | { do: 'swap'; what: 'id' | 'name' | 'both' }
  | { do: 'upper'; field: 'id' | 'name' }
  | { do: 'kind'; raw: string }
  | { do: 'child'; raw: string };

const quoted = (text: string) => JSON.stringify(text);
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const LONG = [256 * 1024, 256 * 1024 + 1, 1_000_000];

const FIELDS = [
  ...new Set([...Object.keys(RedditPost.properties), ...Object.keys(RedditComment.properties)]),
  ...['edited', 'preview', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''],
];

const numbers = [
  ...['0', '-0', '-1', '1.5', '1.0', '1e2', '1E+2', '1e-9', '1e308', '1e999', '-1e999', '5e-324'],
  ...['2147483647', '2147483648', '2147483649', '-2147483649', '9007199254740993', '1e21'],
  ...[
    '1099999999',
    '1100000000',
    '253402300799',
    '253402300800',
    '1768478400.999',
    '1768478400000',
  ],
];
const texts = [
  ...['', ' ', 'NaN', 'Infinity', '-Infinity', 'null', 'undefined', '12', '0x10', '1e3', 'true'],
  ...['\0', 'a\0b', '\ud800', 'x\udc00y', '\udc00\ud800', '\ufeff', '\uffff', '\u202e drow \u2066'],
  ...[
    '\x01\x02\x1f\x7f\x80',
    '\r\n\v\f\u2028\u2029\u0085',
    '__proto__',
    'constructor',
    '[deleted]',
  ],
  ...[
    "'); DROP TABLE posts; --",
    '<script>alert(1)</script>',
    '{{7*7}}',
    '=1+1',
    '../../etc/passwd',
  ],
  ...['e' + '\u0301'.repeat(300), '\u{1f469}\u200d'.repeat(50), '```'.repeat(40), ']('.repeat(500)],
];
const others = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '[null]',
  '{"__proto__":{"x":1}}',
  nested(20_000),
];

const raw: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...numbers) },
  { weight: 8, arbitrary: fc.constantFrom(...texts.map(quoted)) },
  { weight: 6, arbitrary: fc.constantFrom(...others) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map(quoted) },
  { weight: 3, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { weight: 3, arbitrary: fc.maxSafeInteger().map(String) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
);
/** Rare, for a megabyte a piece. */
const long: fc.Arbitrary<string> = fc
  .record({
    unit: fc.constantFrom(
      'a',
      '>',
      '`',
      '](',
      '\ud83d\ude00',
      'e\u0301',
      '\0',
      '\ud800',
      'not good ',
    ),
    length: fc.constantFrom(...LONG),
  })
  .map(({ unit, length }) => quoted(unit.repeat(Math.ceil(length / unit.length)).slice(0, length)));

const field = fc.constantFrom(...FIELDS);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 160, arbitrary: fc.record({ do: fc.constant('set' as const), field, raw }) },
  { weight: 30, arbitrary: fc.record({ do: fc.constant('remove' as const), field }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('twice' as const), field, raw }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('swap' as const),
      what: fc.constantFrom('id' as const, 'name' as const, 'both' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('upper' as const),
      field: fc.constantFrom('id' as const, 'name' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('kind' as const),
      raw: fc.oneof(fc.constantFrom('"t1"', '"t3"', '"t5"', '"more"', '"T3"'), raw),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('child' as const), raw }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      field: fc.constantFrom('title', 'selftext', 'body', 'author', 'url', 'subreddit', 'id'),
      raw: long,
    }),
  },
);

export const hostile: fc.Arbitrary<Hostile> = fc.record({
  recorded: fc.nat(),
  stranger: fc.nat({ max: 49 }).map((n) => n === 0),
  changes: fc.array(change, { maxLength: 3 }),
});

/** Where a thing stands in its listing; all but the changed ones are sound and collectable. */
export interface Standing {
  id: string;
  idBefore: string;
  subreddit: string;
  created_utc: number;
}

/** The JSON text that is served. */
export function hostileText(
  thing: RecordedThing,
  changes: readonly Change[],
  at: Standing,
): string {
  const { kind, data } = thing;
  const { id, subreddit, created_utc } = at;
  const sound = { ...data, id, name: `${kind}_${id}`, subreddit, created_utc };
  const fields = new Map(
    Object.entries(sound).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  const twice: string[] = [];
  let kindText = quoted(kind);
  for (const one of changes) {
    if (one.do === 'child') return one.raw;
    if (one.do === 'kind') kindText = one.raw;
    if (one.do === 'set') fields.set(one.field, one.raw);
    if (one.do === 'remove') fields.delete(one.field);
    if (one.do === 'twice') twice.push(`${quoted(one.field)}:${one.raw}`);
    if (one.do === 'upper') fields.set(one.field, quoted(sound[one.field].toUpperCase()));
    if (one.do === 'swap' && one.what !== 'name') fields.set('id', quoted(at.idBefore));
    if (one.do === 'swap' && one.what !== 'id')
      fields.set('name', quoted(`${kind}_${at.idBefore}`));
  }
  const pairs = [...fields].map(([name, text]) => `${quoted(name)}:${text}`);
  return `{"kind":${kindText},"data":{${[...pairs, ...twice].join(',')}}}`;
}
