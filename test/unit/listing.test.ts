import test from 'ava';
import fc from 'fast-check';
import { batchesOf } from '../../src/collect/subreddit.js';
import { type ListingBounds, OVERLAP_MS, readListing } from '../../src/collect/listing.js';
import type { RedditPost } from '../../src/reddit/schemas.js';
import type { ListingPage, ListingQuery, ListingSource } from '../../src/reddit/source.js';
import { MAX_BATCH } from '../../src/store/store.js';
import { redditPost } from '../support/fake-reddit.js';
import { aComment, aPost } from '../support/items.js';

const NOW = Date.parse('2026-01-15T12:00:00.000Z');
const MINUTE = 60_000;
const never = new AbortController().signal;
const target = { subreddit: 'aws', kind: 'post' } as const;
const bounds: ListingBounds = {
  marks: { watermark: null, newest: null },
  nowMs: NOW,
  oldestMs: NOW - 90 * 86_400_000,
};

/** The n-th newest post, a minute older than the one before. */
function post(n: number, overrides: Partial<RedditPost> = {}): RedditPost {
  const created_utc = (NOW - n * MINUTE) / 1000;
  const { data } = redditPost(`p${n}`, { created_utc, ...overrides }) as { data: RedditPost };
  return data;
}

const newest = (count: number) => Array.from({ length: count }, (_, n) => post(n));
const markAt = (n: number) => ({
  id: `p${n}`,
  created_utc: new Date(NOW - n * MINUTE).toISOString(),
});

/** Marks of a listing that nothing holds back. */
const marksAt = (watermark: { id: string; created_utc: string }) => ({ watermark, newest: null });

/** Pages a fixed list, as Reddit does: an anchor that is not there gives an empty page. */
function listingOf(posts: RedditPost[], afterPage: (page: number) => void = () => undefined) {
  let pages = 0;
  const source = {
    async listing({ after, limit }: ListingQuery): Promise<ListingPage> {
      const from = after === null ? 0 : posts.findIndex(({ name }) => name === after) + 1;
      const found = after === null || from > 0;
      const page = found ? posts.slice(from, from + limit) : [];
      const more = found && from + limit < posts.length;
      pages += 1;
      afterPage(pages);
      const anchor = more ? (page.at(-1)?.name ?? null) : null;
      return { state: 'active', posts: page, comments: [], invalid: [], after: anchor };
    },
    requestsSent: () => pages,
  };
  return source;
}

test('without a watermark it reads to the end', async (t) => {
  const source = listingOf(newest(250));
  const read = await readListing(source, target, bounds, never);
  t.is(read.items.length, 250);
  t.is(source.requestsSent(), 3);
  t.deepEqual(read.marks.watermark, markAt(0));
  t.is(read.gap, null);
});

test('with a watermark it reads to the watermark and the overlap, not further', async (t) => {
  const source = listingOf(newest(900));
  const read = await readListing(source, target, { ...bounds, marks: marksAt(markAt(120)) }, never);
  t.is(source.requestsSent(), 2);
  const oldest = Math.min(...read.items.map((item) => item.created_utc * 1000));
  t.true(oldest <= Date.parse(markAt(120).created_utc) - OVERLAP_MS);
});

test('a deleted watermark does not stall or stop anything', async (t) => {
  const posts = newest(300).filter(({ id }) => id !== 'p120');
  const read = await readListing(
    listingOf(posts),
    target,
    { ...bounds, marks: marksAt(markAt(120)) },
    never,
  );
  t.is(read.gap, null);
  t.deepEqual(read.marks.watermark, markAt(0));
});

test('an item out of order deep in the listing is found', async (t) => {
  const posts = newest(100);
  posts.splice(90, 0, post(3, { id: 'late', name: 't3_late' }));
  const read = await readListing(
    listingOf(posts),
    target,
    { ...bounds, marks: marksAt(markAt(50)) },
    never,
  );
  t.true(read.items.some(({ id }) => id === 'late'));
});

test('an anchor deleted between two pages: the items before it lead on', async (t) => {
  const posts = newest(250);
  const source = listingOf(posts, (page) => {
    if (page === 1) posts.splice(98, 2); // the page's last two, the anchor among them
  });
  const read = await readListing(source, target, bounds, never);
  t.is(read.items.length, 250);
});

test('a listing that shifts while it is paged counts nothing twice', async (t) => {
  const posts = newest(250);
  const source = listingOf(posts, (page) => {
    if (page === 1) posts.unshift(post(-1), post(-2));
  });
  const read = await readListing(source, target, bounds, never);
  t.is(new Set(read.items.map(({ id }) => id)).size, read.items.length);
  t.is(read.items.length + (read.skipped.duplicate ?? 0), read.seen);
});

