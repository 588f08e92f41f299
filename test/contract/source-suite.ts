import test, { type ExecutionContext } from 'ava';
import type { AppError } from '../../src/errors.js';
import type { ListingPage, ListingQuery, PostSource } from '../../src/reddit/source.js';
import { type GeneratedWorldOptions, generatedWorld } from '../../src/simulator/generated.js';
import type { TruthItem, World } from '../../src/simulator/world.js';
import { ManualClock } from '../support/clock.js';

/** An implementation of the seam that shows a given world, whose time is the clock's. */
export interface SourceImplementation {
  name: string;
  open(
    t: Pick<ExecutionContext, 'teardown'>,
    world: World,
    clock: ManualClock,
  ): Promise<PostSource> | PostSource;
}

type Run = (t: ExecutionContext, scene: Scene) => Promise<void>;

interface Scene {
  clock: ManualClock;
  world: World;
  source: PostSource;
}

const HOUR = 3_600_000;
const never = new AbortController().signal;
const QUERY = { subreddit: 'aws', kind: 'comment', after: null, limit: 100 } as const;

/** What every `PostSource` does, whatever is behind it. */
export function sourceSuite(implementation: SourceImplementation): void {
  const define = (name: string, options: Partial<GeneratedWorldOptions>, run: Run) =>
    test(`${implementation.name}: ${name}`, async (t) => {
      const clock = new ManualClock();
      const world = generatedWorld({
        ...{ seed: 5, startMs: clock.now(), subreddits: ['aws', 'Bard'], historyHours: 8 },
        ...{ postsPerHour: 40, commentsPerHour: 120, ...options },
      });
      const source = await implementation.open(t, world, clock);
      await run(t, { clock, world, source });
    });
  listings(define);
  byName(define);
  threads(define);
  states(define);
  failures(define);
}

type Define = (name: string, options: Partial<GeneratedWorldOptions>, run: Run) => void;

function listings(define: Define): void {
  define('paging a listing reaches all of it once', {}, async (t, { source, world }) => {
    for (const kind of ['post', 'comment'] as const) {
      const { items, pages } = await paged(source, { ...QUERY, kind, subreddit: 'AWS' });
      t.deepEqual(items.map(({ id }) => id).sort(), listedIn(world, kind, 'aws'));
      t.is(new Set(items).size, items.length);
      t.true(pages.length > 1);
      t.deepEqual(
        pages.map(({ state }) => state),
        pages.map(() => 'active'),
      );
      const times = items.map(({ created_utc }) => created_utc);
      t.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    }
  });

  define('an anchor that is gone is an empty page', {}, async (t, { source, world }) => {
    const gone = world.truth().comments.find(({ goneMs }) => goneMs !== null)?.data.name ?? '';
    t.regex(gone, /^t1_/);
    for (const after of [gone, 't1_zzzzz']) {
      const page = await source.listing({ ...QUERY, after }, never);
      t.deepEqual(page, {
        ...{ state: 'active', posts: [], comments: [], invalid: [], after: null },
      });
    }
  });

  define('a listing ends where the world says', { maxListing: 130 }, async (t, { source }) => {
    const { items, pages } = await paged(source, QUERY);
    t.deepEqual([items.length, pages.length], [130, 2]);
  });

  define('what is new is on the next page asked for', {}, async (t, { source, world, clock }) => {
    const before = (await source.listing({ ...QUERY, limit: 1 }, never)).comments[0];
    await clock.advance(HOUR);
    const after = (await source.listing({ ...QUERY, limit: 1 }, never)).comments[0];
    t.true(Number(after?.created_utc) > Number(before?.created_utc));
    t.is(world.truth().comments.find(({ data }) => data.id === after?.id)?.listed, true);
  });
}

function byName(define: Define): void {
  define('info has what exists, and no word of the rest', {}, async (t, { source, world }) => {
    const { posts, comments } = world.truth();
    const [post, comment] = [posts[3]?.data, comments[3]?.data];
    const gone = comments.find(({ goneMs }) => goneMs !== null)?.data;
    const names = [post, comment, gone].map((data) => data?.name ?? '');
    const asked = [...names, 't3_zzzzz', 't1_zzzzz'];
    const page = await source.info(asked, never);
    t.deepEqual([page.state, page.invalid, page.after], ['active', [], null]);
    const given = [...page.posts, ...page.comments].map(({ name }) => name);
    t.deepEqual(given, names);
    t.like(page.posts[0], { title: post?.title, num_comments: post?.num_comments });
    t.like(page.comments[0], { body: comment?.body, author: comment?.author });
    t.like(page.comments[1], { author: '[deleted]', body: gone?.body });
  });

  define('more than 100 names are refused unasked', {}, async (t, { source }) => {
    const ids = Array.from({ length: 101 }, (_, n) => `z${n}`);
    const names = ids.map((id) => `t1_${id}`);
    for (const asking of [
      async () => source.info(names, never),
      async () => source.moreComments('z', ids, never),
    ]) {
      t.is((await t.throwsAsync<AppError>(asking))?.code, 'internal');
    }
    t.is(source.requestsSent(), 0);
    t.deepEqual((await source.info(names.slice(1), never)).comments, []);
  });

  define('each request counts, and the token', {}, async (t, { source, world }) => {
    const id = world.truth().posts.at(-1)?.data.id ?? '';
    t.is(source.requestsSent(), 0);
    await source.listing(QUERY, never);
    t.is(source.requestsSent(), 2);
    await source.info([`t3_${id}`], never);
    await source.thread(id, never);
    await source.moreComments(id, ['z'], never);
    t.is(source.requestsSent(), 5);
  });
}

