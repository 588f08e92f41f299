import test from 'ava';
import fc from 'fast-check';
import { toIso } from '../../src/clock.js';
import { EXCLUSIONS, LABELS, type NewPost } from '../../src/domain/item.js';
import type { Topic } from '../../src/domain/topic.js';
import type { TrendingQuery } from '../../src/store/store.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { naiveTopics } from '../support/naive-topics.js';
import { define, type Implementation, setScene, STORES } from './under-test.js';

const HOUR_MS = 3_600_000;
const QUESTIONS = 20;
/** Posts from one round of commits to the next. */
const PORTION = 40;
const SUBREDDITS = ['claude', 'aws', 'Machine_Learning'];

/** What is talked about, at the seam. */
export function trendingSuite(implementation: Implementation): void {
  trendingExamples(implementation);
  questions(implementation);
}

const titled = (title: string, ids: string[], rest: Partial<NewPost> = {}): NewPost[] =>
  ids.map((id) => aPost({ id, title, ...rest }));
const NOON: TrendingQuery = {
  window: { from: '2026-01-15T11:00:00.000Z', to: '2026-01-15T12:00:00.000Z' },
  baseline: { from: '2026-01-15T10:00:00.000Z', to: '2026-01-15T11:00:00.000Z' },
  names: ['claude', 'aws'],
  limit: 20,
};

export function trendingExamples(implementation: Implementation): void {
  define(implementation, 'topics of a store without posts are none', async (t, { reader }) => {
    const { topics } = await reader.trending(NOON);
    t.deepEqual(topics, []);
    const empty = { from: NOON.window.to, to: NOON.window.from };
    t.deepEqual((await reader.trending({ ...NOON, window: empty, baseline: empty })).topics, []);
  });

  define(implementation, 'a topic in full', async (t, scene) => {
    const earlier = { created_utc: '2026-01-15T10:30:00.000Z' };
    await scene.commit({
      posts: [
        ...titled('Claude Code outage again', ['a', 'b'], { upvotes: 4, comment_count: 2 }),
        ...titled('Another CODE OUTAGE!', ['c'], {
          ...{ upvotes: 100, created_utc: '2026-01-15T11:00:00.000Z' },
          sentiment: aSentiment({ label: 'negative' }),
        }),
        ...titled('Pricing question', ['d', 'e', 'f', 'g'], earlier),
        ...titled('code outage', ['h'], { excluded: 'removed' }),
      ],
      comments: [aComment({ content: 'code outage' })],
    });
    const answer = await scene.reader.trending(NOON);
    t.is(answer.data_version, (await scene.reader.ping()).data_version);
    t.is(answer.topics.length, 1);
    const { id, ...topic } = answer.topics[0] as Topic;
    t.regex(id, /^[0-9a-f]{16}$/);
    t.deepEqual(topic, {
      post_ids: ['c', 'a', 'b'],
      theme: 'code outage',
      keywords: ['code outage'],
      engagement_velocity: 106 * 1.5 + 2 * 10 * 1.5,
      sentiment_distribution: { positive: 2, negative: 1, neutral: 0 },
      peak_time: '2026-01-15T11:00:00.000Z',
      created_at: '2026-01-15T11:00:00.000Z',
      mentions: 3,
      baseline: 0,
      is_new: true,
    });
    const own = await scene.reader.trending({ ...NOON, subreddit: 'CLAUDE' });
    t.is(own.topics[0]?.theme, 'code outage');
    t.not(own.topics[0]?.id, id, 'another question, another topic');
    t.deepEqual((await scene.reader.trending({ ...NOON, subreddit: 'aws' })).topics, []);
  });

  define(implementation, 'topics follow votes, labels, titles and exclusions', async (t, scene) => {
    const first = async () => (await scene.reader.trending(NOON)).topics[0];
    const posts = titled('Rate limits', ['a', 'b', 'c', 'd']);
    await scene.commit({ posts });
    t.like(await first(), { mentions: 4, engagement_velocity: 96 });
    const sad = aSentiment({ label: 'negative' });
    await scene.commit({ posts: [aPost({ ...posts[0], upvotes: 1000, sentiment: sad })] });
    t.like(await first(), {
      ...{ post_ids: ['a', 'b', 'c', 'd'], engagement_velocity: 1581 },
      sentiment_distribution: { positive: 3, negative: 1, neutral: 0 },
    });
    await scene.commit({ posts: [aPost({ ...posts[1], excluded: 'deleted' })] });
    t.like(await first(), { mentions: 3, post_ids: ['a', 'c', 'd'] });
    await scene.commit({ posts: [aPost({ ...posts[2], title: 'Other' })] });
    t.is(await first(), undefined);
  });

  define(implementation, 'names the store knows are no themes', async (t, scene) => {
    const names = { ...NOON, names: [] };
    await scene.commit({ posts: titled('Claude claude CLAUDE’s', ['a', 'b', 'c']) });
    t.is((await scene.reader.trending(names)).topics[0]?.theme, 'claude claude');
    await scene.store.importItems({
      ...{ subreddit: 'claude', keepHistory: false, comments: [] },
      posts: titled('x', ['d']),
    });
    t.deepEqual((await scene.reader.trending(names)).topics, []);
  });
}

