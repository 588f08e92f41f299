import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { AppError } from '../../src/errors.js';
import { contentOf, type Share } from '../../src/generate/content.js';
import { MOST_HELD, partsOf } from '../../src/generate/generate.js';
import { type GivenOptions, type Plan, planOf } from '../../src/generate/options.js';
import { loadTexts } from '../../src/generate/recorded-texts.js';
import { inventedTexts } from '../../src/generate/texts.js';
import { Threads } from '../../src/generate/threads.js';
import { slotsOf } from '../../src/generate/waves.js';
import type { RedditPost } from '../../src/reddit/schemas.js';
import { randomFrom } from '../../src/simulator/random.js';
import { ndjson } from '../support/dump.js';
import { temporaryFolder } from '../support/temp.js';

const HOUR_MS = 3_600_000;
const UNTIL_MS = Date.parse('2026-01-15T12:00:00.000Z');
const NAMES = ['claude', 'Cursor', 'aws', 'programming', 'kiroIDE'];
const aPlan = (more: Partial<Plan> = {}): Plan => ({
  ...{ days: 28, posts: 4000, comments: 20_000, seed: 1, untilMs: UNTIL_MS },
  ...more,
});

/** Everything that is generated, by subreddit. */
function whole(plan: Plan, texts = inventedTexts): Share[] {
  const fill = contentOf(plan, NAMES, texts);
  const all = NAMES.map((name): Share => ({ name, posts: [], comments: [] }));
  for (const slot of slotsOf(plan, HOUR_MS / 2)) {
    for (const [index, { posts, comments }] of fill(slot).entries()) {
      all[index]?.posts.push(...posts);
      all[index]?.comments.push(...comments);
    }
  }
  return all;
}

const generated = whole(aPlan());
const comments = generated.flatMap((share) => share.comments);
const posts = generated.flatMap((share) => share.posts);
const share = <T>(things: readonly T[], which: (thing: T) => boolean) =>
  things.filter(which).length / things.length;

test('the slots are the rhythm of collection and hold exactly what was asked for', (t) => {
  for (const plan of [aPlan(), aPlan({ posts: 3, comments: 0 }), aPlan({ days: 1, seed: 9 })]) {
    const slots = slotsOf(plan, HOUR_MS / 2);
    const sum = (of: 'posts' | 'comments') => slots.reduce((all, slot) => all + slot[of], 0);
    t.deepEqual([sum('posts'), sum('comments')], [plan.posts, plan.comments]);
    t.is(slots[0]?.fromMs, UNTIL_MS - plan.days * 24 * HOUR_MS);
    t.is(slots.at(-1)?.toMs, UNTIL_MS - 60_000, 'so that the last cycle is over by the end');
    const lastWeek = slots.filter(({ toMs }) => toMs > UNTIL_MS - 6 * 24 * HOUR_MS);
    t.true(lastWeek.every(({ fromMs, toMs }) => toMs - fromMs <= HOUR_MS / 2));
    for (const [index, slot] of slots.slice(1).entries()) {
      t.is(slots[index]?.toMs, slot.fromMs);
      t.true(slot.toMs > slot.fromMs && slot.posts >= 0 && slot.comments >= 0);
    }
  }
});

test('people write by day in America and Europe, and less at the weekend', (t) => {
  const during = (hours: number[]) =>
    share(comments, ({ created_utc }) =>
      hours.includes(new Date(created_utc * 1000).getUTCHours()),
    );
  t.true(during([14, 15, 16, 17]) > 2.5 * during([6, 7, 8, 9]));
  const on = (days: number[]) =>
    share(comments, ({ created_utc }) => days.includes(new Date(created_utc * 1000).getUTCDay())) /
    days.length;
  t.true(on([0, 6]) < 0.9 * on([1, 2, 3, 4]));
});

test("subreddits and authors follow Zipf's law", (t) => {
  const harmonic = NAMES.reduce((sum, _, index) => sum + 1 / (index + 1), 0);
  for (const [index, { comments: mine }] of generated.entries()) {
    const expected = comments.length / (index + 1) / harmonic;
    t.true(Math.abs(mine.length / expected - 1) < 0.1, NAMES[index]);
  }
  const byAuthor = new Map<string, number>();
  for (const { author } of comments) {
    byAuthor.set(author ?? '', (byAuthor.get(author ?? '') ?? 0) + 1);
  }
  const counts = [...byAuthor.values()].sort((a, b) => b - a);
  const median = counts[counts.length >> 1] ?? 0;
  t.true(byAuthor.size > 500 && (counts[3] ?? 0) > 20 * median, `${counts[3]} to ${median}`);
});

