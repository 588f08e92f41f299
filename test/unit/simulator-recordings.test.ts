import test from 'ava';
import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';
import { generatedWorld } from '../../src/simulator/generated.js';
import { buildSimulator } from '../../src/simulator/server.js';
import { ManualClock } from '../support/clock.js';
import {
  commonKeys,
  everyThing,
  HAS_RECORDINGS,
  jsonType,
  type RecordedExchange,
  type RecordedThing,
  recordedLines,
  typesByKey,
} from '../support/recorded.js';
import { testClient, type TestListing, type TestObject } from '../support/reddit-client.js';

const YEAR_2020 = Date.parse('2020-01-01T00:00:00Z') / 1000;
const held = HAS_RECORDINGS ? test : test.skip;
const title = (what: string) =>
  HAS_RECORDINGS ? what : `${what} (skipped: no recordings in ../shared/data/wire)`;

let memo: ReturnType<typeof askAll> | null = null;
/** Every object of ours, as each of the routes serves it; asked for once. */
function served() {
  memo ??= askAll();
  return memo;
}

async function askAll() {
  const clock = new ManualClock();
  const subreddits = DEFAULT_SUBREDDITS.split(',');
  const world = generatedWorld({ seed: 5, startMs: clock.now(), subreddits });
  const client = testClient(buildSimulator({ world, clock, tokenTtlMs: 3_600_000 }));
  const truth = world.truth();
  const bodies: unknown[] = [];
  for (const subreddit of subreddits.slice(0, 4)) {
    for (const path of ['new', 'comments', 'about']) {
      bodies.push((await client.get(`/r/${subreddit}/${path}`, { limit: '100' })).body);
    }
  }
  for (const post of truth.posts.slice(0, 40)) {
    bodies.push((await client.get(`/comments/${post.data.id}`)).body);
  }
  const gone = [...truth.posts, ...truth.comments].filter((item) => !item.listed).slice(0, 90);
  const info = await client.get('/api/info', { id: gone.map((i) => i.data.name).join(',') });
  bodies.push(info.body);
  return {
    things: (kind: string) => bodies.flatMap((body) => everyThing(body, kind)) as TestObject[],
    bodies,
    headers: info.headers,
  };
}

function since2020<T extends { data: Record<string, unknown> }>(things: T[]) {
  return things.map((thing) => thing.data).filter((data) => Number(data.created_utc) >= YEAR_2020);
}

for (const [kind, file] of [
  ['t3', 't3_posts.ndjson.gz'],
  ['t1', 't1_comments.ndjson.gz'],
] as const) {
  held(title(`our ${kind} objects have the keys and types of the recorded ones`), async (t) => {
    const recorded = recordedLines<RecordedThing>(file);
    const needed = commonKeys(since2020(recorded));
    const types = typesByKey(recorded.map((thing) => thing.data));
    const ours = (await served()).things(kind);
    t.true(
      needed.length > 50 && ours.length > 300,
      `${needed.length} keys, ${ours.length} objects`,
    );
    const wrong = new Set<string>();
    for (const object of ours) {
      for (const key of needed) if (!(key in object)) wrong.add(`${key} is missing`);
      for (const [key, value] of Object.entries(object)) {
        const known = types.get(key);
        if (known === undefined) wrong.add(`${key} occurs in no recording`);
        else if (!known.has(jsonType(value))) {
          wrong.add(`${key} is ${jsonType(value)}, recorded as ${[...known].join(', ')}`);
        }
      }
    }
    t.deepEqual([...wrong], []);
  });
}

held(title('our subreddits, listings and headers are those of the recorded pages'), async (t) => {
  const pages = recordedLines<RecordedExchange>('replay_pages.ndjson.gz');
  const recent = pages.filter((page) => (page.recorded_at ?? '') >= '2020');
  const ours = await served();

  const check = (kind: string, mine: Record<string, unknown>[]) => {
    const all = pages.flatMap((page) => everyThing(page.response.body, kind));
    const types = typesByKey(all);
    const needed = commonKeys(recent.flatMap((page) => everyThing(page.response.body, kind)));
    t.true(needed.length >= 5 && mine.length > 0, kind);
    for (const object of mine) {
      t.deepEqual(
        needed.filter((key) => !(key in object)),
        [],
        kind,
      );
      for (const [key, value] of Object.entries(object)) {
        t.true(types.get(key)?.has(jsonType(value)), `${kind}.${key}: ${jsonType(value)}`);
      }
    }
  };
  check('t5', ours.things('t5'));
  check('Listing', ours.things('Listing'));

  const lowerCase = (headers: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const limited = recent
    .map((page) => lowerCase(page.response.headers))
    .filter((headers) => 'x-ratelimit-used' in headers);
  t.true(limited.length > 100);
  for (const name of commonKeys(limited)) {
    const value = ours.headers[name];
    t.true(typeof value === 'string' && value !== '', name);
    if (name.startsWith('x-ratelimit')) t.regex(String(value), /^\d+(\.\d)?$/, name);
  }
  for (const name of ['server', 'content-type', 'cache-control']) {
    t.true(
      limited.some((headers) => headers[name] === ours.headers[name]),
      name,
    );
  }
});

held(title('a thread page has the shape of the recorded ones'), async (t) => {
  const pages = recordedLines<RecordedExchange>('replay_pages.ndjson.gz').filter(
    (page) => (page.recorded_at ?? '') >= '2020' && /\/comments\/\w+\//.test(page.request.uri),
  );
  const shape = (body: unknown) =>
    (body as TestListing[]).map((listing) => [listing.kind, jsonType(listing.data.dist)]);
  const recorded = pages.map((page) => page.response.body).filter(Array.isArray);
  const ours = (await served()).bodies.filter(Array.isArray);
  t.true(recorded.length > 50 && ours.length > 20);
  const shapes = new Set(recorded.map((body) => JSON.stringify(shape(body))));
  for (const body of ours)
    t.true(shapes.has(JSON.stringify(shape(body))), JSON.stringify(shape(body)));
});
