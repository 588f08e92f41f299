import test from 'ava';
import { USAGE, parseArguments } from '../../src/simulator/arguments.js';
import { changed } from '../../src/simulator/fault-changes.js';
import {
  createFaults,
  type Fault,
  FAULT_KINDS,
  type FaultKind,
  type Faults,
  type Target,
} from '../../src/simulator/faults.js';

/** Lets a request meet the faults; answers which kind befell it. */
function meet(faults: Faults, target: Target): string | null {
  const fault = faults.match(target);
  return fault === null ? null : faults.hit(fault).fault.kind;
}

const target = (route: Target['route'], subreddit: string | null = null): Target => ({
  route,
  subreddit,
});

test('a fault meets its route and its subreddit, in any case, and without them all', (t) => {
  const everything = [
    target('token'),
    target('new', 'aws'),
    target('comments', 'Cursor'),
    target('thread'),
    target('thread', 'AWS'),
    target('info'),
    target('about', 'Aws'),
  ];
  const met = (fault: Fault) => {
    const faults = createFaults([fault]);
    return everything.flatMap((one, at) => (meet(faults, one) === null ? [] : [at]));
  };
  t.deepEqual(met({ kind: 'empty' }), [0, 1, 2, 3, 4, 5, 6]);
  t.deepEqual(met({ kind: 'empty', route: 'token' }), [0]);
  t.deepEqual(met({ kind: 'empty', route: 'new' }), [1]);
  t.deepEqual(met({ kind: 'empty', route: 'thread' }), [3, 4]);
  t.deepEqual(met({ kind: 'empty', subreddit: 'aWs' }), [1, 4, 6]);
  t.deepEqual(met({ kind: 'empty', subreddit: 'aws', route: 'thread' }), [4]);
  t.deepEqual(met({ kind: 'empty', subreddit: 'elsewhere' }), []);
  t.deepEqual(met({ kind: 'token_expired' }), [1, 2, 3, 4, 5, 6], 'nobody presents one there');
});

test('the first added wins until it is used up; hits are told, used-up faults too', (t) => {
  const faults = createFaults([{ kind: 'html', route: 'new', count: 2 }]);
  faults.add([
    { kind: 'empty', subreddit: 'aws', count: 1 },
    { kind: 'silent', route: 'new' },
  ]);
  const seen = Array.from({ length: 5 }, () => meet(faults, target('new', 'aws')));
  t.deepEqual(seen, ['html', 'html', 'empty', 'silent', 'silent']);
  t.is(meet(faults, target('comments', 'aws')), null);
  t.deepEqual(faults.list(), [
    { kind: 'html', route: 'new', count: 2, hits: 2 },
    { kind: 'empty', subreddit: 'aws', count: 1, hits: 1 },
    { kind: 'silent', route: 'new', hits: 2 },
  ]);
  faults.clear();
  t.deepEqual(faults.list(), []);
  t.is(meet(faults, target('new', 'aws')), null);
});

test('what is listed and what was given cannot change a fault', (t) => {
  const given: Fault = { kind: 'empty', count: 1 };
  const faults = createFaults([given]);
  given.count = 99;
  for (const listed of faults.list()) listed.hits = 7;
  t.deepEqual(faults.list(), [{ kind: 'empty', count: 1, hits: 0 }]);
});

test('clearing ends what is held, once, and what was released is left alone', (t) => {
  const faults = createFaults();
  const ended: string[] = [];
  faults.hold(() => ended.push('a'));
  const release = faults.hold(() => ended.push('b'));
  const releaseC = faults.hold(() => {
    ended.push('c');
    releaseC();
  });
  release();
  t.is(faults.held(), 2);
  faults.clear();
  t.deepEqual(ended, ['a', 'c']);
});

const WRONG: [unknown, RegExp][] = [
  ['silent', /^"silent" is not a fault: it is an object with "kind" in it$/],
  [null, /^null is not a fault/],
  [undefined, /^undefined is not a fault/],
  [[[]], /^faults\[0\]: \[\] is not a fault/],
  [{}, /^kind is missing: it is one of unauthorized, forbidden, .*megabytes$/],
  [{ kind: 'silnt' }, /^kind "silnt" is not accepted: it is one of unauthorized, .*silent/],
  [{ kind: 'toString' }, /^kind "toString" is not accepted/],
  [
    { kind: 'empty', route: 'hot' },
    /^route "hot" is not accepted: it is one of token, new, .*every/,
  ],
  [{ kind: 'empty', subreddit: 'r/aws' }, /^subreddit "r\/aws" is not .* without "r\/"$/],
  [{ kind: 'empty', subreddit: '' }, /^subreddit "" is not accepted/],
  [{ kind: 'empty', count: 0 }, /^count 0 is not accepted: it is a whole number from 1/],
  [{ kind: 'empty', count: 1.5 }, /^count 1.5 is not accepted/],
  [{ kind: 'empty', count: '3' }, /^count "3" is not accepted/],
  [{ kind: 'empty', count: null }, /^count null is not accepted/],
  [
    { kind: 'rate_limited', retry_after: -1 },
    /^retry_after -1 is not accepted: it is whole seconds/,
  ],
  [{ kind: 'empty', cuont: 3 }, /^a fault has no field "cuont": its fields are kind, route, sub/],
  [{ kind: 'empty', retry_after: 3 }, /^retry_after goes with rate_limited, not with empty$/],
  [
    { kind: 'empty', route: 'info', subreddit: 'aws' },
    /^no request for info names a subreddit: new/,
  ],
  [
    { kind: 'token_expired', route: 'token' },
    /^token_expired needs a route that takes a token: new/,
  ],
  [[{ kind: 'empty' }, { kind: 'x' }], /^faults\[1\]: kind "x" is not accepted/],
];

