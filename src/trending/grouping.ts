import type { Candidate } from './rank.js';
import type { Steps } from './steps.js';

/** A candidate with its text and the window's posts that mention it, ascending. */
export interface Term extends Candidate {
  text: string;
  posts: readonly number[];
}

export interface Group {
  theme: Term;
  /** The theme first. */
  keywords: string[];
}

/** As many as can be asked for; so what is asked for is always the beginning of the same list. */
const MAX_GROUPS = 100;
const MAX_KEYWORDS = 5;

/**
 * Terms that stand for the same posts become one group. In the order of rank (score, mentions,
 * text) each term is absorbed by the best group that has at least half of its posts, and founds a
 * group of its own otherwise. A phrase that has at least half of the posts of one of its words
 * comes before that word, as it says more.
 */
export function* groupsOf(terms: readonly Term[]): Steps<Group[]> {
  const ranked = [...terms].sort(
    (a, b) => b.score - a.score || b.mentions - a.mentions || (a.text < b.text ? -1 : 1),
  );
  const groups: Group[] = [];
  const groupsOfPost = new Map<number, number[]>();
  for (const term of phrasesFirst(ranked)) {
    yield;
    const home = groups[mostOf(term, groupsOfPost)];
    if (home !== undefined) addKeyword(home, term.text);
    else if (groups.length < MAX_GROUPS) {
      for (const post of term.posts) {
        const those = groupsOfPost.get(post);
        if (those === undefined) groupsOfPost.set(post, [groups.length]);
        else those.push(groups.length);
      }
      groups.push({ theme: term, keywords: [term.text] });
    }
  }
  return groups;
}

function* phrasesFirst(ranked: readonly Term[]): Iterable<Term> {
  const phrasesWith = new Map<string, Term[]>();
  for (const term of ranked) {
    const words = term.text.split(' ');
    if (words.length < 2) continue;
    for (const word of new Set(words)) {
      phrasesWith.set(word, [...(phrasesWith.get(word) ?? []), term]);
    }
  }
  const done = new Set<Term>();
  for (const term of ranked) {
    for (const phrase of phrasesWith.get(term.text) ?? []) {
      if (done.has(phrase) || 2 * phrase.mentions < term.mentions) continue;
      done.add(phrase);
      yield phrase;
    }
    if (!done.has(term)) yield term;
    done.add(term);
  }
}

/** The first group that has at least half of the term's posts; -1 when none has. */
function mostOf({ posts }: Term, groupsOfPost: ReadonlyMap<number, readonly number[]>): number {
  const shared = new Map<number, number>();
  for (const post of posts) {
    for (const group of groupsOfPost.get(post) ?? []) {
      shared.set(group, (shared.get(group) ?? 0) + 1);
    }
  }
  let first = -1;
  for (const [group, count] of shared) {
    if (2 * count >= posts.length && (first < 0 || group < first)) first = group;
  }
  return first;
}

/** A word that a phrase among the keywords holds already would say nothing new. */
function addKeyword({ keywords }: Group, text: string): void {
  if (keywords.length === MAX_KEYWORDS) return;
  if (!keywords.some((keyword) => keyword.split(' ').includes(text))) keywords.push(text);
}
