import test from 'ava';
import fc from 'fast-check';
import { readDumpLine } from '../../src/reddit/dump.js';
import { dumpComment, dumpPost } from '../support/dump.js';

const read = (value: unknown) =>
  readDumpLine(typeof value === 'string' ? value : JSON.stringify(value));

function post(value: unknown) {
  const thing = read(value);
  return 'post' in thing ? thing.post : null;
}

function comment(value: unknown) {
  const thing = read(value);
  return 'comment' in thing ? thing.comment : null;
}

test('text is taken for numbers and truths, and a missing author for nobody', (t) => {
  t.like(post(dumpPost('18sngv', { stickied: 'True', edited: '1361244999.0' })), {
    edited: 1_361_244_999,
    ...{ id: '18sngv', created_utc: 1_361_244_410, score: 38, num_comments: 52, stickied: true },
    permalink: '/r/Advice/comments/18sngv/x',
  });
  t.is(post(dumpPost('a'))?.author, undefined);
  t.is(post(dumpPost('a', { author: '' }))?.author, null);
  t.is(post(dumpPost('a', { author: null }))?.author, null);
  for (const [given, stickied] of [
    ...[
      ['False', false],
      ['false', false],
      ['TRUE', true],
      ['', null],
      ['None', null],
    ],
    ...[
      [true, true],
      [null, null],
    ],
  ]) {
    t.is(post(dumpPost('a', { stickied: given }))?.stickied, stickied as boolean | null);
  }
  t.like(post(dumpPost('a', { score: '-3', num_comments: ' 4 ', created_utc: '1361244410' })), {
    ...{ score: -3, num_comments: 4, created_utc: 1_361_244_410 },
  });
  t.is(post(dumpPost('a', { num_comments: '-1' }))?.num_comments, 0, 'as in a real dump');
  t.is(post(dumpPost('a', { removed_by_category: '' }))?.removed_by_category, null);
});

test('bare or wrapped, by its name or by its fields', (t) => {
  t.truthy(post({ kind: 't3', data: dumpPost('a') }));
  t.truthy(comment({ kind: 't1', data: dumpComment('a') }));
  t.like(post(dumpPost('a', { name: undefined })), { name: 't3_a' });
  t.like(comment(dumpComment('a', { name: undefined })), { name: 't1_a' });
  t.like(post(dumpPost('a', { id: undefined })), { id: 'a' });
  t.like(comment(dumpComment('a', { title: 'of its post' })), { name: 't1_a' });
  t.like(comment(dumpComment('MISMATCH', { parent_id: 't1_MISMATCH' })), { id: 'MISMATCH' });
});

test('permalinks become paths', (t) => {
  for (const [given, path] of [
    ['http://www.reddit.com/r/a/comments/b/c', '/r/a/comments/b/c'],
    ['https://old.reddit.com/r/a/', '/r/a/'],
    ['https://reddit.com/r/a/?x=https://www.reddit.com/', '/r/a/?x=https://www.reddit.com/'],
    ['/r/a/comments/b/c', '/r/a/comments/b/c'],
    [undefined, '/r/Advice/comments/p/'],
    [null, '/r/Advice/comments/p/'],
  ]) {
    t.is(post(dumpPost('p', { permalink: given }))?.permalink, path ?? '');
  }
  t.is(comment(dumpComment('c'))?.permalink, undefined);
});