test('texts are as long as real ones', (t) => {
  const lengths = comments.map(({ body }) => body.length).sort((a, b) => a - b);
  const quantile = (at: number) => lengths[Math.floor(at * lengths.length)] ?? 0;
  t.true(quantile(0.1) < 40, `${quantile(0.1)}`);
  t.true(quantile(0.5) > 60 && quantile(0.5) < 115, `${quantile(0.5)}`);
  t.true(quantile(0.9) > 300 && quantile(0.9) < 550, `${quantile(0.9)}`);
  t.true((lengths.at(-1) ?? 0) > 4000);
  t.true(posts.some(({ selftext }) => (selftext ?? '').length > 3000));
  t.true(share(posts, ({ selftext }) => selftext === '') > 0.5, 'links have no text');
});

test('votes have a heavy tail', (t) => {
  const scores = posts.map(({ score }) => score).sort((a, b) => a - b);
  t.true((scores[scores.length >> 1] ?? 0) < 10);
  t.true((scores.at(-1) ?? 0) > 500);
  t.true(comments.some(({ score }) => score < 0));
});

test('a comment follows its post and what it answers; a few have no post', (t) => {
  const created = new Map(
    [...posts, ...comments].map(({ name, created_utc }) => [name, created_utc]),
  );
  const known = comments.filter(({ link_id }) => created.has(link_id));
  t.true(known.every(({ link_id, created_utc }) => created_utc > (created.get(link_id) ?? 0)));
  const orphans = 1 - known.length / comments.length;
  t.true(orphans > 0.001 && orphans < 0.02, `${orphans}`);
  t.true(
    known.every(
      ({ parent_id, created_utc }) => (created.get(parent_id) ?? Infinity) <= created_utc,
    ),
  );
  t.true(share(known, ({ parent_id }) => parent_id.startsWith('t1_')) > 0.3);

  const answers = new Map<string, number>();
  for (const { link_id } of known) answers.set(link_id, (answers.get(link_id) ?? 0) + 1);
  t.true(Math.max(...answers.values()) > 60, 'some threads are long');
  const claimed = posts.reduce((sum, { num_comments }) => sum + num_comments, 0);
  t.true(Math.abs(claimed / known.length - 1) < 0.25, `${claimed} claimed, ${known.length} there`);
});

type Marked = Pick<RedditPost, 'author' | 'stickied'>;

test('every reason for exclusion occurs, none often', (t) => {
  for (const items of [posts, comments]) {
    for (const which of [
      (item: Marked) => item.author === 'AutoModerator',
      (item: Marked) => item.author === '[deleted]',
      (item: Marked) => item.stickied === true,
    ]) {
      const part = share<Marked>(items, which);
      t.true(part > 0 && part < 0.05, `${part}`);
    }
  }
  t.true(posts.some(({ removed_by_category }) => removed_by_category === 'moderator'));
  t.true(comments.some(({ body }) => body === '[removed]'));
});

test('the same seed gives the same items, another one others with other ids', (t) => {
  t.deepEqual(whole(aPlan()), generated);
  const other = whole(aPlan({ seed: 2 }));
  const ids = new Set(comments.map(({ id }) => id));
  t.is(new Set([...posts, ...comments].map(({ name }) => name)).size, 24_000);
  t.false(other.some((one) => one.comments.some(({ id }) => ids.has(id))));
});

test('what is held does not grow with the scale', (t) => {
  const slot = { fromMs: 0, toMs: HOUR_MS / 2, posts: 500_000, comments: 2_600_000 };
  const parts = partsOf(slot);
  t.true(parts.every((part) => part.posts + part.comments <= MOST_HELD));
  t.is(
    parts.reduce((sum, part) => sum + part.posts, 0),
    slot.posts,
  );
  t.is(
    parts.reduce((sum, part) => sum + part.comments, 0),
    slot.comments,
  );
  t.is(parts.at(-1)?.toMs, slot.toMs);
  t.true(parts.slice(1).every((part, index) => part.fromMs === parts[index]?.toMs));

  const threads = new Threads();
  for (let n = 0; n < 50_000; n += 1) {
    threads.add({ id: `${n}`, permalink: '/', createdMs: n, wanted: 0, replies: [] });
  }
  t.is(threads.pick(40_000, randomFrom(1)), null, 'it has forgotten that there was one');
  t.not(threads.pick(50_000, randomFrom(1)), null);
});

