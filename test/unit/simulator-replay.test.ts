import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';
import { loadRecordings, type Recording } from '../../src/simulator/recordings.js';
import { replayWorld } from '../../src/simulator/replay.js';
import { buildSimulator } from '../../src/simulator/server.js';
import type { World } from '../../src/simulator/world.js';
import { ManualClock } from '../support/clock.js';
import { HAS_RECORDINGS, recordedLines, WIRE } from '../support/recorded.js';
import { type TestListing, type TestObject, testClient } from '../support/reddit-client.js';
import { temporaryFolder } from '../support/temp.js';

const NOW = Date.parse('2026-01-15T12:00:00.000Z');
const WEEK_SECONDS = 7 * 86_400;

const post = (id: string, more: object = {}): Recording => ({
  kind: 't3',
  data: {
    id,
    name: `t3_${id}`,
    title: 'A title, old',
    subreddit: 'old',
    permalink: '/r/old/',
    num_comments: 99,
    created: 1,
    created_utc: 1,
    ...more,
  },
});
const comment = (id: string, more: object = {}): Recording => ({
  kind: 't1',
  data: {
    id,
    name: `t1_${id}`,
    body: 'b',
    subreddit: 'old',
    link_id: 't3_gone',
    parent_id: 't3_gone',
    created_utc: 1,
    replies: { kind: 'Listing' },
    ...more,
  },
});
const many = (count: number, make: (id: string) => Recording) =>
  Array.from({ length: count }, (_, index) => make((index + 1).toString(36)));

async function everythingServed(world: World, clock: ManualClock) {
  const client = testClient(
    buildSimulator({
      world,
      clock,
      tokenTtlMs: 86_400_000,
      rateLimit: { requests: 100_000, windowMs: 60_000 },
    }),
  );
  const posts: TestObject[] = [];
  const comments: TestObject[] = [];
  for (const subreddit of world.subreddits) {
    for (const [path, into] of [
      ['new', posts],
      ['comments', comments],
    ] as const) {
      const listed = await client.pageAll(`/r/${subreddit}/${path}`);
      if (listed.some((data) => data.subreddit !== subreddit))
        throw new Error(`stray in ${subreddit}`);
      if (listed.length > 1000) throw new Error(`${subreddit} lists ${listed.length}`);
      into.push(...listed);
    }
  }
  return { client, posts, comments };
}

test('things are dealt to one consistent week, the same each time', async (t) => {
  const items = [...many(40, post), ...many(120, comment), post('1'), comment('2')];
  const options = { items, subreddits: ['Cursor', 'aws'], nowMs: NOW };
  const { posts, comments } = await everythingServed(replayWorld(options), new ManualClock(NOW));
  t.is(posts.length, 40);
  t.is(comments.length, 120);
  const byName = new Map(posts.map((data) => [data.name, data]));
  for (const data of [...posts, ...comments]) {
    const age = NOW / 1000 - Number(data.created_utc);
    t.true(age >= 0 && age <= WEEK_SECONDS);
  }
  for (const data of comments) {
    const parent = byName.get(String(data.link_id));
    t.is(data.subreddit, parent?.subreddit);
    t.is(data.parent_id, data.link_id);
    t.is(data.replies, '');
    t.true(Number(data.created_utc) > Number(parent?.created_utc));
    t.false('permalink' in data, 'what a recording lacks stays absent');
  }
  for (const data of posts) {
    t.is(data.num_comments, comments.filter((c) => c.link_id === data.name).length);
    t.is(data.permalink, `/r/${String(data.subreddit)}/comments/${data.id}/a_title_old/`);
    t.is(data.created, data.created_utc);
    t.is(data.title, 'A title, old');
  }
  t.deepEqual(
    replayWorld(options).truth(),
    replayWorld({ ...options, items: items.toReversed() }).truth(),
  );
});

test('a listing never holds more than 1,000: dealt evenly if need be, refused if not', (t) => {
  const subreddits = ['Cursor', 'aws'];
  const world = replayWorld({ items: many(2_000, post), subreddits, nowMs: NOW });
  t.deepEqual(world.served(), { posts: 2_000, comments: 0 });
  const inAws = world.truth().posts.filter((item) => item.data.subreddit === 'aws');
  t.is(inAws.length, 1_000);
  t.throws(() => replayWorld({ items: many(2_001, post), subreddits, nowMs: NOW }), {
    message: '2001 recordings of one kind do not fit: 2 subreddits list 2000',
    code: 'invalid_request',
  });
});

test('comments go where posts are, and not without any', (t) => {
  const subreddits = DEFAULT_SUBREDDITS.split(',');
  const world = replayWorld({ items: [post('a'), ...many(30, comment)], subreddits, nowMs: NOW });
  t.is(world.thread('a')?.replies.length, 30);
  t.throws(() => replayWorld({ items: many(3, comment), subreddits, nowMs: NOW }), {
    message: /not one post/,
  });
  t.deepEqual(replayWorld({ items: [], subreddits, nowMs: NOW }).served(), {
    posts: 0,
    comments: 0,
  });
});

