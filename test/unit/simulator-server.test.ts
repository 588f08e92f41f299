import test from 'ava';
import { generatedWorld } from '../../src/simulator/generated.js';
import { buildSimulator, type SimulatorOptions } from '../../src/simulator/server.js';
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

test('a thread page nests all comments of the post', async (t) => {
  const { world, client } = simulator();
  const truth = world.truth();
  const busiest = [...truth.posts].sort(
    (a, b) => Number(b.data.num_comments) - Number(a.data.num_comments),
  )[0]?.data;
  t.true(Number(busiest?.num_comments) > 5);
  const id = busiest?.id ?? '';
  for (const path of [`/comments/${id}`, `/r/${String(busiest?.subreddit)}/comments/${id}`]) {
    const [head, body] = (await client.get(path)).body as [TestListing, TestListing];
    t.is(head.data.children[0]?.data.name, busiest?.name);
    const names: string[] = [];
    let deepest = 0;
    const walk = (listing: TestListing, parent: string, depth: number) => {
      deepest = Math.max(deepest, depth);
      for (const { kind, data } of listing.data.children) {
        t.is(kind, 't1');
        t.is(data.parent_id, parent);
        t.is(data.depth, depth);
        names.push(data.name);
        if (data.replies !== '') walk(data.replies as TestListing, data.name, depth + 1);
      }
    };
    walk(body, busiest?.name ?? '', 0);
    t.true(deepest > 0);
    t.is(names.length, Number(busiest?.num_comments));
    t.is(new Set(names).size, names.length);
  }
  const elsewhere = busiest?.subreddit === 'aws' ? 'Cursor' : 'aws';
  t.is((await client.get(`/r/${elsewhere}/comments/${id}`)).status, 404);
});

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
