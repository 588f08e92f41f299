import test from 'ava';
import { columnsOf, type TitledPost } from '../../src/trending/columns.js';
import { NO_NAMES } from '../../src/trending/names.js';
import { logLikelihood } from '../../src/trending/rank.js';
import { toEnd } from '../../src/trending/steps.js';
import { topicsOf } from '../../src/trending/topics.js';
import { velocityOf } from '../../src/trending/velocity.js';

const HOUR_MS = 3_600_000;
const END_MS = Date.parse('2026-01-15T12:00:00.000Z');
const iso = (ms: number) => new Date(ms).toISOString();

let number = 0;
const post = (title: string, hoursAgo = 0.5): TitledPost => {
  number += 1;
  return {
    ...{ id: `p${number}`, title, created_utc: iso(END_MS - hoursAgo * HOUR_MS) },
    ...{ label: 'neutral', upvotes: 1, comment_count: 0 },
  };
};
const times = (count: number, title: string, hoursAgo = 0.5) =>
  Array.from({ length: count }, () => post(title, hoursAgo));

function topics(posts: TitledPost[], before: TitledPost[] = [], limit = 100) {
  const titles = new Map(posts.map(({ id, title }) => [id, title]));
  return toEnd(
    topicsOf([columnsOf(posts)], [columnsOf(before)], {
      window: { fromMs: END_MS - HOUR_MS, toMs: END_MS },
      baseline: { fromMs: END_MS - 2 * HOUR_MS, toMs: END_MS - HOUR_MS },
      ...{ names: NO_NAMES, limit, titleOf: (id: string) => titles.get(id) },
    }),
  );
}
const themes = (found: ReturnType<typeof topics>) => found.map(({ theme }) => theme);

test('the velocity of a post by age, at the edges of its steps', (t) => {
  const velocity = (hours: number, upvotes = 60, comments = 20) =>
    velocityOf({ createdMs: END_MS - hours * HOUR_MS, upvotes, comments }, END_MS);
  t.is(velocity(0), 180, 'an hour old at least');
  t.is(velocity(0.5), 180);
  t.is(velocity(1), 180);
  t.is(velocity(4), 45);
  t.is(velocity(6), 24, 'under 6, not at it');
  t.is(velocity(8), 18);
  t.is(velocity(12), 10);
  t.is(velocity(24), 5);
  t.is(velocity(2, -8, 0), -6);
});

test('the log-likelihood of known tables', (t) => {
  t.is(logLikelihood(3, 0, { window: 10, baseline: 0 }), 0);
  t.is(logLikelihood(5, 5, { window: 100, baseline: 100 }), 0);
  // 2 (10 ln 2 + 90 ln(90/95) + 100 ln(100/95))
  t.is(logLikelihood(10, 0, { window: 100, baseline: 100 }), 14.389503);
  t.true(Number.isFinite(logLikelihood(100, 0, { window: 100, baseline: 1 })));
});

test('fewer than three mentions are no topic, nor is what does not rise', (t) => {
  t.deepEqual(themes(topics(times(2, 'outage'))), []);
  t.deepEqual(themes(topics(times(3, 'outage'), times(3, 'outage', 1.5))), []);
  t.deepEqual(
    themes(topics([...times(3, 'outage'), ...times(3, 'price')], times(1, 'outage', 1.5))),
    ['price'],
  );
  const risen = topics(times(3, 'outage'), [...times(1, 'outage', 1.5), post('price', 1.5)]);
  t.like(risen[0], { theme: 'outage', mentions: 3, baseline: 1, is_new: false });
});

test('a phrase comes before its words where it has most of their posts', (t) => {
  const other = times(20, 'weather', 1.5);
  const most = topics([...times(4, 'rate limits'), ...times(3, 'limits of growth')], other);
  t.deepEqual(
    most.map(({ theme, keywords }) => [theme, keywords]),
    [
      ['rate limits', ['rate limits']],
      ['growth', ['growth']],
    ],
  );
  const few = topics([...times(3, 'rate limits'), ...times(4, 'limits')], other);
  t.deepEqual(
    few.map(({ theme, keywords, mentions }) => [theme, keywords, mentions]),
    [['limits', ['limits', 'rate limits'], 7]],
  );
});

