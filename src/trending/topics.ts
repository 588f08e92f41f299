import { LABELS, type Label } from '../domain/item.js';
import type { Topic } from '../domain/topic.js';
import { HOUR_MS, isoTime, type Window } from '../domain/window.js';
import type { PostColumns } from './columns.js';
import { type Group, groupsOf, type Term } from './grouping.js';
import { hashOf, hexOf } from './hash.js';
import type { Names } from './names.js';
import { type Candidate, candidatesOf, type Totals } from './rank.js';
import { eachPost, hashOfTerm, postScanner, type ScanPost } from './scan.js';
import { Sketch, TermCounts } from './term-counts.js';
import { termsOf } from './terms.js';
import { velocityOf } from './velocity.js';

export interface TopicsQuestion {
  /** Half-open, by creation. */
  window: Window;
  baseline: Window;
  /** Whose names are no themes. */
  names: Names;
  /** The one asked for; undefined: all together. */
  subreddit?: string;
  limit: number;
  /** Of a post of the window. Hashes cannot be read back: a theme's text comes from a title. */
  titleOf: (id: string) => string | undefined;
}

const MAX_POST_IDS = 10;

/**
 * What is talked about more than in the window before, best first. `posts` hold at least the
 * posts of the window, `before` at least those of the baseline; others are left out here.
 */
export function topicsOf(
  posts: readonly PostColumns[],
  before: Iterable<PostColumns>,
  question: TopicsQuestion,
): Topic[] {
  const scan = postScanner(question.names);
  const { counts, totals, sketch } = countTerms(posts, before, question, scan);
  const candidates = candidatesOf(counts, totals);
  const found = postsOf(candidates, counts, sketch, posts, question.window, scan);
  const terms = withTexts(candidates, found, question);
  return groupsOf(terms)
    .slice(0, question.limit)
    .map((group) => describe(group, found.places, question));
}

/** A post of the window: columns and the place in them. */
type Place = readonly [columns: PostColumns, post: number];

function countTerms(
  posts: readonly PostColumns[],
  before: Iterable<PostColumns>,
  { window, baseline }: TopicsQuestion,
  scan: ScanPost,
): { counts: TermCounts; totals: Totals; sketch: Sketch } {
  // Two numbers a word, and at most two terms.
  const sketch = new Sketch(posts.reduce((sum, { words }) => sum + words.length, 0));
  const counts = new TermCounts();
  const totals = { window: 0, baseline: 0 };
  let number = 0;
  const note = (lo: number) => sketch.note(lo);
  const mention = (lo: number, hi: number) => {
    if (sketch.isFrequent(lo)) counts.mention(lo, hi, number);
  };
  const mentionBefore = (lo: number, hi: number) => {
    if (sketch.isFrequent(lo)) counts.mentionBefore(lo, hi, number);
  };
  for (const columns of posts) eachPost(columns, window, (post) => scan(columns, post, note));
  for (const columns of posts) {
    eachPost(columns, window, (post) => {
      totals.window += 1;
      number += 1;
      scan(columns, post, mention);
    });
  }
  for (const columns of before) {
    eachPost(columns, baseline, (post) => {
      totals.baseline += 1;
      number += 1;
      scan(columns, post, mentionBefore);
    });
  }
  return { counts, totals, sketch };
}

interface Found {
  /** The window's posts in order of their numbers. */
  places: Place[];
  /** The numbers of each candidate's posts. */
  postings: number[][];
}

function postsOf(
  candidates: readonly Candidate[],
  counts: TermCounts,
  sketch: Sketch,
  posts: readonly PostColumns[],
  window: Window,
  scan: ScanPost,
): Found {
  const candidateOf = new Int32Array(counts.size).fill(-1);
  for (const [at, { lo, hi }] of candidates.entries()) candidateOf[counts.find(lo, hi)] = at;
  const places: Place[] = [];
  const postings: number[][] = candidates.map(() => []);
  const visit = (lo: number, hi: number) => {
    if (!sketch.isFrequent(lo)) return;
    const list = postings[candidateOf[counts.find(lo, hi)] ?? -1];
    const number = places.length - 1;
    if (list !== undefined && list.at(-1) !== number) list.push(number);
  };
  for (const columns of posts) {
    eachPost(columns, window, (post) => {
      places.push([columns, post]);
      scan(columns, post, visit);
    });
  }
  return { places, postings };
}

/** Reads one title for each candidate that no title before has given a text. */
function withTexts(
  candidates: readonly Candidate[],
  { places, postings }: Found,
  { names, titleOf }: TopicsQuestion,
): Term[] {
  const texts = new Map<string, string>();
  return candidates.flatMap((candidate, at) => {
    const posts = postings[at] ?? [];
    const place = places[posts[0] ?? -1];
    const key = hexOf(candidate);
    if (!texts.has(key) && place !== undefined) {
      for (const term of termsOf(titleOf(idOf(place)) ?? '', names)) {
        texts.set(hexOf(hashOfTerm(term)), term);
      }
    }
    const text = texts.get(key);
    return text === undefined ? [] : [{ ...candidate, text, posts }];
  });
}

function describe({ theme, keywords }: Group, places: Place[], question: TopicsQuestion): Topic {
  const endMs = question.window.toMs;
  const posts = theme.posts
    .map((number) => factsOf(places[number] as Place, endMs))
    .sort((a, b) => b.velocity - a.velocity || (a.id < b.id ? -1 : 1));
  const labels: Record<Label, number> = { positive: 0, negative: 0, neutral: 0 };
  for (const { label } of posts) labels[label] += 1;
  const velocity = posts.reduce((sum, post) => sum + post.velocity, 0);
  const scope = question.subreddit?.toLowerCase() ?? 'all';
  return {
    id: hexOf(hashOf(`${scope} ${theme.text}`)),
    post_ids: posts.slice(0, MAX_POST_IDS).map(({ id }) => id),
    theme: theme.text,
    keywords,
    engagement_velocity: Math.round(velocity * 100) / 100,
    sentiment_distribution: labels,
    peak_time: isoTime(peakHourMs(posts.map(({ createdMs }) => createdMs))),
    created_at: isoTime(posts.reduce((first, { createdMs }) => Math.min(first, createdMs), endMs)),
    mentions: theme.mentions,
    baseline: theme.baseline,
    is_new: theme.baseline === 0,
  };
}

function idOf([columns, post]: Place): string {
  return columns.ids()[post] ?? '';
}

function factsOf(place: Place, endMs: number) {
  const [columns, post] = place;
  const createdMs = columns.created[post] as number;
  const upvotes = columns.upvotes[post] as number;
  const comments = columns.comments[post] as number;
  return {
    id: idOf(place),
    createdMs,
    label: LABELS[columns.labels[post] as number] as Label,
    velocity: velocityOf({ createdMs, upvotes, comments }, endMs),
  };
}

/** Start of the hour with most of the times; the earliest of several. */
function peakHourMs(times: readonly number[]): number {
  const hours = new Map<number, number>();
  for (const time of times) {
    const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  const [first] = [...hours].sort(([a, m], [b, n]) => n - m || a - b);
  return first?.[0] ?? 0;
}
