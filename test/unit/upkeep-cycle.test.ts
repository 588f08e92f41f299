import test from 'ava';
import { fullname } from '../../src/domain/item.js';
import { AppError } from '../../src/errors.js';
import type { PostSource } from '../../src/reddit/source.js';
import { type CycleBench, cycleBench } from '../support/cycle-bench.js';
import { recordingLog } from '../support/log.js';
import { storedIds } from '../support/stored-ids.js';
import { commentRow, HOUR, MINUTE, two, type Wrap, youngComment } from '../support/upkeep.js';

const withInfo =
  (info: (page: Awaited<ReturnType<PostSource['info']>>) => void): Wrap =>
  (source) => ({
    ...source,
    async info(names, signal) {
      const page = await source.info(names, signal);
      info(page);
      return page;
    },
  });

test.serial('comments that the listings left out come with their threads', async (t) => {
  const bench = await cycleBench(t, two);
  await bench.cycle();
  await bench.pass(30 * MINUTE);
  const hidden = new Set<string>();
  const since = (bench.clock.now() - 30 * MINUTE) / 1000;
  const wrap: Wrap = (source) => ({
    ...source,
    async listing(query, signal) {
      const page = await source.listing(query, signal);
      const left = page.comments.filter(({ created_utc }, n) => created_utc > since && n % 9 === 0);
      for (const { id } of left) hidden.add(id);
      return { ...page, comments: page.comments.filter(({ id }) => !hidden.has(id)) };
    },
  });
  const { upkeep, status } = await bench.cycle({ wrap });
  t.is(status, 'succeeded');
  t.true(hidden.size > 0);
  t.true((upkeep?.repair.comments_new ?? 0) >= hidden.size, JSON.stringify(upkeep?.repair));
  t.deepEqual(bench.missing(), []);
});

test.serial(
  'a thread that cannot be read is asked for once, and the others are read',
  async (t) => {
    const bench = await cycleBench(t, two);
    const asked: string[] = [];
    const wrap: Wrap = (source) => ({
      ...source,
      async thread(id, signal) {
        asked.push(id);
        if (asked.length % 2 === 1) {
          throw new AppError('reddit_bad_answer', 'no thread', {
            details: { row: 'unexpected_shape' },
          });
        }
        return source.thread(id, signal);
      },
    });
    for (let n = 0; n < 8; n += 1) {
      const { status, errors } = await bench.cycle({ wrap });
      t.is(status, 'succeeded');
      t.deepEqual(errors, []);
      await bench.pass(30 * MINUTE);
    }
    t.true(asked.length > 2);
    t.is(new Set(asked.filter((_, n) => n % 2 === 0)).size, Math.ceil(asked.length / 2));
  },
);

test.serial(
  'what Reddit leaves out once is kept; what it leaves out for hours is erased',
  async (t) => {
    const bench = await cycleBench(t, two);
    await bench.cycle();
    await bench.pass(30 * MINUTE);
    const [once, always] = [youngComment(bench, 45 * MINUTE), youngComment(bench, 45 * MINUTE, 1)];
    t.not(once, always);
    let times = 0;
    let firstAt = 0;
    const unlisted: Wrap = (source) => ({
      ...source,
      async listing(query, signal) {
        const page = await source.listing(query, signal);
        return { ...page, comments: page.comments.filter(({ id }) => id !== always) };
      },
    });
    const leaveOut = withInfo((page) => {
      if (page.comments.some(({ id }) => id === always)) {
        times += 1;
        if (times === 1) firstAt = bench.clock.now();
      }
      const left = (id: string) => id === always || (id === once && times === 1);
      page.comments = page.comments.filter(({ id }) => !left(id));
    });
    while (commentRow(bench, always).excluded === null && times < 20) {
      await bench.cycle({ wrap: (source) => leaveOut(unlisted(source)) });
      await bench.pass(30 * MINUTE);
    }
    const waited = bench.clock.now() - 30 * MINUTE - firstAt;
    t.true(times >= 3 && waited >= 3 * HOUR && waited < 4 * HOUR, `${times} times, ${waited} ms`);
    t.like(commentRow(bench, always), {
      author: '[deleted]',
      content: '[deleted]',
      excluded: 'deleted',
    });
    t.is(commentRow(bench, once).excluded, null);
    t.not(commentRow(bench, once).content, '[deleted]');
  },
);

