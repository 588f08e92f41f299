import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { type GeneratedWorldOptions, generatedWorld } from '../../src/simulator/generated.js';
import type { Truth, World } from '../../src/simulator/world.js';
import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';

const START = Date.parse('2026-01-15T12:00:30.500Z');
const HOUR = 3_600_000;
const DEFAULTS = DEFAULT_SUBREDDITS.split(',');

const small = (options: Partial<GeneratedWorldOptions> = {}) =>
  generatedWorld({
    seed: 7,
    startMs: START,
    subreddits: ['Cursor', 'aws', 'OpenAI'],
    postsPerHour: 20,
    commentsPerHour: 100,
    historyHours: 3,
    ...options,
  });

function all(truth: Truth) {
  return [...truth.posts, ...truth.comments];
}

test('the same seed and start give the same world in whatever steps the clock goes', (t) => {
  const options = { historyHours: 1, postsPerHour: 30, commentsPerHour: 120 };
  const end = START + HOUR;
  const steps = fc.array(fc.integer({ min: -60_000, max: 600_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), steps, (seed, stepsMs) => {
      const stepwise = small({ ...options, seed });
      const atOnce = small({ ...options, seed });
      let now = START;
      for (const stepMs of stepsMs) {
        now = Math.min(end, now + stepMs); // a clock may also go back
        stepwise.advanceTo(now);
      }
      stepwise.advanceTo(end);
      atOnce.advanceTo(end);
      t.true(atOnce.truth().comments.length > 100);
      t.true(isDeepStrictEqual(stepwise.truth(), atOnce.truth()), `seed ${seed}`);
      t.deepEqual(stepwise.served(), atOnce.served());
    }),
    { numRuns: 10 },
  );
});

test('another seed, or another start, gives another world', (t) => {
  const ids = (world: World) => all(world.truth()).map((item) => item.data.name);
  const first = new Set(ids(small()));
  t.false(ids(small({ seed: 8 })).some((id) => first.has(id)));
  t.false(ids(small({ startMs: START + 1000 })).some((id) => first.has(id)));
});

test('the default subreddits hold real volumes at the start, unevenly', (t) => {
  const world = generatedWorld({ seed: 1, startMs: START, subreddits: DEFAULTS });
  const { posts, comments } = world.served();
  t.true(posts > 640 && posts < 860, `${posts} posts`);
  t.true(comments > 3_700 && comments < 4_400, `${comments} comments`);
  const truth = world.truth();
  for (const items of [truth.posts, truth.comments]) {
    const sizes = DEFAULTS.map(
      (name) => items.filter((item) => item.data.subreddit === name && item.listed).length,
    );
    t.true(Math.max(...sizes) < 900);
    t.true(Math.max(...sizes) > 2 * Math.min(...sizes));
    t.true(Math.max(...sizes) < 0.2 * sizes.reduce((a, b) => a + b));
  }
});

test('half an hour brings about 44 posts and 231 comments', (t) => {
  const world = generatedWorld({ seed: 2, startMs: START, subreddits: DEFAULTS });
  const before = world.truth();
  world.advanceTo(START + 10 * HOUR);
  const after = world.truth();
  const posts = (after.posts.length - before.posts.length) / 20;
  const comments = (after.comments.length - before.comments.length) / 20;
  t.true(posts > 38 && posts < 50, `${posts} posts`);
  t.true(comments > 215 && comments < 255, `${comments} comments`);
});

test('ids are base36 and grow with time; nothing is from the future', (t) => {
  const world = small();
  world.advanceTo(START + HOUR);
  const { posts, comments } = world.truth();
  for (const items of [posts, comments]) {
    const ordered = items
      .map((item) => item.data)
      .sort((a, b) => Number.parseInt(a.id, 36) - Number.parseInt(b.id, 36));
    t.is(new Set(ordered.map((data) => data.id)).size, ordered.length);
    for (const [index, data] of ordered.entries()) {
      t.regex(data.id, /^[a-z0-9]{6,9}$/);
      t.true(Number(data.created_utc) * 1000 <= START + HOUR);
      const previous = ordered[index - 1];
      if (previous) t.true(Number(previous.created_utc) <= Number(data.created_utc));
    }
  }
});

test('a thing exists from its instant on, not from its minute on', (t) => {
  const world = small({ historyHours: 0, commentsPerHour: 240 });
  const before = new Set(all(world.truth()).map((item) => item.data.name));
  const seen = new Set<string>();
  for (let now = START; now <= START + 10 * 60_000; now += 1_000) {
    world.advanceTo(now);
    for (const { data } of all(world.truth())) {
      if (before.has(data.name) || seen.has(data.name)) continue;
      seen.add(data.name);
      t.true(now / 1000 - Number(data.created_utc) < 2, data.name);
    }
  }
  t.true(seen.size > 5);
});