/** Edges of hour, day, month, year, leap day, and of the days when clocks are set in Europe. */
const EDGES = [
  ...['2026-03-29T01:00:00.000Z', '2026-10-25T01:00:00.000Z', '2026-03-29T00:00:00.000Z'],
  ...['2026-10-26T00:00:00.000Z', '2026-03-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ...['2028-02-29T00:00:00.000Z', '2026-06-10T13:00:00.000Z', '2026-06-10T13:37:00.000Z'],
].map((time) => Date.parse(time));

const VOCABULARY = [
  ...[
    'agent',
    'price',
    'outage',
    'Opus',
    'c++',
    'gpt-4',
    'Node.js',
    'größer',
    '人工知能',
    '5',
    'R',
  ],
  // Words that are terms in a phrase only: by chance alone too few posts would share one.
  ...['ios 7', 'ios 7', 'vitamin C'],
  ...['claude', 'AWS', 'machine learning', 'Machine', 'the', 'of', '-', ',', 'https://x.example/y'],
];
const title = fc
  .array(fc.constantFrom(...VOCABULARY), { maxLength: 6 })
  .map((words) => words.join(' '));
const offset = fc.oneof(
  fc.integer({ min: -50 * HOUR_MS, max: 50 * HOUR_MS }),
  fc
    .tuple(fc.integer({ min: -8, max: 8 }), fc.constantFrom(-60_001, -60_000, -1, 0, 1, 60_000))
    .map(([hours, ms]) => hours * HOUR_MS + ms),
);
const post = fc.record({
  id: fc.integer({ min: 0, max: 150 }).map((n) => `p${n}`),
  title,
  offset,
  upvotes: fc.integer({ min: -3, max: 500 }),
  comment_count: fc.integer({ min: 0, max: 50 }),
  label: fc.constantFrom(...LABELS),
  excluded: fc.oneof(
    { weight: 9, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...EXCLUSIONS) },
  ),
  subreddit: fc.constantFrom(...SUBREDDITS),
});
const question = fc.record({
  end: offset,
  toTheMinute: fc.boolean(),
  hours: fc.constantFrom(1, 2, 7, 12, 24, 24, 25, 48, 48, 168, 720),
  subreddit: fc.constantFrom(undefined, undefined, undefined, 'claude', 'AWS', 'machine_learning'),
  named: fc.boolean(),
  limit: fc.constantFrom(1, 3, 20, 100),
});
const story = fc.record({
  edge: fc.constantFrom(...EDGES),
  posts: fc.array(post, { minLength: 60, maxLength: 240 }),
  asked: fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

function questions(implementation: Implementation): void {
  test(`${implementation.name}: topics equal a recount after any history`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.log(`seed ${seed}`);
    const stores = implementation.stores ?? STORES;
    let topics = 0;
    // A sample, not a property: a story that fails is too long to print, and shrinks too slowly.
    for (const told of fc.sample(story, { seed, numRuns: stores })) {
      topics += await check(implementation, told);
    }
    t.log(`${stores * QUESTIONS} questions, ${topics} topics`);
    t.pass();
  });
}

/** Answers how many topics there were. */
async function check(implementation: Implementation, { edge, posts, asked }: Story) {
  const releases: (() => unknown)[] = [];
  const teardown = (release: () => unknown) => void releases.unshift(release);
  const scene = await setScene({ teardown }, implementation);
  const model = new Map<string, NewPost>();
  try {
    // The same ids again, in other hours and subreddits: updates, moves, exclusions.
    for (let first = 0; first < posts.length; first += PORTION) {
      const named = (id: string, subreddit: string) =>
        implementation.idsBySubreddit ? `${subreddit}-${id}` : id;
      const items = posts.slice(first, first + PORTION).map(({ label, offset: at, ...rest }) =>
        aPost({
          ...{ ...rest, id: named(rest.id, rest.subreddit), created_utc: toIso(edge + at) },
          sentiment: aSentiment({ label }),
        }),
      );
      for (const subreddit of SUBREDDITS) {
        const own = items.filter((item) => item.subreddit === subreddit);
        await scene.commit({ posts: own }, subreddit, { direct: true });
        for (const item of new Map(own.map((each) => [each.id, each])).values()) {
          model.set(item.id, unlessUnchanged(model.get(item.id), item));
        }
      }
    }
    let found = 0;
    for (const { end, toTheMinute, hours, named, subreddit, limit } of asked) {
      const endMs = toTheMinute ? Math.floor((edge + end) / 60_000) * 60_000 : edge + end;
      const [from, start, to] = [2, 1, 0].map((n) => toIso(endMs - n * hours * HOUR_MS));
      const query: TrendingQuery = {
        ...{ window: { from: start ?? '', to: to ?? '' }, limit },
        baseline: { from: from ?? '', to: start ?? '' },
        names: named ? ['Claude', 'aws', 'MachineLearning'] : [],
        ...(subreddit === undefined ? {} : { subreddit }),
      };
      const { topics } = await scene.reader.trending(query);
      const expected = naiveTopics([...model.values()], query);
      const at = topics.findIndex(
        (topic, n) => JSON.stringify(rounded(topic)) !== JSON.stringify(rounded(expected[n])),
      );
      if (at >= 0 || topics.length !== expected.length) {
        const shown = { at, is: topics[at], expected: expected[at] };
        throw new Error(
          JSON.stringify({ query, counts: [topics.length, expected.length], ...shown }, null, 1),
        );
      }
      found += topics.length;
    }
    const { differences, stale_terms } = await scene.store.verify({ repair: false });
    if (differences.length + stale_terms > 0) throw new Error(JSON.stringify(differences));
    return found;
  } finally {
    for (const release of releases) await release();
  }
}

/** A version that differs by small moves of votes alone is not stored. */
function unlessUnchanged(before: NewPost | undefined, item: NewPost): NewPost {
  if (before === undefined) return item;
  return { ...item, ...(isSame(before, item) ? { upvotes: before.upvotes } : {}) };
}

function isSame(before: NewPost, item: NewPost): boolean {
  const matters = (a: number, b: number) => Math.abs(b - a) > Math.max(2, Math.abs(a) * 0.1);
  const { upvotes: _, ...content } = before;
  const { upvotes, ...other } = item;
  return JSON.stringify(content) === JSON.stringify(other) && !matters(before.upvotes, upvotes);
}

function rounded(topic: (Omit<Topic, 'id'> & { id?: string }) | undefined) {
  if (topic === undefined) return null;
  const { id: _id, ...rest } = topic;
  return Object.entries(rest).sort();
}
