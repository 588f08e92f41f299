import test from 'ava';
import { columnsOf, fromBytes, toBytes, type TitledPost } from '../../src/trending/columns.js';
import { namesOf } from '../../src/trending/names.js';
import { hashedTermsOf, postScanner } from '../../src/trending/scan.js';
import { termsOf, wordsOf } from '../../src/trending/terms.js';

const cases: [title: string, terms: string[]][] = [
  ['', []],
  ['The of AND', []],
  ['Claude outage', ['claude', 'outage', 'claude outage']],
  ['outage, outage: OUTAGE!', ['outage']],
  ['outage outage', ['outage', 'outage outage']],
  ['state of the art', ['state', 'art']],
  ['price. Outage', ['price', 'outage']],
  ['C++ beats C# and F#?', ['c++', 'beats', 'c#', 'f#', 'c++ beats', 'beats c#']],
  ['c++17 node.js gpt-4.1 R&D', ['c++17', 'node.js', 'gpt-4.1', 'r&d']],
  ['version 2.0.1.', ['version', 'version 2.0.1']],
  ['2026 11 22', []],
  ['10,000 users', ['users']],
  ['vitamin c, plan b', ['vitamin', 'plan', 'vitamin c', 'plan b']],
  ["Claude's and Claude’s", ['claude']],
  ["don't won’t aren't", []],
  ['see https://a.example/claude-code?x=1#y now', []],
  ['www.example.org/price rises', ['rises']],
  ['by u/some_one in /r/aws and r/Claude: limits', ['limits']],
  ['and/or editor/agent', ['editor', 'agent']],
  ['bugs &amp; fixes &lt;3', ['bugs', 'fixes']],
  ['ＣＬＡＵＤＥ ﬁxed', ['claude', 'fixed', 'claude fixed']],
  ['Größer Ελλάδα हिन्दी', ['größer', 'ελλάδα', 'हिन्दी']],
  ['cla\u200bude a\u00adgent \u202eegatuo', ['claude', 'agent', 'egatuo']],
  ['🔥🔥outage🔥 👨‍👩‍👧 price', ['outage', 'price']],
  ['\ud800outage \udfff', ['outage']],
  ['snake_case __proto__ constructor', ['snake_case', 'proto', 'constructor']],
  ["' OR 1=1; DROP TABLE posts --", ['drop', 'table', 'posts']],
  ['<script>alert(1)</script>', ['script', 'alert']],
];

for (const [title, expected] of cases) {
  test(`terms of ${JSON.stringify(title)}`, (t) => {
    const terms = termsOf(title);
    const words = terms.filter((term) => !term.includes(' '));
    if (expected.some((term) => term.includes(' ')))
      t.deepEqual(terms.toSorted(), expected.toSorted());
    else t.deepEqual(words.toSorted(), expected.toSorted());
    t.is(new Set(terms).size, terms.length);
  });
}

test('names of subreddits are no terms and part of none', (t) => {
  const names = namesOf(['MachineLearning', 'aws', 'Local_Chat', 'GPT4All']);
  const none = [
    'Machine Learning',
    'machine-learning',
    'MACHINELEARNING',
    'aws',
    "AWS's",
    'local chat',
  ];
  for (const title of none) t.deepEqual(termsOf(title, names), [], title);
  t.deepEqual(termsOf('best AWS price', names), ['best', 'price']);
  t.deepEqual(termsOf('deep machine learning agents', names), ['deep', 'agents']);
  t.deepEqual(termsOf('learning curve', names), ['learning', 'curve', 'learning curve']);
  t.deepEqual(termsOf('awsome laws', names), ['awsome', 'laws', 'awsome laws']);
});

test('whatever the title, there are few terms, soon', (t) => {
  const hostile = [
    'a'.repeat(100_000),
    "a'".repeat(50_000),
    'a.b-'.repeat(25_000),
    'c++'.repeat(30_000),
    'x1 '.repeat(30_000),
    `https://${'a'.repeat(99_000)}`,
    '&amp;'.repeat(20_000),
    '\ufdfa'.repeat(50_000),
    'e\u0301'.repeat(50_000),
    '\u0301'.repeat(100_000),
    'r/'.repeat(50_000),
    Array.from({ length: 5000 }, (_, n) => `word${n}`).join(' '),
  ];
  for (const title of hostile) {
    const terms = termsOf(title);
    t.true(terms.length <= 128, `${title.slice(0, 10)}: ${terms.length}`);
    t.true(terms.every((term) => term.length <= 81));
    t.true(wordsOf(title).length <= 64);
  }
});

const post = (title: string, rest: Partial<TitledPost> = {}): TitledPost => ({
  ...{ id: 'p1', title, created_utc: '2026-01-15T11:30:00.000Z', label: 'neutral' },
  ...{ upvotes: 1, comment_count: 0 },
  ...rest,
});

test('the scan of hashed words gives the hashes of the terms, names left out', (t) => {
  const titles = [...cases.map(([title]) => title), 'my Machine learning aws agent', 'aws'];
  for (const names of [namesOf([]), namesOf(['MachineLearning', 'aws', 'claude'])]) {
    const columns = columnsOf(titles.map((title) => post(title)));
    const scan = postScanner(names);
    for (const [at, title] of titles.entries()) {
      const scanned = new Set<string>();
      scan(columns, at, (lo, hi) => scanned.add(`${lo} ${hi}`));
      const expected = hashedTermsOf(title, names).map(([, { lo, hi }]) => `${lo} ${hi}`);
      t.deepEqual([...scanned].sort(), expected.sort(), title);
    }
  }
});

test('columns survive as bytes; what is no sound blob of this version is refused', (t) => {
  const columns = columnsOf([
    post('Claude outage', { upvotes: -5, comment_count: 2 ** 31, label: 'negative' }),
    post('', { id: 'Z9', created_utc: '2026-01-15T11:59:59.999Z', upvotes: 2 ** 31 }),
  ]);
  const bytes = toBytes(columns);
  const misaligned = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
  for (const read of [fromBytes(bytes), fromBytes(misaligned)]) {
    t.deepEqual(read?.ids(), ['p1', 'Z9']);
    t.deepEqual([...(read?.numbers ?? [])].slice(0, columns.numbers.length), [...columns.numbers]);
  }
  for (let length = 0; length < columns.numbers.byteLength; length += 1) {
    t.is(fromBytes(bytes.subarray(0, length)), null, `cut at ${length}`);
  }
  for (const at of [0, 1, 2, 10, 11, 12, 13]) {
    const numbers = Uint32Array.from(columns.numbers);
    numbers[at] = 0xffff_ffff;
    t.is(fromBytes(Buffer.from(numbers.buffer)), null, `number ${at}`);
  }
});