test('the window before knows phrases of a word that is no term by itself', (t) => {
  for (const title of ['ios 7', '7 ios', 'vitamin c', 'gpt 5']) {
    const risen = topics(times(3, title), [post(title, 1.5), ...times(20, 'weather', 1.5)]);
    t.like(risen[0], { theme: title, mentions: 3, baseline: 1, is_new: false });
    t.deepEqual(themes(topics(times(3, title), times(3, title, 1.5))), [], 'no rise');
  }
});

test('a word that is mentioned twice in a title is one mention', (t) => {
  const [topic] = topics([...times(2, 'price, price'), post('price')]);
  t.like(topic, { theme: 'price', mentions: 3 });
});

test('posts at the edges of both windows', (t) => {
  const posts = [...times(3, 'outage', 1), ...times(3, 'price', 0), ...times(3, 'agent', 1.0001)];
  const before = [...times(3, 'outage', 1), ...times(3, 'agent', 2), ...times(3, 'late', 2.0001)];
  const found = topics(posts, [...before, ...times(9, 'weather', 1.5)]);
  t.deepEqual(
    found.map(({ theme, baseline }) => [theme, baseline]),
    [['outage', 0]],
  );
});

test('what is asked for is the beginning of one list, of at most a hundred', (t) => {
  const posts = Array.from({ length: 150 }, (_, n) => times(3 + (n % 7), `theme${n}`)).flat();
  const all = topics(posts, times(50, 'weather', 1.5));
  t.is(all.length, 100);
  t.true(all.every(({ mentions }, n) => n === 0 || mentions <= (all[n - 1]?.mentions ?? 0)));
  t.deepEqual(topics(posts, times(50, 'weather', 1.5), 7), all.slice(0, 7));
});

test('of thousands of terms the best thousand are looked at, the same ones every time', (t) => {
  const posts = Array.from({ length: 3000 }, (_, n) => times(3, `theme${n} alike${n}`)).flat();
  posts.push(...times(50, 'outage'));
  let reads = 0;
  const titles = new Map(posts.map(({ id, title }) => [id, title]));
  const ask = (given: TitledPost[]) =>
    toEnd(
      topicsOf([columnsOf(given)], [columnsOf([post('weather', 1.5)])], {
        window: { fromMs: END_MS - HOUR_MS, toMs: END_MS },
        baseline: { fromMs: END_MS - 2 * HOUR_MS, toMs: END_MS - HOUR_MS },
        ...{ names: NO_NAMES, limit: 100 },
        titleOf: (id) => {
          reads += 1;
          return titles.get(id);
        },
      }),
    );
  const found = ask(posts);
  t.is(found[0]?.theme, 'outage');
  t.is(found.length, 100);
  t.true(reads <= 1000);
  t.deepEqual(themes(ask(posts.toReversed())).sort(), themes(found).sort());
});

test('a title that is gone or other than its words leaves its terms out', (t) => {
  const posts = [...times(3, 'outage'), ...times(3, 'price')];
  const question = {
    window: { fromMs: END_MS - HOUR_MS, toMs: END_MS },
    baseline: { fromMs: END_MS - 2 * HOUR_MS, toMs: END_MS - HOUR_MS },
    ...{ names: NO_NAMES, limit: 100 },
  };
  const ask = (titleOf: (id: string) => string | undefined) =>
    themes(toEnd(topicsOf([columnsOf(posts)], [], { ...question, titleOf })));
  t.deepEqual(
    ask(() => undefined),
    [],
  );
  t.deepEqual(
    ask(() => 'price'),
    ['price'],
  );
});

test('a step for each set of columns, and for each thousand posts wherever those are gone through', (t) => {
  let scans = 0;
  const counted = (posts: TitledPost[]) => {
    const columns = columnsOf(posts);
    const seen = () => {
      scans = 1;
      return columns.posts;
    };
    return Object.defineProperty({ ...columns }, 'posts', { get: seen });
  };
  const sets = Array.from({ length: 40 }, () => counted(times(100, 'outage of the large model')));
  const before = Array.from({ length: 7 }, () => counted(times(10, 'outage', 1.5)));
  const steps = topicsOf(sets, before, {
    window: { fromMs: END_MS - HOUR_MS, toMs: END_MS },
    baseline: { fromMs: END_MS - 2 * HOUR_MS, toMs: END_MS - HOUR_MS },
    ...{ names: NO_NAMES, limit: 100, titleOf: () => 'outage of the large model' },
  });
  let [all, scanning] = [0, 0];
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    all += 1;
    scanning += scans;
    scans = 0;
  }
  t.is(scanning, 47);
  t.true(all >= 47 + 2 * 4);
  t.true(step.value.length > 0);
});