test.serial('a server that knows nothing of what is stored erases nothing', async (t) => {
  const { log, lines } = recordingLog();
  const bench = await cycleBench(t, { ...two, log });
  const empty = withInfo((page) => {
    page.posts = [];
    page.comments = [];
  });
  for (let n = 0; n < 12; n += 1) {
    const { upkeep } = await bench.cycle({ wrap: empty });
    t.is(upkeep?.blanked, 0);
    await bench.pass(30 * MINUTE);
  }
  t.true(lines.some(({ msg }) => /not taken for deletions/.test(msg)));
});

test.serial(
  'what is deleted is erased by the refresh, and no cached page brings it back',
  async (t) => {
    const bench = await cycleBench(t, two);
    await bench.cycle();
    await bench.pass(30 * MINUTE);
    const id = youngComment(bench, 45 * MINUTE);
    const wrap = withInfo((page) => {
      for (const comment of page.comments) {
        if (comment.id !== id) continue;
        Object.assign(comment, { body: '[deleted]', author: '[deleted]' });
      }
    });
    const { upkeep } = await bench.cycle({ wrap });
    t.true((upkeep?.blanked ?? 0) >= 1);
    t.like(commentRow(bench, id), {
      author: '[deleted]',
      content: '[deleted]',
      excluded: 'deleted',
    });
    await bench.cycle({ wrap }); // the listing shows it with its text all the time
    t.like(commentRow(bench, id), { author: '[deleted]', excluded: 'deleted' });
  },
);

test.serial(
  'a failing step is recorded, and neither the cycle nor the other steps fail with it',
  async (t) => {
    const bench = await cycleBench(t, two);
    await bench.cycle();
    await bench.pass(30 * MINUTE);
    const wrap: Wrap = (source) => ({
      ...source,
      info: async () => Promise.reject(new AppError('reddit_unavailable', 'answered 503')),
    });
    const { status, errors, upkeep } = await bench.cycle({ wrap });
    t.is(status, 'succeeded');
    t.deepEqual(
      errors.map(({ subreddit, code, message }) => [subreddit, code, message]),
      [
        [null, 'reddit_unavailable', 'refresh: answered 503'],
        [null, 'reddit_unavailable', 'sweep: answered 503'],
      ],
    );
    t.true((upkeep?.refresh.left ?? 0) > 0 && (upkeep?.sweep.left ?? 0) > 0);
  },
);

test.serial('of a subreddit that is closed now nothing is asked for', async (t) => {
  const bench = await cycleBench(t, two);
  await bench.cycle();
  await bench.pass(30 * MINUTE);
  const seen: string[] = [];
  const closed = { state: 'private' as const, posts: [], comments: [], invalid: [], after: null };
  const wrap: Wrap = (source) => ({
    ...source,
    listing: async (query, signal) =>
      query.subreddit === 'aws' ? closed : source.listing(query, signal),
    async info(names, signal) {
      const page = await source.info(names, signal);
      seen.push(...[...page.posts, ...page.comments].map(({ subreddit }) => subreddit));
      return page;
    },
  });
  await bench.cycle({ wrap });
  t.deepEqual([...new Set(seen)], ['claude']);
});

