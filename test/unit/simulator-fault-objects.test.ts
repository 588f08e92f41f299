import test from 'ava';
import { started } from '../support/simulator-client.js';
import type { TestListing, TestObject } from '../support/reddit-client.js';

test('objects of listings, threads and info are changed, and the world stays as it is', async (t) => {
  const { faults, got, world } = await started(t);
  const [post] = world
    .truth()
    .posts.sort((a, b) => Number(b.data.num_comments) - Number(a.data.num_comments));
  const things = [...world.truth().posts.slice(0, 4), ...world.truth().comments.slice(0, 4)];
  const paths = [
    '/r/aws/new?limit=5&raw_json=1',
    '/r/aws/comments?limit=5&raw_json=1',
    `/comments/${post?.data.id}?raw_json=1`,
    `/api/info?raw_json=1&id=${things.map(({ data }) => data.name).join(',')}`,
    '/r/aws/about?raw_json=1',
  ];
  for (const path of paths) {
    const right = (await got(path)).body().toString();
    const before = objectsIn(JSON.parse(right));
    for (const kind of ['wrong_types', 'missing_fields', 'hostile_text', 'megabytes'] as const) {
      faults.add({ kind });
      const touched = new Set<string>();
      for (let n = 0; n < (kind === 'megabytes' ? 2 : 45); n += 1) {
        const text = (await got(path)).body().toString();
        const after = objectsIn(JSON.parse(text));
        t.is(after.length, before.length);
        const differing = after.flatMap((object, at) => {
          const was: Record<string, unknown> = before[at] ?? {};
          return [...new Set([...Object.keys(object), ...Object.keys(was)])]
            .filter((field) => JSON.stringify(object[field]) !== JSON.stringify(was[field]))
            .map((field) => ({ at, field, value: object[field] }));
        });
        const objects = new Set(differing.map(({ at }) => at)).size;
        t.is(differing.length, objects, 'one field each');
        t.true(objects >= 1 && (objects < before.length || before.length === 1), path);
        for (const { field, value } of differing) {
          touched.add(field);
          if (kind === 'missing_fields') t.is(value, undefined);
          if (kind === 'megabytes') t.is(String(value).length, 2 * 1024 * 1024);
          if (kind === 'hostile_text')
            t.regex(String(value), /^\udc4d[^]*\0\udc4d\ud83d[^]*\0\ud83d$/);
        }
        if (kind === 'hostile_text')
          t.regex(text, /\\udc4d.*\\u0000\\udc4d.*\\u0000\\ud83d/, 'escaped on the wire');
      }
      const expected = expectedFields(kind, path);
      t.deepEqual(
        expected.filter((field) => !touched.has(field)),
        [],
        `${kind} ${path}`,
      );
      faults.clear();
    }
    t.is((await got(path)).body().toString(), right, 'nothing of it stays');
  }
});

function expectedFields(kind: string, path: string): string[] {
  const posts = ['title', 'selftext'];
  const about = path.includes('about');
  const comments = path.includes('/r/aws/comments');
  if (kind === 'megabytes') return about ? ['description'] : [];
  if (kind === 'hostile_text') return about ? ['title'] : comments ? ['body'] : posts;
  if (about) return ['id', 'name', 'created_utc', 'title'];
  const shared = ['id', 'name', 'created_utc', 'subreddit', 'score', 'permalink'];
  if (comments) return [...shared, 'body', 'link_id', 'parent_id'];
  const both = path.includes('/r/aws/new') ? [] : ['body', 'link_id', 'parent_id'];
  return [...shared, ...both, 'title', 'num_comments'];
}

/** Posts, comments and subreddits of an answer, in order, answers below comments apart. */
function objectsIn(body: unknown): TestObject[] {
  if (Array.isArray(body)) return body.flatMap(objectsIn);
  if (typeof body !== 'object' || body === null) return [];
  const { kind, data } = body as TestListing;
  if (kind === 'Listing') return objectsIn(data.children);
  const { replies, ...fields } = data as unknown as TestObject;
  return [fields, ...objectsIn(replies)];
}

test('a token answer is changed in what a client reads of it', async (t) => {
  const { faults, post } = await started(t);
  const token = async () => {
    const exchange = post();
    await exchange.over;
    t.is(exchange.status(), 200);
    return JSON.parse(exchange.body().toString()) as Record<string, unknown>;
  };
  faults.add({ kind: 'wrong_types', route: 'token' });
  t.deepEqual(
    Object.values(await token()).map((value) => typeof value),
    ['number', 'string', 'number', 'string'],
  );
  t.is((await token()).expires_in, null);
  faults.clear();
  faults.add({ kind: 'missing_fields', route: 'token' });
  t.deepEqual(Object.keys(await token()), ['token_type', 'expires_in', 'scope']);
  t.deepEqual(Object.keys(await token()), ['access_token', 'token_type', 'scope']);
  faults.clear();
  faults.add({ kind: 'hostile_text', route: 'token' });
  t.regex(String((await token()).access_token), /\0/);
});
