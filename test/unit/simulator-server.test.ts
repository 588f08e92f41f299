import test from 'ava';
import { generatedWorld } from '../../src/simulator/generated.js';
import { buildSimulator, type SimulatorOptions } from '../../src/simulator/server.js';
import type { RedditObject, World } from '../../src/simulator/world.js';
import { ManualClock } from '../support/clock.js';
import { BASIC, listingOf, type TestListing, testClient } from '../support/reddit-client.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function simulator(options: Partial<SimulatorOptions> = {}) {
  const clock = new ManualClock();
  const world = generatedWorld({
    seed: 11,
    startMs: clock.now(),
    subreddits: ['Cursor', 'aws'],
    postsPerHour: 60,
    commentsPerHour: 200,
    historyHours: 4,
  });
  const app = buildSimulator({ world, clock, tokenTtlMs: 60_000, ...options });
  return { app, clock, world, client: testClient(app) };
}

test('a token needs basic credentials, and a grant that exists', async (t) => {
  const { app } = simulator();
  const ask = (authorization: string | undefined, payload: string) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/access_token',
      headers: { ...FORM, ...(authorization && { authorization }) },
      payload,
    });
  for (const authorization of [
    undefined,
    'Basic !!',
    `Basic ${btoa('id:')}`,
    `Basic ${btoa(':s')}`,
  ]) {
    const refused = await ask(authorization, 'grant_type=client_credentials');
    t.is(refused.statusCode, 401);
    t.deepEqual(refused.json(), { message: 'Unauthorized', error: 401 });
  }
  const granted = await ask(BASIC, 'grant_type=password&username=a&password=b');
  t.is(granted.statusCode, 200);
  t.like(granted.json(), { token_type: 'bearer', expires_in: 60, scope: '*' });
  t.deepEqual((await ask(BASIC, 'grant_type=magic')).json(), { error: 'unsupported_grant_type' });
  t.deepEqual((await ask(BASIC, '')).json(), { error: 'unsupported_grant_type' });
});

test('without a token of ours, and after its life, everything is 401', async (t) => {
  const { app, clock, client } = simulator();
  for (const url of ['/r/aws/new', '/r/aws/comments', '/api/info', '/comments/x', '/nothing']) {
    for (const headers of [{}, { authorization: 'bearer stolen' }, { authorization: BASIC }]) {
      const refused = await app.inject({ url, headers });
      t.is(refused.statusCode, 401, url);
      t.deepEqual(refused.json(), { message: 'Unauthorized', error: 401 });
      t.regex(String(refused.headers['www-authenticate']), /invalid_token/);
    }
  }
  t.is((await client.get('/r/aws/new')).status, 200);
  clock.jumpTo(clock.now() + 59_999);
  t.is((await client.get('/r/aws/new')).status, 200);
  clock.jumpTo(clock.now() + 1);
  t.is((await client.get('/r/aws/new')).status, 401);
});

test('paging reaches everything that is listed exactly once, newest first', async (t) => {
  const { world, client } = simulator();
  const truth = world.truth();
  for (const [path, items] of [
    ['new', truth.posts],
    ['comments', truth.comments],
  ] as const) {
    for (const subreddit of ['Cursor', 'aws']) {
      const listed = items
        .filter((item) => item.listed && item.data.subreddit === subreddit)
        .map((item) => item.data.name);
      for (const limit of [100, 7]) {
        const paged = await client.pageAll(`/r/${subreddit}/${path}`, limit);
        t.deepEqual(paged.map((data) => data.name).sort(), [...listed].sort());
        t.true(
          paged.every(
            (data, at) =>
              at === 0 || Number(data.created_utc) <= Number(paged[at - 1]?.created_utc),
          ),
        );
      }
    }
  }
});

test('a page has 25 things by default, at most 100, and says where to go on', async (t) => {
  const { client } = simulator();
  const sizes = await Promise.all(
    [{}, { limit: '3' }, { limit: '100' }, { limit: '1000' }, { limit: '0' }, { limit: 'x' }].map(
      async (query) => listingOf(await client.get('/r/aws/comments', query)).data,
    ),
  );
  t.deepEqual(
    sizes.map((data) => data.children.length),
    [25, 3, 100, 100, 25, 25],
  );
  for (const data of sizes) {
    t.is(data.dist, data.children.length);
    t.is(data.after, data.children.at(-1)?.data.name ?? '');
    t.is(data.before, null);
  }
});

