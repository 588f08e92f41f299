import test from 'ava';
import fc from 'fast-check';
import type { Comment, NewComment, NewPost, Post } from '../../src/domain/item.js';
import { type Cursors, cursorsOf, ITEM_ID, TIME } from '../../src/routes/cursor.js';
import { buildTestApp, type TestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { nextOf, walk } from '../support/pages.js';
import { temporaryReadStore, TEST_STORE } from '../support/store.js';

const V1 = '/api/v1';
const HOUR_MS = 3_600_000;
/** On how many a property is tried. */
const STORES = TEST_STORE === 'cosmos' ? 8 : 25;

type Teardown = Parameters<typeof buildTestApp>[0];

/** An app whose reads go through the worker thread, as the API's do, beside a writer. */
async function readingThroughThread(t: Teardown, clock: ManualClock): Promise<TestApp> {
  const testApp = await buildTestApp(t, { clock });
  const reader = await temporaryReadStore(t, testApp.config, clock);
  testApp.faulty.recentPosts = (query) => reader.recentPosts(query);
  testApp.faulty.comments = (query) => reader.comments(query);
  return testApp;
}

const write = ({ store }: TestApp, posts: NewPost[], comments: NewComment[] = []) =>
  store.importItems({ subreddit: 'claude', posts, comments, keepHistory: false });

/** What a page arrives with: so many new items, whose times lie so far back, after so long. */
const arrivals = fc.record({
  ages: fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 6 }),
  pauseMs: fc.integer({ min: 0, max: 20 * 60_000 }),
});
const play = fc.record({
  first: fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 40 }),
  limit: fc.integer({ min: 1, max: 9 }),
  between: fc.array(arrivals, { minLength: 1, maxLength: 12 }),
});

const CREATED = Date.parse('2026-01-15T11:00:00Z');
const writtenAt = (minutesAgo: number) => new Date(CREATED - minutesAgo * 60_000).toISOString();

test('comments arrive between pages, late ones included: each of the first moment once (property)', async (t) => {
  const clock = new ManualClock();
  const testApp = await readingThroughThread(t, clock);
  let last = 0;
  let post = 0; // every run has a post of its own
  const batch = (ages: number[]) =>
    ages.map((age) => {
      const id = `c${(last += 1)}`;
      return aComment({ id, post_id: `p${post}`, created_utc: writtenAt(age) });
    });
  await fc.assert(
    fc.asyncProperty(play, async ({ first, limit, between }) => {
      post += 1;
      const begun = last;
      const url = `${V1}/posts/p${post}/comments`;
      await write(testApp, [], batch(first));
      const before = (await testApp.app.inject(`${url}?limit=1000`)).json<Comment[]>();
      t.is(before.length, first.length);
      const { entries } = await walk<Comment>(
        testApp.app,
        `${url}?limit=${limit}`,
        async (page) => {
          const { ages, pauseMs } = between[page % between.length] ?? { ages: [], pauseMs: 0 };
          await clock.advance(pauseMs);
          await write(testApp, [], batch(ages));
        },
      );
      t.deepEqual(entries, before);
      const whole = await walk<Comment>(testApp.app, `${url}?limit=1000`);
      t.is(whole.entries.length, last - begun, 'the next walk has them all');
    }),
    { numRuns: STORES },
  );
});

test('posts arrive and the window moves between pages: each of the first moment once (property)', async (t) => {
  const clock = new ManualClock();
  const testApp = await readingThroughThread(t, clock);
  let last = 0;
  const batch = (ages: number[]) =>
    ages.map((age) => aPost({ id: `p${(last += 1)}`, created_utc: writtenAt(age) }));
  await fc.assert(
    fc.asyncProperty(play, async ({ first, limit, between }) => {
      await clock.advance(3 * HOUR_MS); // what the run before left is out of the window
      const half = Math.floor(first.length / 2);
      await write(testApp, batch(first.slice(0, half)));
      await clock.advance(HOUR_MS); // these are about to leave it
      await write(testApp, batch(first.slice(half)));
      const url = `${V1}/posts/recent?hours=1`;
      const before = (await testApp.app.inject(`${url}&limit=1000`)).json<Post[]>();
      t.is(before.length, first.length);
      const { entries } = await walk<Post>(testApp.app, `${url}&limit=${limit}`, async (page) => {
        const { ages, pauseMs } = between[page % between.length] ?? { ages: [], pauseMs: 0 };
        await clock.advance(pauseMs);
        await write(testApp, batch(ages));
      });
      t.deepEqual(entries, before);
    }),
    { numRuns: STORES },
  );
});

test('the window of recent posts begins on the minute', async (t) => {
  const clock = new ManualClock('2026-01-15T12:00:30.000Z');
  const testApp = await buildTestApp(t, { clock });
  await write(testApp, [aPost()]);
  const count = async () =>
    (await testApp.app.inject(`${V1}/posts/recent?hours=1`)).json<Post[]>().length;
  await clock.advance(HOUR_MS + 29_999);
  t.is(await count(), 1);
  await clock.advance(1);
  t.is(await count(), 0);
});

