import { LABELS, type NewPost } from '../../src/domain/item.js';
import type { Topic } from '../../src/domain/topic.js';
import type { TrendingQuery } from '../../src/store/store.js';
import { namesOf } from '../../src/trending/names.js';
import { termsOf } from '../../src/trending/terms.js';

/**
 * The topics of a question as the documents define them, straight from the posts: sets of posts
 * and texts, no hash, no blob, no bound on candidates. Shares `termsOf` with the product, and
 * nothing else. `id` is left out.
 */
export function naiveTopics(posts: readonly NewPost[], query: TrendingQuery): Omit<Topic, 'id'>[] {
  const own = posts.filter(
    ({ subreddit, excluded }) =>
      excluded === null &&
      (query.subreddit === undefined || subreddit.toLowerCase() === query.subreddit.toLowerCase()),
  );
  const within = ({ from, to }: { from: string; to: string }) =>
    own.filter(({ created_utc }) => created_utc >= from && created_utc < to);
  const now = within(query.window);
  const before = within(query.baseline);
  const names = namesOf(query.names);
  const inWindow = mentionsOf(now, names);
  const inBaseline = mentionsOf(before, names);

  const terms: NaiveTerm[] = [];
  for (const [text, those] of inWindow) {
    const baseline = inBaseline.get(text)?.length ?? 0;
    const risen = before.length === 0 || those.length * before.length > baseline * now.length;
    if (those.length < 3 || !risen) continue;
    const score = surprise(those.length, now.length, baseline, before.length);
    terms.push({ text, posts: those, baseline, score });
  }
  return grouped(terms)
    .slice(0, query.limit)
    .map(({ theme, keywords }) => topicOf(theme, keywords, Date.parse(query.window.to)));
}

interface NaiveTerm {
  text: string;
  posts: NewPost[];
  baseline: number;
  score: number;
}

function mentionsOf(posts: readonly NewPost[], names: ReturnType<typeof namesOf>) {
  const found = new Map<string, NewPost[]>();
  for (const post of posts) {
    for (const term of termsOf(post.title, names)) {
      found.set(term, [...(found.get(term) ?? []), post]);
    }
  }
  return found;
}

/** 2 Σ observed × ln(observed / expected) over mentioning or not × window or baseline. */
function surprise(a: number, ofA: number, b: number, ofB: number): number {
  if (ofB === 0) return 0;
  const all = ofA + ofB;
  const table = [
    [a, (ofA * (a + b)) / all],
    [b, (ofB * (a + b)) / all],
    [ofA - a, (ofA * (all - a - b)) / all],
    [ofB - b, (ofB * (all - a - b)) / all],
  ] as const;
  const sum = table.reduce(
    (total, [o, e]) => total + (o > 0 ? o * (Math.log(o) - Math.log(e)) : 0),
    0,
  );
  return 2 * sum;
}

/** Differences below what six decimals show are none. */
function byRank(a: NaiveTerm, b: NaiveTerm): number {
  const [left, right] = [Math.round(a.score * 1e6), Math.round(b.score * 1e6)];
  if (left !== right) return right - left;
  if (a.posts.length !== b.posts.length) return b.posts.length - a.posts.length;
  return a.text < b.text ? -1 : 1;
}

function grouped(terms: NaiveTerm[]): { theme: NaiveTerm; keywords: string[] }[] {
  const waiting = [...terms].sort(byRank);
  const groups: { theme: NaiveTerm; keywords: string[] }[] = [];
  while (waiting.length > 0) {
    const first = waiting[0] as NaiveTerm;
    const phrase = waiting.findIndex(
      ({ text, posts }) =>
        text.includes(' ') &&
        text.split(' ').includes(first.text) &&
        posts.length >= first.posts.length / 2,
    );
    const [term] = waiting.splice(Math.max(0, phrase), 1) as [NaiveTerm];
    const home = groups.find(({ theme }) => {
      const shared = term.posts.filter((post) => theme.posts.includes(post)).length;
      return shared >= term.posts.length / 2;
    });
    if (home === undefined) {
      if (groups.length < 100) groups.push({ theme: term, keywords: [term.text] });
    } else if (
      home.keywords.length < 5 &&
      !home.keywords.some((keyword) => keyword.split(' ').includes(term.text))
    ) {
      home.keywords.push(term.text);
    }
  }
  return groups;
}

function topicOf({ text, posts, baseline }: NaiveTerm, keywords: string[], endMs: number) {
  const velocities = posts
    .map(({ id, created_utc, upvotes, comment_count }) => {
      const age = Math.max((endMs - Date.parse(created_utc)) / 3_600_000, 1);
      const boost = age < 6 ? 1.5 : age < 12 ? 1.2 : 1;
      return { id, velocity: ((upvotes + 3 * comment_count) / age) * boost };
    })
    .sort((a, b) => (a.velocity === b.velocity ? (a.id < b.id ? -1 : 1) : b.velocity - a.velocity));
  const hours = posts.map(({ created_utc }) => created_utc.slice(0, 13)).sort();
  const most = Math.max(...hours.map((hour) => hours.filter((other) => other === hour).length));
  const peak = hours.find((hour) => hours.filter((other) => other === hour).length === most);
  const labels = LABELS.map(
    (label) => [label, posts.filter(({ sentiment }) => sentiment.label === label).length] as const,
  );
  return {
    post_ids: velocities.slice(0, 10).map(({ id }) => id),
    theme: text,
    keywords,
    engagement_velocity:
      Math.round(velocities.reduce((sum, { velocity }) => sum + velocity, 0) * 100) / 100,
    sentiment_distribution: Object.fromEntries(labels) as Topic['sentiment_distribution'],
    peak_time: `${peak}:00:00.000Z`,
    created_at: posts.map(({ created_utc }) => created_utc).sort()[0] ?? '',
    mentions: posts.length,
    baseline,
    is_new: baseline === 0,
  };
}
