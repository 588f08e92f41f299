import type { Label } from '../domain/item.js';
import type { Topic } from '../domain/topic.js';
import { floorToHour, isoTime, type Window } from '../domain/window.js';
import { commentsOf, createdMs, labelOf, type PostColumns, upvotesOf } from './columns.js';
import { type Group, groupsOf, type Term } from './grouping.js';
import { hashOf, hexOf } from './hash.js';
import type { Names } from './names.js';
import { type Candidate, candidatesOf, type Totals } from './rank.js';
import { eachPost, hashedTermsOf, postScanner, type ScanPost } from './scan.js';
import type { Steps } from './steps.js';
import { sketchOf, TermCounts } from './term-counts.js';
import { TermIndex } from './term-index.js';
import { velocityOf } from './velocity.js';
import { type Place, type WindowTerms, windowTermsOf } from './window-terms.js';

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
/** A millisecond or two. */
const POSTS_A_STEP = 1000;
const TITLES_A_STEP = 100;

/**
 * What is talked about more than in the window before, best first. `posts` hold at least the
 * posts of the window, `before` at least those of the baseline; others are left out here.
 * Neither may change before the last step.
 */
export function* topicsOf(
  posts: readonly PostColumns[],
  before: Iterable<PostColumns>,
  question: TopicsQuestion,
): Steps<Topic[]> {
  const scan = postScanner(question.names);
  const terms = yield* windowTermsOf(posts, question.window, scan);
  const { counts, entries, totals } = yield* countTerms(terms, before, question.baseline, scan);
  const candidates = candidatesOf(counts, totals);
  yield;
  const found = yield* withPosts(candidates, terms, entries, counts.size);
  const texts = yield* withTexts(found, terms.places, question);
  const groups = yield* groupsOf(texts);
  const topics: Topic[] = [];
  for (const group of groups.slice(0, question.limit)) {
    yield;
    topics.push(describe(group, terms.places, question));
  }
  return topics;
}

interface Counted {
  counts: TermCounts;
  totals: Totals;
  /** Of each term of the window, its entry in the counts; −1: too rare for one. */
  entries: Int32Array;
}

function* countTerms(
  { places, ends, lo, hi }: WindowTerms,
  before: Iterable<PostColumns>,
  baseline: Window,
  scan: ScanPost,
): Steps<Counted> {
  const isFrequent = yield* sketchOf(lo);
  const counts = new TermCounts();
  const totals = { window: places.length, baseline: 0 };
  const entries = new Int32Array(lo.length).fill(-1);
  for (let post = 0, at = 0; post < ends.length; post += 1) {
    if (post % POSTS_A_STEP === 0) yield;
    for (const end = ends[post] as number; at < end; at += 1) {
      const termLo = lo[at] as number;
      if (isFrequent(termLo)) entries[at] = counts.mention(termLo, hi[at] as number, post + 1);
    }
  }
  let number = totals.window;
  const mentionBefore = (termLo: number, termHi: number) => {
    if (isFrequent(termLo)) counts.mentionBefore(termLo, termHi, number);
  };
  for (const columns of before) {
    eachPost(columns, baseline, (post) => {
      totals.baseline += 1;
      number += 1;
      scan(columns, post, mentionBefore, isFrequent);
    });
    yield;
  }
  return { counts, totals, entries };
}

type WithPosts = Candidate & { posts: number[] };

function* withPosts(
  candidates: readonly Candidate[],
  { ends }: WindowTerms,
  entries: Int32Array,
  size: number,
): Steps<WithPosts[]> {
  const found = candidates.map((candidate) => ({ ...candidate, posts: [] as number[] }));
  const placeOf = new Int32Array(size).fill(-1);
  for (const [at, { entry }] of candidates.entries()) placeOf[entry] = at;
  for (let post = 0, at = 0; post < ends.length; post += 1) {
    if (post % POSTS_A_STEP === 0) yield;
    for (const end = ends[post] as number; at < end; at += 1) {
      const entry = entries[at] as number;
      const place = entry < 0 ? -1 : (placeOf[entry] as number);
      if (place < 0) continue;
      const posts = (found[place] as WithPosts).posts;
      if (posts[posts.length - 1] !== post) posts.push(post);
    }
  }
  return found;
}

/** Reads one title for each candidate that no title before has given a text. */
function* withTexts(
  candidates: readonly WithPosts[],
  places: readonly Place[],
  { names, titleOf }: TopicsQuestion,
): Steps<Term[]> {
  const index = new TermIndex();
  for (const { lo, hi } of candidates) index.findOrAdd(lo, hi);
  const texts: string[] = [];
  const found: Term[] = [];
  for (const [at, candidate] of candidates.entries()) {
    if (at % TITLES_A_STEP === 0) yield;
    const place = places[candidate.posts[0] ?? -1];
    if (texts[at] === undefined && place !== undefined) {
      for (const [term, { lo, hi }] of hashedTermsOf(titleOf(idOf(place)) ?? '', names)) {
        const known = index.find(lo, hi);
        if (known >= 0) texts[known] = term;
      }
    }
    const text = texts[at];
    if (text !== undefined) found.push({ ...candidate, text });
  }
  return found;
}

function describe(
  { theme, keywords }: Group,
  places: readonly Place[],
  question: TopicsQuestion,
): Topic {
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
  const created = createdMs(columns, post);
  const facts = { createdMs: created, upvotes: upvotesOf(columns, post) };
  return {
    id: idOf(place),
    createdMs: created,
    label: labelOf(columns, post),
    velocity: velocityOf({ ...facts, comments: commentsOf(columns, post) }, endMs),
  };
}

/** Start of the hour with most of the times; the earliest of several. */
function peakHourMs(times: readonly number[]): number {
  const hours = new Map<number, number>();
  for (const time of times) {
    const hour = floorToHour(time);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  const [first] = [...hours].sort(([a, m], [b, n]) => n - m || a - b);
  return first?.[0] ?? 0;
}