test('a cursor belongs to its list; the size of a page may change', async (t) => {
  const clock = new ManualClock();
  const testApp = await buildTestApp(t, { clock });
  const posts = Array.from({ length: 9 }, (_, n) => aPost({ id: `p${n}` }));
  const comments = posts.map(({ id }) => aComment({ id, sentiment: aSentiment() }));
  await write(testApp, posts, comments);
  const { app } = testApp;
  const follow = async (url: string) => {
    const next = nextOf((await app.inject(url)).headers.link) ?? '';
    return new URLSearchParams(next.split('?')[1]).get('cursor') ?? '';
  };
  const recent = await follow(`${V1}/posts/recent?limit=2&subreddit=claude`);
  for (const same of [
    'subreddit=claude&limit=5',
    'subreddit=CLAUDE',
    'hours=24&subreddit=claude',
  ]) {
    const reply = await app.inject(`${V1}/posts/recent?${same}&cursor=${recent}`);
    t.is(reply.statusCode, 200, same);
    t.is(reply.json<Post[]>()[0]?.id, 'p6', same);
  }
  const refused = [
    `${V1}/posts/recent?cursor=${recent}`,
    `${V1}/posts/recent?subreddit=aws&cursor=${recent}`,
    `${V1}/posts/recent?subreddit=claude&hours=25&cursor=${recent}`,
    `${V1}/posts/recent?subreddit=claude&label=positive&cursor=${recent}`,
    `${V1}/posts/p2/comments?cursor=${await follow(`${V1}/posts/p1/comments?limit=2`)}`,
  ];
  for (const url of refused) {
    const reply = await app.inject(url);
    t.is(reply.statusCode, 400, url);
    t.regex(reply.json<{ detail: string }>().detail, /cursor belongs to another list: repeat/, url);
  }
});

const LISTS = ['/posts/recent', '/posts/p1/comments', '/collections', '/collections/gaps'];

/** Texts that begin as ours do, so that the checks behind the first are met, too. */
const almost = fc
  .tuple(
    fc.stringMatching(/^[\w-]{8}$/),
    fc.array(
      fc.oneof(
        fc.constantFrom('2026-01-15T12:00:00.000Z', '2026-02-30T00:00:00.000Z', 'post', 'p1', ''),
        fc.string({ maxLength: 30 }),
      ),
      { maxLength: 6 },
    ),
  )
  .map(([tag, parts]) => Buffer.from([tag, ...parts].join('/')).toString('base64url'));

test('a cursor that we did not make is 400 and says what would be right (property)', async (t) => {
  const { app } = await buildTestApp(t);
  const hostile = fc.oneof(
    fc.string({ minLength: 1, maxLength: 400, unit: 'binary' }),
    fc.base64String({ minLength: 1, maxLength: 400 }),
    almost,
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...LISTS), hostile, async (path, cursor) => {
      const query = new URLSearchParams({ cursor }).toString();
      const reply = await app.inject(`${V1}${path}?${query}`);
      t.is(reply.statusCode, 400, reply.body);
      t.is(reply.headers['content-type'], 'application/problem+json');
      t.regex(
        reply.json<{ detail: string }>().detail,
        /^cursor (is not one of ours: take it unchanged|belongs to another list: repeat)|^cursor=.* is not accepted: it takes the cursor of the Link header/,
      );
    }),
    { numRuns: 400 },
  );
});

test('cursors survive their round trip, and only whole (property)', (t) => {
  interface Place {
    at: string;
    id: string;
  }
  const cursors: Cursors<Place> = cursorsOf<Place>({ at: TIME, id: ITEM_ID });
  const ms = { min: Date.parse('2005-01-01'), max: Date.parse('2100-01-01') };
  const at = fc.integer(ms).map((value) => new Date(value).toISOString());
  const id = fc.stringMatching(/^[A-Za-z0-9]{1,16}$/);
  const question = fc.array(fc.option(fc.string(), { nil: undefined }), { maxLength: 4 });
  fc.assert(
    fc.property(at, id, question, fc.nat(), (time, itemId, asked, cut) => {
      const cursor = cursors.encode({ at: time, id: itemId }, asked);
      t.deepEqual(cursors.decode(cursor, asked), { at: time, id: itemId });
      t.throws(() => cursors.decode(cursor, [...asked, 'more']), { message: /another list/ });
      t.throws(() => cursors.decode(`${cursor}=`, asked), { message: /not one of ours/ });
      const shorter = cursor.slice(0, cut % 30);
      t.throws(() => cursors.decode(shorter, asked), { message: /not one of ours/ });
    }),
  );
});