test.serial(
  'upkeep ends in time for the next cycle, says what it left, and goes on there',
  async (t) => {
    const bench = await cycleBench(t, two);
    await bench.cycle();
    await bench.pass(30 * MINUTE);
    const slow: Wrap = (source) => ({
      ...source,
      async info(names, signal) {
        await bench.clock.sleep(8 * MINUTE, signal);
        if (signal.aborted) throw new AppError('cancelled', 'cancelled');
        return source.info(names, signal);
      },
    });
    const { status, errors, upkeep, duration_ms } = await bench.cycle({ wrap: slow });
    t.is(status, 'succeeded');
    t.deepEqual(errors, []);
    t.true((duration_ms ?? 0) <= 14 * MINUTE, `${duration_ms} ms`);
    t.true((upkeep?.sweep.left ?? 0) + (upkeep?.refresh.left ?? 0) > 0);
  },
);

test.serial(
  'what is closed while the walk for deletions comes by is seen again when it opens',
  async (t) => {
    const bench = await cycleBench(t, two);
    await bench.cycle();
    await bench.pass(41 * HOUR); // the whole walk is due, at once
    const asked = new Set<string>();
    const watching: Wrap = (source) => ({
      ...source,
      async info(names, signal) {
        for (const name of names) asked.add(name);
        return source.info(names, signal);
      },
    });
    const closed = { state: 'private' as const, posts: [], comments: [], invalid: [], after: null };
    const closing: Wrap = (source) => ({
      ...watching(source),
      listing: async (query, signal) =>
        query.subreddit === 'aws' ? closed : source.listing(query, signal),
    });
    await bench.cycle({ wrap: closing });
    const { sweep } = await bench.store.upkeepState();
    const after = sweep?.missed?.[0]?.after ?? null;
    t.like(sweep?.missed, [{ subreddit: 'aws' }]);
    const part = { after, subreddits: ['aws'], limit: 100 };
    const { items } = await bench.store.sweepPage(part);
    t.true(items.length > 0);
    t.false(items.some((item) => asked.has(fullname(item))));
    await bench.pass(30 * MINUTE);
    await bench.cycle({ wrap: watching });
    // What the listings showed to be gone needs no question.
    const present = new Set((await bench.store.sweepPage(part)).items.map(fullname));
    const due = items.map(fullname).filter((name) => present.has(name));
    t.true(due.length > 0);
    t.deepEqual(
      due.filter((name) => !asked.has(name)),
      [],
    );
    t.deepEqual((await bench.store.upkeepState()).sweep?.missed, []);
  },
);

test.serial(
  'a post that only comments tell of is fetched, though the cycle that stored them ended there',
  async (t) => {
    const busy = { ...two.simulation, commentsPerHour: 200 }; // more than a page
    const bench = await cycleBench(t, { simulation: busy });
    const { post: stray, comment } = quietThread(bench);
    const killed = new AbortController();
    const hiding: Wrap = (source) => ({
      ...source,
      async listing(query, signal) {
        const page = await source.listing(query, signal);
        return { ...page, posts: page.posts.filter(({ id }) => id !== stray) };
      },
    });
    const dying: Wrap = (source) => ({
      ...hiding(source),
      thread: async () => Promise.reject(new AppError('reddit_unavailable', 'answered 503')),
      async info(_names, signal) {
        killed.abort();
        signal.throwIfAborted();
        throw new AppError('cancelled', 'cancelled');
      },
    });
    await bench.cycle({ wrap: dying, signal: killed.signal });
    const stored = () => storedIds(bench.databasePath);
    t.true(stored().comments.includes(comment));
    t.false(stored().posts.includes(stray));
    await bench.cycle({ wrap: hiding });
    t.true(stored().posts.includes(stray));
  },
);

/** A post whose comments are all older than what the next cycle reads again. */
function quietThread({ reddit, clock }: CycleBench): { post: string; comment: string } {
  const { posts, comments } = reddit.world.truth();
  const recent = clock.now() / 1000 - 3600;
  for (const { data } of posts) {
    const own = comments.filter((one) => one.listed && one.data.link_id === data.name);
    const comment = own[0]?.data.id;
    const quiet = own.every((one) => Number(one.data.created_utc) < recent);
    if (comment !== undefined && quiet) return { post: data.id, comment };
  }
  throw new Error('no thread is quiet');
}