test('a wrong fault is refused by name, with what would be right, and nothing is added', (t) => {
  for (const [given, message] of WRONG) {
    const faults = createFaults();
    t.throws(() => faults.add(given as Fault), { message, code: 'invalid_request' });
    t.deepEqual(faults.list(), []);
  }
  const faults = createFaults();
  const many = Array.from({ length: 1001 }, (): Fault => ({ kind: 'empty' }));
  t.throws(() => faults.add(many), { message: /more than 1000 faults; remove/ });
});

test('--fault takes a kind and settings, again and again', (t) => {
  const { faults } = parseArguments([
    ...['--fault', 'rate_limited,route=new,subreddit=aws,count=3,retry_after=0'],
    ...['--fault=silent', '--port', '0'],
  ]);
  t.deepEqual(faults, [
    { kind: 'rate_limited', route: 'new', subreddit: 'aws', count: 3, retry_after: 0 },
    { kind: 'silent' },
  ]);
});

test('a wrong --fault is refused by name, with what would be right', (t) => {
  for (const [given, message] of [
    ['', /^--fault: kind "" is not accepted: it is one of/],
    ['slow', /^--fault: kind "slow" is not accepted: it is one of .*drip, silent/],
    ['silent,3', /^"3" in --fault is not NAME=VALUE: as in silent,route=new,count=3$/],
    ['silent,', /^"" in --fault is not NAME=VALUE/],
    ['silent,count=', /^--fault: count "" is not accepted: it is a whole number from 1/],
    ['silent,count=-1', /^--fault: count "-1" is not accepted/],
    ['silent,count=0', /^--fault: count 0 is not accepted/],
    ['silent,count=1e3', /^--fault: count "1e3" is not accepted/],
    ['silent,count=1,count=2', /^count is given twice in --fault silent,count=1,count=2$/],
    ['silent,kind=drip', /^kind is given twice/],
    ['silent,rout=new', /^--fault: a fault has no field "rout": its fields are kind, route/],
    ['silent,__proto__=x', /^--fault: a fault has no field "__proto__"/],
  ] as const) {
    t.throws(() => parseArguments(['--fault', given]), { message, code: 'invalid_request' }, given);
  }
});

test('--help names every kind with what it does', (t) => {
  for (const [kind, what] of Object.entries(FAULT_KINDS)) {
    t.true(USAGE.includes(`  ${kind.padEnd(16)}${what}\n`), kind);
  }
});

const CHANGING = ['wrong_types', 'missing_fields', 'hostile_text', 'megabytes'] as const;
type Fields = Record<string, unknown>;
type Listing = { data: { children: { data: Fields }[] } };

/** A page like Reddit's, frozen as deep as it goes: whoever changes it in place, throws. */
function page(posts: number): Listing {
  const children = Array.from({ length: posts }, (_, at) => ({
    kind: 't3',
    data: { id: `p${at}`, name: `t3_p${at}`, score: at, title: `Title ${at}`, selftext: '' },
  }));
  return frozen({ kind: 'Listing', data: { after: 't3_p0', dist: posts, children } });
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

test('some objects of a page are changed, one field each, and soon each field of each', (t) => {
  for (const kind of CHANGING) {
    for (const posts of [1, 2, 3, 7]) {
      const before = page(posts);
      const hit = new Set<string>();
      for (let nth = 0; nth < 40; nth += 1) {
        const after = changed(kind, before, nth) as Listing;
        t.like(after, { kind: 'Listing', data: { after: 't3_p0', dist: posts } });
        t.is(after.data.children.length, posts);
        let objects = 0;
        for (const [at, { data }] of after.data.children.entries()) {
          const was = before.data.children[at]?.data ?? {};
          const fields = Object.keys(was).filter((name) => data[name] !== was[name]);
          t.true(fields.length <= 1);
          objects += fields.length;
          for (const field of fields) hit.add(`${at} ${field}`);
        }
        t.true(objects >= 1);
        t.true(objects < posts || posts === 1, 'not all of them');
        if (kind === 'megabytes') t.is(objects, 1);
        t.deepEqual(changed(kind, before, nth), after, 'the same for the same turn');
      }
      const fields = { wrong_types: 5, missing_fields: 5, hostile_text: 2, megabytes: 1 }[kind];
      t.is(hit.size, fields * posts, `${kind} on ${posts}`);
    }
  }
});

test('a changed type is another one of JSON, and in turn every other one', (t) => {
  const of = (value: unknown) =>
    value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const before = page(1);
  const types = new Map<string, Set<string>>();
  for (let nth = 0; nth < 40; nth += 1) {
    const after = changed('wrong_types', before, nth) as Listing;
    const was = before.data.children[0]?.data ?? {};
    for (const [field, value] of Object.entries(after.data.children[0]?.data ?? {})) {
      if (value !== was[field]) types.set(field, (types.get(field) ?? new Set()).add(of(value)));
    }
  }
  t.deepEqual([...(types.get('score') ?? [])].sort(), [
    'array',
    'boolean',
    'null',
    'object',
    'string',
  ]);
  t.deepEqual([...(types.get('title') ?? [])].sort(), [
    'array',
    'boolean',
    'null',
    'number',
    'object',
  ]);
});

test('answers without objects stay as they are', (t) => {
  for (const body of [page(0), { message: 'Not Found', error: 404 }, [], null, 'text']) {
    for (const kind of [...CHANGING, 'truncated'] as FaultKind[]) {
      t.deepEqual(changed(kind, body, 3), body);
    }
  }
});