test('things are edited, voted on, deleted and removed as time goes on', (t) => {
  const world = small({ historyHours: 1 });
  const before = new Map(all(world.truth()).map((item) => [item.data.name, item.data]));
  world.advanceTo(START + 6 * HOUR);
  const after = all(world.truth());
  const text = (data: Record<string, unknown>) => data.body ?? data.selftext;

  const edited = after.filter((item) => typeof item.data.edited === 'number');
  t.true(edited.length > 5);
  for (const { data } of edited) t.true(Number(data.edited) >= Number(data.created_utc));
  t.true(
    edited.some(({ data }) => {
      const old = before.get(data.name);
      return old?.edited === false && text(old) !== text(data);
    }),
  );
  t.true(
    after.some(({ data }) => before.has(data.name) && before.get(data.name)?.score !== data.score),
  );

  const gone = after.filter((item) => item.data.author === '[deleted]');
  t.true(gone.some(({ data }) => data.body === '[deleted]'));
  t.true(gone.some(({ data }) => data.body === '[removed]'));
  t.true(gone.some(({ data }) => data.name.startsWith('t3_')));
  for (const { data, listed } of gone) {
    t.false(listed, 'what is gone leaves the listing');
    t.false('author_fullname' in data);
    t.deepEqual(world.info([data.name])[0]?.data, data, 'and stays in /api/info');
  }
});

test('num_comments is the size of the thread, and every comment has its post', (t) => {
  const world = small();
  world.advanceTo(START + HOUR);
  const { posts, comments } = world.truth();
  const postIds = new Set(posts.map((post) => post.data.name));
  const existing = new Map(comments.map((comment) => [comment.data.name, comment.data]));
  for (const { data } of comments) {
    t.true(postIds.has(String(data.link_id)));
    const parent = existing.get(String(data.parent_id));
    t.true(data.parent_id === data.link_id || parent?.link_id === data.link_id);
  }
  for (const { data } of posts) {
    const own = comments.filter((comment) => comment.data.link_id === data.name);
    t.is(data.num_comments, own.length);
  }
});

test('every community has every mood, and the odd things of real ones', (t) => {
  const world = generatedWorld({ seed: 3, startMs: START, subreddits: DEFAULTS });
  const { posts, comments } = world.truth();
  const bodies = comments.map((comment) => String(comment.data.body));
  for (const name of DEFAULTS) {
    const own = comments.filter((c) => c.data.subreddit === name).map((c) => String(c.data.body));
    t.true(
      own.some((body) => /excellent|love it|great/.test(body)),
      name,
    );
    t.true(
      own.some((body) => /terrible|awful|hate/.test(body)),
      name,
    );
    t.true(
      own.some((body) => /Debian|lock file|requests, not tokens/.test(body)),
      name,
    );
  }
  t.true(bodies.some((body) => body.includes('```')));
  t.true(bodies.some((body) => body.startsWith('> ')));
  t.true(bodies.some((body) => body.includes('https://')));
  t.true(bodies.some((body) => /\p{Extended_Pictographic}/u.test(body)));
  t.true(bodies.some((body) => /[\u0590-\u06ff]/.test(body)));
  t.true(bodies.some((body) => body.length > 1_500));
  t.true(comments.some((c) => c.data.author === 'AutoModerator' && c.data.stickied === true));
  t.is(posts.filter((post) => post.data.stickied === true).length, DEFAULTS.length);
  t.true(posts.some((post) => post.data.is_self === false && post.data.post_hint === 'link'));
  const existing = new Set(posts.map((post) => post.data.name));
  const crossposts = posts.filter((post) => 'crosspost_parent' in post.data);
  t.true(crossposts.length > 10);
  for (const { data } of crossposts) t.true(existing.has(String(data.crosspost_parent)));
});

test('a listing ends at its maximum, and old threads are forgotten once they are out of it', (t) => {
  const world = small({
    subreddits: ['aws'],
    maxListing: 50,
    postsPerHour: 4,
    commentsPerHour: 12,
  });
  const first = world.truth().posts[0]?.data.name ?? '';
  world.advanceTo(START + 5 * 24 * HOUR);
  t.is(
    world.listing({ subreddit: 'aws', kind: 'post', after: null, limit: 100 })?.children.length,
    50,
  );
  t.is(world.info([first]).length, 1, 'old, not yet forgotten');
  world.advanceTo(START + 30 * 24 * HOUR);
  t.is(world.info([first]).length, 0);
  t.is(world.thread(first.slice(3)), null);
  const kept = world.truth();
  t.true(kept.posts.length < 11 * 24 * 4 * 1.3, `${kept.posts.length} posts kept`);
  for (const { data } of kept.posts) {
    t.is(data.num_comments, kept.comments.filter((c) => c.data.link_id === data.name).length);
  }
});

test('what is still listed is kept however old, with its thread', (t) => {
  const sparse = { subreddits: ['aws'], postsPerHour: 0.2, historyHours: 1 };
  for (const commentsPerHour of [0, 0.3]) {
    const world = small({ ...sparse, commentsPerHour });
    world.advanceTo(START + 5 * 24 * HOUR);
    const early = world.truth().posts.map((post) => post.data.name);
    t.true(early.length > 10);
    world.advanceTo(START + 30 * 24 * HOUR);
    const { posts, comments } = world.truth();
    const kept = new Set(posts.map((post) => post.data.name));
    const forgotten = early.filter((name) => !kept.has(name));
    t.true(forgotten.length <= 2, 'only what was deleted, and so is not listed any more');
    for (const { data } of posts) {
      t.is(data.num_comments, comments.filter((c) => c.data.link_id === data.name).length);
    }
  }
});