test('an anchor that is not in the listing gives an empty page', async (t) => {
  const { world, client } = simulator();
  const gone = world.truth().comments.find((c) => !c.listed)?.data.name ?? '';
  t.regex(gone, /^t1_/);
  for (const after of ['t1_zzzzzz', 'nonsense', gone]) {
    const { data } = listingOf(await client.get('/r/aws/comments', { after }));
    t.deepEqual(data.children, []);
    t.is(data.after, null);
    t.is(data.dist, 0);
  }
});

test('subreddits are found in any case; unknown ones are 404', async (t) => {
  const { client } = simulator();
  const { data } = listingOf(await client.get('/r/CURSOR/new', { limit: '1' }));
  t.is(data.children[0]?.data.subreddit, 'Cursor');
  for (const path of [
    '/r/nothere/new',
    '/r/nothere/comments',
    '/r/nothere/about',
    '/comments/zz9',
    '/elsewhere',
  ]) {
    const answer = await client.get(path);
    t.is(answer.status, 404, path);
    t.deepEqual(answer.body, { message: 'Not Found', error: 404 });
  }
  t.like((await client.get('/r/aws/about')).body, { kind: 't5', data: { display_name: 'aws' } });
  t.is((await client.get('/r/aws/new.json')).status, 200);
  t.is((await client.get('/r/aws/comments/')).status, 200);
});

test('info answers known fullnames of both kinds, drops unknown ones, and at most 100', async (t) => {
  const { world, client } = simulator();
  const { posts, comments } = world.truth();
  const post = posts[0]?.data.name ?? '';
  const comment = comments[0]?.data.name ?? '';
  const asked = [post, 't3_unknown', comment, 't1_unknown', 'rubbish'].join(',');
  const { data } = listingOf(await client.get('/api/info', { id: asked }));
  t.deepEqual(
    data.children.map((child) => child.data.name),
    [post, comment],
  );
  t.deepEqual(
    data.children.map((child) => child.kind),
    ['t3', 't1'],
  );
  const many = comments.slice(0, 120).map((item) => item.data.name);
  const capped = listingOf(await client.get('/api/info', { id: many.join(',') }));
  t.is(capped.data.children.length, 100);
  t.is(listingOf(await client.get('/api/info')).data.children.length, 0);
});

test('a thread page nests the comments that stand in the thread', async (t) => {
  const { world, client } = simulator();
  const { busiest, comments } = busiestThread(world);
  t.true(comments.length > 5);
  const id = busiest?.id ?? '';
  for (const path of [`/comments/${id}`, `/r/${String(busiest?.subreddit)}/comments/${id}`]) {
    const [head, body] = (await client.get(path)).body as [TestListing, TestListing];
    t.is(head.data.children[0]?.data.name, busiest?.name);
    const walked = walk(body, busiest?.name ?? '');
    t.deepEqual(walked.wrong, []);
    t.true(walked.deepest > 0);
    t.is(new Set(walked.names).size, walked.names.length);
    // Deleted ones stand only above others, but are counted.
    const standing = new Set(walked.names);
    const absent = comments.filter(({ data }) => !standing.has(data.name));
    t.true(absent.every(({ goneMs }) => goneMs !== null));
    t.is(walked.names.length + absent.length, Number(busiest?.num_comments));
  }
  const elsewhere = busiest?.subreddit === 'aws' ? 'Cursor' : 'aws';
  t.is((await client.get(`/r/${elsewhere}/comments/${id}`)).status, 404);
});