const malformed: [line: unknown, reason: string][] = [
  ['{"id":', 'not_json'],
  ['nonsense', 'not_json'],
  ['{}{}', 'not_json'],
  ['\u0000', 'not_json'],
  ['[1]', 'not_an_object'],
  ['"text"', 'not_an_object'],
  ['null', 'not_an_object'],
  ['17', 'not_an_object'],
  [{ kind: 't3', data: null }, 'not_an_object'],
  [{ kind: 't3', data: [dumpPost('a')] }, 'not_an_object'],
  [{}, 'unknown_kind'],
  [{ kind: 't5', data: dumpPost('a') }, 'unknown_kind'],
  [{ kind: 'Listing', data: { children: [] } }, 'unknown_kind'],
  [{ name: 't5_2qjdm', title: 'a subreddit' }, 'unknown_kind'],
  [{ kind: 't1', data: dumpPost('a', { name: undefined }) }, 'invalid_body'],
  [dumpPost('a', { created_utc: 'yesterday' }), 'invalid_created_utc'],
  [dumpPost('a', { created_utc: undefined }), 'invalid_created_utc'],
  [dumpPost('a', { created_utc: '1361244410000' }), 'invalid_created_utc'],
  [dumpPost('a', { created_utc: '-1' }), 'invalid_created_utc'],
  [dumpPost('a', { created_utc: '0x51' }), 'invalid_created_utc'],
  [dumpPost('a', { created_utc: 'Infinity' }), 'invalid_created_utc'],
  [JSON.stringify(dumpPost('a')).replace('"1361244410.0"', '1e999'), 'invalid_created_utc'],
  [dumpPost('a', { score: '38.5' }), 'invalid_score'],
  [dumpPost('a', { score: '' }), 'invalid_score'],
  [dumpPost('a', { score: '9'.repeat(400) }), 'invalid_score'],
  [dumpPost('a', { num_comments: 'many' }), 'invalid_num_comments'],
  [dumpPost('a', { title: undefined, selftext: 7 }), 'invalid_title'],
  [dumpPost('a', { title: { toString: 1 } }), 'invalid_title'],
  [dumpPost('a', { author: { name: 'x' } }), 'invalid_author'],
  [dumpPost('a', { stickied: 'maybe' }), 'invalid_stickied'],
  [dumpPost('a', { stickied: '__proto__' }), 'invalid_stickied'],
  [dumpPost('a/b', { name: 't3_a/b' }), 'invalid_id'],
  [dumpPost('a', { id: 7 }), 'invalid_id'],
  [dumpPost('a', { name: 't3_b' }), 'invalid_name'],
  [{ kind: 't3', data: dumpPost('a', { name: 't1_a' }) }, 'invalid_name'],
  [dumpPost('a', { subreddit: undefined }), 'invalid_subreddit'],
  [dumpPost('a', { subreddit: '' }), 'invalid_subreddit'],
  [dumpPost('a', { subreddit: 'a/b' }), 'invalid_subreddit'],
  [dumpPost('a', { subreddit: 'a b' }), 'invalid_subreddit'],
  [dumpPost('a', { subreddit: 'İstanbul' }), 'invalid_subreddit'],
  [dumpPost('a', { subreddit: 'a\0' }), 'invalid_subreddit'],
  [dumpPost('a', { subreddit: 'x'.repeat(65) }), 'invalid_subreddit'],
  [dumpPost('a', { permalink: 'javascript:alert(1)' }), 'invalid_permalink'],
  [dumpPost('a', { permalink: '//example.org/' }), 'invalid_permalink'],
  [dumpPost('a', { permalink: 'https://reddit.com.example.org/r/a' }), 'invalid_permalink'],
  [dumpComment('a', { body: undefined }), 'invalid_body'],
  [dumpComment('a', { link_id: 'p1' }), 'invalid_link_id'],
  [dumpComment('a', { parent_id: 17 }), 'invalid_parent_id'],
];
const ordinary: Record<string, unknown> = { ...dumpPost('a'), ...dumpComment('a') };
for (const [line, reason] of malformed) {
  // Only what is not as usual is in the title.
  const odd = (_: string, value: unknown) =>
    typeof value === 'string' && Object.values(ordinary).includes(value) ? undefined : value;
  const shown = typeof line === 'string' ? line : JSON.stringify(line, odd);
  test(`${reason}: ${JSON.stringify(shown.slice(0, 120))}`, (t) => {
    t.deepEqual(read(line), { reason });
  });
}

test('whatever stands in a line, it is read or refused, never thrown at', (t) => {
  const fields = Object.keys({
    ...dumpPost('a'),
    ...dumpComment('a'),
    kind: 0,
    data: 0,
    stickied: 0,
  });
  const strange = fc.dictionary(
    fc.constantFrom(...fields, '__proto__', 'toString'),
    fc.jsonValue(),
  );
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    strange.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(line, (text) => Object.keys(read(text)).length === 1),
    { numRuns: 2000 },
  );
  t.deepEqual(read('['.repeat(5_000_000)), { reason: 'not_json' });
  t.deepEqual(read(`{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), {
    reason: 'unknown_kind',
  });
});