const GIVEN: GivenOptions = { days: '90', posts: '190', comments: '1000', scale: '1', seed: '1' };

test('options become a plan, or are refused with what would be right', (t) => {
  const plan = (given: Partial<GivenOptions>) => planOf({ ...GIVEN, ...given }, UNTIL_MS, 90);
  t.deepEqual(plan({ scale: '.5', seed: '7', days: '3', until: '2026-01-01' }), {
    ...{ days: 3, posts: 95, comments: 500, seed: 7 },
    untilMs: Date.parse('2026-01-01T00:00:00Z'),
  });
  t.is(plan({}).untilMs, UNTIL_MS);
  for (const [given, message, cure] of [
    [{ days: '0' }, /--days 0/, /from 1 to/],
    [{ days: '91' }, /--days 91 is more than DATA_RETENTION_DAYS keeps \(90\)/, /1 to 90/],
    [{ posts: '-5' }, /--posts -5/, /whole number/],
    [{ comments: '1e6' }, /--comments 1e6/, /whole number/],
    [{ posts: '0', comments: '0' }, /Nothing/, /more than 0/],
    [{ scale: '0' }, /--scale 0/, /above 0/],
    [{ scale: '.' }, /--scale \./, /above 0/],
    [{ posts: '999999999', scale: '9' }, /times --scale 9 is 8999999991/, /at most/],
    [{ seed: '4294967296' }, /--seed/, /0 to 4294967295/],
    [{ until: 'yesterday' }, /--until yesterday/, /2026-01-15T12:00:00.000Z/],
    [{ until: '2026-02-31' }, /--until/, /between 2010 and now/],
    [{ until: '2026-01-15T12:00:01Z' }, /--until/, /between 2010 and now/],
    [{ until: '2009-12-31' }, /--until/, /between 2010 and now/],
  ] as [Partial<GivenOptions>, RegExp, RegExp][]) {
    const error = t.throws(() => plan(given), { instanceOf: AppError, message });
    t.is(error?.exitCode, 64);
    t.regex(error?.cure ?? '', cure);
  }
});

test('recorded texts are taken where they are, invented ones elsewhere', async (t) => {
  const folder = temporaryFolder(t);
  t.is((await loadTexts(folder, false)).origin, 'invented');
  await t.throwsAsync(loadTexts(join(folder, 'none'), true), {
    instanceOf: AppError,
    message: /has no recorded posts and comments/,
  });
  for (const name of ['bulk', 'wire', 'sentiment']) mkdirSync(join(folder, name));
  const write = (name: string, ...rows: Record<string, unknown>[]) =>
    writeFileSync(join(folder, name), gzipSync(ndjson(...rows)));
  write('bulk/posts.ndjson.gz', { title: 'One', selftext: 'of 2013', is_self: 'True' });
  write('wire/t3_posts.ndjson.gz', { kind: 't3', data: { title: 'Two', over_18: true } });
  write('wire/t1_comments.ndjson.gz', { kind: 't1', data: { body: '[deleted]' } });
  write(
    'sentiment/goemotions3_train.ndjson.gz',
    { text: 'A comment.' },
    { text: 'Long. '.repeat(9) },
  );
  const texts = await loadTexts(folder, false);
  t.is(texts.origin, 'recorded');
  const random = randomFrom(1);
  t.deepEqual(texts.post(random), { title: 'One', body: 'of 2013' });
  const drawn = new Set(Array.from({ length: 50 }, () => texts.comment(random)));
  t.deepEqual([...drawn].sort(), ['A comment.', 'Long. '.repeat(9)]);
  t.is(whole(aPlan({ posts: 40, comments: 100 }), texts).length, NAMES.length);

  writeFileSync(join(folder, 'bulk/posts.ndjson.gz'), gzipSync('{"title": "x'));
  await t.throwsAsync(loadTexts(folder, false), { message: /bulk\/posts\.ndjson\.gz: .*JSON/ });
});