test('an answer to a comment stays below it when both are in one thread', (t) => {
  const items = [
    post('a'),
    comment('x'),
    comment('y', { parent_id: 't1_x' }),
    comment('z', { parent_id: 't1_far' }),
  ];
  const thread = replayWorld({ items, subreddits: ['aws'], nowMs: NOW }).thread('a');
  t.deepEqual(thread?.replies.map((r) => r.comment.data.id).sort(), ['x', 'z']);
  const answers = thread?.replies.find((r) => r.comment.data.id === 'x')?.replies;
  t.is(answers?.[0]?.comment.data.parent_id, 't1_x');
});

test('files are read plain and compressed; a wrong line is named by file and number', async (t) => {
  const folder = temporaryFolder(t);
  const lines = [JSON.stringify(post('a')), '', JSON.stringify(comment('b'))].join('\n');
  const plain = join(folder, 'plain.ndjson');
  const packed = join(folder, 'packed');
  writeFileSync(plain, lines);
  writeFileSync(packed, gzipSync(lines));
  t.deepEqual(await loadRecordings([plain, packed]), [
    post('a'),
    comment('b'),
    post('a'),
    comment('b'),
  ]);

  for (const [bad, reason] of [
    ['{"kind":', /JSON/],
    ['[1]', /not an object/],
    ['{"kind":"t5","data":{"id":"a"}}', /kind is "t5", not "t3" or "t1"/],
    ['{"kind":"t3","data":{"title":"x"}}', /data has no id/],
  ] as const) {
    const wrong = join(folder, 'wrong.ndjson');
    writeFileSync(wrong, `${lines}\n${bad}\n`);
    const error = await t.throwsAsync(loadRecordings([plain, wrong]), { code: 'invalid_request' });
    t.true(error.message.startsWith(`${wrong} line 4: `), error.message);
    t.regex(error.message, reason);
  }
  writeFileSync(packed, gzipSync(lines).subarray(0, 60));
  await t.throwsAsync(loadRecordings([packed]), { message: /packed/ });
  await t.throwsAsync(loadRecordings([join(folder, 'none')]), {
    message: /none: there is no such file/,
  });
});

const held = HAS_RECORDINGS ? test : test.skip;
const where = HAS_RECORDINGS ? '' : ' (skipped: no recordings in ../shared/data/wire)';

held(`all 6,123 posts and 9,642 comments of the recordings are served${where}`, async (t) => {
  const files = ['t3_posts.ndjson.gz', 't1_comments.ndjson.gz'];
  const recorded = new Map(
    files
      .flatMap((file) => recordedLines<Recording>(file))
      .map((r) => [`${r.kind}_${r.data.id}`, r.data]),
  );
  const items = await loadRecordings(files.map((file) => join(WIRE, file)));
  t.is(items.length, 6_123 + 9_642);
  const world = replayWorld({ items, subreddits: DEFAULT_SUBREDDITS.split(','), nowMs: NOW });
  const { client, posts, comments } = await everythingServed(world, new ManualClock(NOW));
  t.is(new Set(posts.map((data) => data.name)).size, 6_123);
  t.is(posts.length, 6_123);
  t.is(new Set(comments.map((data) => data.name)).size, 9_642);
  t.is(comments.length, 9_642);

  const byName = new Map(posts.map((data) => [data.name, data]));
  const sizes = new Map<string, number>();
  const kept = (data: TestObject, rewritten: string[]) => {
    const original = recorded.get(data.name) ?? {};
    const changed = Object.keys({ ...original, ...data }).filter(
      (key) =>
        JSON.stringify(data[key]) !== JSON.stringify((original as Record<string, unknown>)[key]),
    );
    return changed.filter((key) => !rewritten.includes(key));
  };
  const REWRITTEN = [
    'subreddit',
    'subreddit_name_prefixed',
    'permalink',
    'created',
    'created_utc',
    'num_comments',
  ];
  for (const data of comments) {
    const parent = byName.get(String(data.link_id));
    if (parent === undefined || parent.subreddit !== data.subreddit) t.fail(data.name);
    if (Number(data.created_utc) <= Number(parent?.created_utc))
      t.fail(`${data.name} is older than its post`);
    if (kept(data, [...REWRITTEN, 'link_id', 'parent_id', 'replies']).length > 0) t.fail(data.name);
    if (!String(data.parent_id).startsWith('t1_') && data.parent_id !== data.link_id)
      t.fail(data.name);
    sizes.set(String(data.link_id), (sizes.get(String(data.link_id)) ?? 0) + 1);
  }
  for (const data of posts) {
    if (data.num_comments !== (sizes.get(data.name) ?? 0)) t.fail(`${data.name}: num_comments`);
    if (kept(data, REWRITTEN).length > 0) t.fail(data.name);
  }
  const biggest = [...sizes].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  const [, thread] = (await client.get(`/comments/${biggest[0].slice(3)}`)).body as TestListing[];
  const count = (listing: unknown): number =>
    typeof listing !== 'object' || listing === null
      ? 0
      : (listing as TestListing).data.children.reduce(
          (sum, c) => sum + 1 + count(c.data.replies),
          0,
        );
  t.is(count(thread), biggest[1]);
});