test('the same thing twice on a page is skipped with a reason', async (t) => {
  const read = await readListing(listingOf([post(0), post(1), post(0)]), target, bounds, never);
  t.is(read.items.length, 2);
  t.deepEqual(read.skipped, { duplicate: 1 });
});

test('one old item on a page does not mean that we have got that far', async (t) => {
  const posts = newest(900);
  posts.splice(40, 0, post(800, { id: 'straggler', name: 't3_straggler' }));
  const read = await readListing(
    listingOf(posts),
    target,
    { ...bounds, marks: marksAt(markAt(300)) },
    never,
  );
  t.true(read.items.some(({ id }) => id === 'p300'));
});

test('an item slightly ahead of our clock does not move the watermark past now', async (t) => {
  const posts = [post(-3), ...newest(10)];
  const read = await readListing(listingOf(posts), target, bounds, never);
  t.is(read.items.length, 11);
  t.is(read.marks.watermark?.created_utc, new Date(NOW).toISOString());
});

test('pages that cannot be followed any further are a gap, however short the listing', async (t) => {
  const posts = newest(400);
  const source = listingOf(posts, (page) => {
    if (page === 1) posts.splice(90, 10); // the anchor and everything near it
  });
  const read = await readListing(source, target, { ...bounds, marks: marksAt(markAt(399)) }, never);
  t.like(read.gap, { kind: 'post', from: markAt(399).created_utc });
});

test('an item of another subreddit, from the future or past retention is skipped with a reason', async (t) => {
  const posts = [
    post(0, { subreddit: 'other' }),
    post(1, { created_utc: NOW / 1000 + 2 * 86_400 }),
    post(2, { subreddit: 'AWS' }),
    post(3, { created_utc: NOW / 1000 - 91 * 86_400 }),
  ];
  const read = await readListing(listingOf(posts), target, bounds, never);
  t.deepEqual(read.skipped, { other_subreddit: 1, created_in_future: 1, past_retention: 1 });
  t.deepEqual(
    read.items.map(({ id }) => id),
    ['p2'],
  );
  t.is(read.marks.watermark?.id, 'p2');
});

const ends: [name: string, items: number, watermarkAt: number, gap: boolean][] = [
  ['cut off before the watermark', 900, 1500, true],
  ['cut off just behind the watermark', 900, 899, false],
  ['short, and everything older is gone', 300, 1500, false],
];
for (const [name, items, watermarkAt, gap] of ends) {
  test(`a listing that ends ${name} is ${gap ? 'a gap' : 'no gap'}`, async (t) => {
    const watermark = markAt(watermarkAt);
    const read = await readListing(
      listingOf(newest(items)),
      target,
      { ...bounds, marks: marksAt(watermark) },
      never,
    );
    const expected = {
      kind: 'post',
      from: watermark.created_utc,
      to: markAt(items - 1).created_utc,
      missing: 602, // 900 in 899 minutes, for 601 minutes
    };
    t.deepEqual(read.gap, gap ? expected : null);
  });
}

test('a listing that never ends is read to a bound', async (t) => {
  let page = 0;
  const endless: Pick<ListingSource, 'listing'> = {
    ...listingOf([]),
    async listing() {
      page += 1;
      const posts = Array.from({ length: 100 }, (_, n) => post(page * 100 + n));
      return { state: 'active', posts, comments: [], invalid: [], after: `t3_p${page * 100 + 99}` };
    },
  };
  const read = await readListing(endless, target, bounds, never);
  t.is(read.items.length, 2000);
});

test('batches hold everything once, oldest first, at most 80, at least one', (t) => {
  fc.assert(
    fc.property(fc.nat(250), fc.nat(250), (posts, comments) => {
      const at = (n: number) => new Date(NOW + ((n * 7919) % 5000) * 1000).toISOString();
      const batches = batchesOf(
        Array.from({ length: posts }, (_, n) => aPost({ id: `p${n}`, created_utc: at(n) })),
        Array.from({ length: comments }, (_, n) => aComment({ id: `c${n}`, created_utc: at(n) })),
      );
      t.is(batches.length, Math.max(1, Math.ceil((posts + comments) / MAX_BATCH)));
      const order = batches.map((batch) => [...batch.posts, ...batch.comments]);
      t.true(order.every((items) => items.length <= MAX_BATCH));
      t.is(new Set(order.flat()).size, posts + comments);
      for (let index = 1; index < order.length; index += 1) {
        const last =
          (order[index - 1] ?? [])
            .map((item) => item.created_utc)
            .sort()
            .at(-1) ?? '';
        const first = (order[index] ?? []).map((item) => item.created_utc).sort()[0] ?? '';
        t.true(last <= first);
      }
    }),
    { numRuns: 30 },
  );
});