function threads(define: Define): void {
  const busy = { subreddits: ['aws'], postsPerHour: 0, commentsPerHour: 150 };
  define('a thread and what it left out are all that stands', busy, async (t, scene) => {
    const { source, world } = scene;
    const { posts, comments } = world.truth();
    const id = posts[0]?.data.id ?? '';
    const page = await source.thread(id, never);
    const count = page.posts[0]?.num_comments;
    t.deepEqual([page.state, page.invalid, count], ['active', [], comments.length]);
    t.is(page.comments.length, 500);
    t.true(page.more.length > 0);
    const found = [...page.comments];
    for (let left = page.more; left.length > 0; ) {
      const more = await source.moreComments(id, left.slice(0, 100), never);
      t.deepEqual([more.state, more.posts, more.invalid], ['active', [], []]);
      found.push(...more.comments);
      left = [...left.slice(100), ...more.more];
    }
    const names = found.map(({ name }) => name);
    t.deepEqual(names.toSorted(), standing(comments));
    t.true(Number(count) > names.length, 'those that are gone are counted all the same');
    const known = new Set([`t3_${id}`, ...names]);
    t.true(found.every(({ parent_id }) => known.has(parent_id)));
    t.true(found.some(({ author }) => author === '[deleted]'));
  });

  define('comments that are not there are left out', {}, async (t, { source, world }) => {
    const thread = world.truth().posts.at(-1)?.data.id ?? '';
    for (const post of [thread, 'zzzzz']) {
      const page = await source.moreComments(post, ['zzzzz'], never);
      t.deepEqual([page.state, page.comments, page.more], ['active', [], []]);
    }
  });
}

function states(define: Define): void {
  const weather = { closures: 1 };
  define('a private subreddit is a state, and passes', { weather }, async (t, scene) => {
    const { source, world, clock } = scene;
    const { data } = world.truth().comments.find((one) => one.data.subreddit === 'aws') ?? {};
    const [name, post] = [data?.name ?? '', String(data?.link_id).slice(3)];
    const until = async (state: string | null) => {
      for (let hours = 0; world.closed('aws') !== state && hours < 48; hours += 1) {
        await clock.advance(HOUR);
        world.advanceTo(clock.now());
      }
    };
    const all = async () => [
      await source.listing(QUERY, never),
      await source.listing({ ...QUERY, kind: 'post' }, never),
      await source.thread(post, never),
      await source.moreComments(post, [name.slice(3)], never),
    ];
    await until('private');
    for (const page of await all()) {
      t.deepEqual([page.state, page.posts, page.comments], ['private', [], []]);
    }
    t.deepEqual((await source.info([name], never)).comments, []);
    await until(null);
    for (const page of await all()) {
      t.is(page.state, 'active');
      t.true(page.posts.length + page.comments.length > 0);
    }
    t.is((await source.info([name], never)).comments.length, 1);
  });
}

function failures(define: Define): void {
  define('what does not exist is an error', {}, async (t, { source }) => {
    const asking = [
      () => source.listing({ ...QUERY, subreddit: 'nothere' }, never),
      () => source.thread('zzzzz', never),
    ];
    for (const ask of asking) {
      t.is((await t.throwsAsync<AppError>(ask))?.code, 'reddit_not_found');
    }
  });

  define('nothing is asked for once the caller gave up', {}, async (t, { source }) => {
    const error = await t.throwsAsync<AppError>(source.listing(QUERY, AbortSignal.abort()));
    t.is(error?.code, 'cancelled');
  });
}

/** What is not gone, and what that answers, however far up. */
function standing(comments: readonly TruthItem[]): string[] {
  const byName = new Map(comments.map((comment) => [comment.data.name, comment]));
  const names = new Set<string>();
  for (const { data, goneMs } of comments) {
    if (goneMs !== null) continue;
    for (let up = byName.get(data.name); up; up = byName.get(String(up.data.parent_id))) {
      names.add(up.data.name);
    }
  }
  return [...names].sort();
}

async function paged(source: PostSource, query: ListingQuery) {
  const pages: ListingPage[] = [];
  let after: string | null = query.after;
  do {
    const page: ListingPage = await source.listing({ ...query, after }, never);
    pages.push(page);
    after = page.after;
  } while (after !== null);
  const items = pages.flatMap(({ posts, comments }) => [...posts, ...comments]);
  return { pages, items };
}

function listedIn(world: World, kind: 'post' | 'comment', subreddit: string): string[] {
  const { posts, comments } = world.truth();
  return (kind === 'post' ? posts : comments)
    .filter(({ data, listed }) => listed && data.subreddit === subreddit)
    .map(({ data }) => data.id)
    .sort();
}