test('what a thread does not show is named, and can be asked for', async (t) => {
  const { world, client } = simulator();
  const { busiest } = busiestThread(world);
  const path = `/comments/${busiest?.id}`;
  const shown = async (query: Record<string, string>) => {
    const [, body] = (await client.get(path, query)).body as [TestListing, TestListing];
    return walk(body, busiest?.name ?? '');
  };
  const whole = await shown({});
  t.deepEqual(whole.more, []);
  const part = await shown({ limit: '3' });
  t.is(part.names.length, 3);
  const hidden = part.more.reduce((sum, { count }) => sum + Number(count), 0);
  t.is(part.names.length + hidden, whole.names.length);
  for (const { id, name, children } of part.more) {
    t.deepEqual([id, name], [(children as string[])[0] ?? '', `t1_${id}`]);
  }
  const flat = await shown({ depth: '1' });
  t.is(flat.deepest, 0);
  t.true(flat.names.length < whole.names.length);

  const children = part.more.flatMap((more) => more.children as string[]).join(',');
  const query = { link_id: busiest?.name ?? '', children, api_type: 'json' };
  const { json } = (await client.get('/api/morechildren', query)).body as {
    json: { errors: unknown[]; data: { things: { data: { name: string; replies: string } }[] } };
  };
  t.deepEqual(json.errors, []);
  const rest = json.data.things.map(({ data }) => data.name);
  t.deepEqual([...part.names, ...rest].sort(), whole.names.toSorted());
  t.true(json.data.things.every(({ data }) => data.replies === ''));
});

function busiestThread(world: World) {
  const { posts, comments } = world.truth();
  const size = (post: RedditObject) => Number(post.num_comments);
  const busiest = posts.map(({ data }) => data).sort((a, b) => size(b) - size(a))[0];
  return { busiest, comments: comments.filter(({ data }) => data.link_id === busiest?.name) };
}

/** Depth first: the names of comments, what is named only, and what is in the wrong place. */
function walk(listing: TestListing, parent: string, depth = 0) {
  const found = {
    names: [] as string[],
    more: [] as RedditObject[],
    wrong: [] as string[],
    deepest: 0,
  };
  for (const { kind, data } of listing.data.children) {
    if (data.parent_id !== parent || data.depth !== depth) found.wrong.push(data.name);
    if (kind === 'more') {
      found.more.push(data);
      continue;
    }
    found.names.push(data.name);
    found.deepest = Math.max(found.deepest, depth);
    if (data.replies === '') continue;
    const below = walk(data.replies as TestListing, data.name, depth + 1);
    for (const key of ['names', 'wrong'] as const) found[key].push(...below[key]);
    found.more.push(...below.more);
    found.deepest = Math.max(found.deepest, below.deepest);
  }
  return found;
}

test('texts are escaped unless raw_json=1 is asked for', async (t) => {
  const { world, client } = simulator();
  const raw = world
    .truth()
    .comments.find((c) => c.listed && String(c.data.body).includes('a < b && c > d'));
  const id = raw?.data.name ?? '';
  const body = async (raw_json: string) =>
    listingOf(await client.get('/api/info', { id, raw_json })).data.children[0]?.data.body;
  t.is(await body('1'), raw?.data.body);
  t.regex(String(await body('0')), /a &lt; b &amp;&amp; c &gt; d/);
});

test('the budget is counted per client and window, and told in headers', async (t) => {
  const { client, clock } = simulator({
    rateLimit: { requests: 3, windowMs: 30_000 },
    tokenTtlMs: 3_600_000,
  });
  const ask = async () => {
    const { status, headers } = await client.get('/r/aws/new', { limit: '1' });
    return [
      status,
      headers['x-ratelimit-used'],
      headers['x-ratelimit-remaining'],
      headers['x-ratelimit-reset'],
    ];
  };
  t.deepEqual(await ask(), [200, '1', '2.0', '30']);
  clock.jumpTo(clock.now() + 10_500);
  t.deepEqual(await ask(), [200, '2', '1.0', '20']);
  t.deepEqual(await ask(), [200, '3', '0.0', '20']);
  t.deepEqual(await ask(), [429, '4', '0.0', '20']);
  clock.jumpTo(clock.now() + 20_000);
  t.deepEqual(await ask(), [200, '1', '2.0', '30']);
});

test('the clock moves the world between requests', async (t) => {
  const { client, clock } = simulator({ tokenTtlMs: 3_600_000 });
  const newest = async () =>
    listingOf(await client.get('/r/aws/comments', { limit: '1' })).data.children[0]?.data;
  const before = await newest();
  t.deepEqual(await newest(), before, 'nothing happens while it stands still');
  clock.jumpTo(clock.now() + 1_800_000);
  const after = await newest();
  t.true(Number(after?.created_utc) > Number(before?.created_utc));
});
