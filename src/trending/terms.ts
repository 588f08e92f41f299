import { type Names, NO_NAMES } from './names.js';
import { STOP_WORDS } from './stop-words.js';

/**
 * Moves with every change of what `wordsOf` answers or of how words are hashed: what was stored
 * under another version is not used.
 */
export const TERMS_VERSION = 1;

/** A word of a title that is no stop word. */
export interface Word {
  /** NFKC, lower case. */
  text: string;
  /** Stands directly after the kept word before it: the two are a phrase. */
  follows: boolean;
  /** May be a term by itself; numbers and single letters may only be part of a phrase. */
  alone: boolean;
}

/** Reddit's titles end at 300; of longer text, which only a dump can hold, the start counts. */
const MAX_TITLE_LENGTH = 1000;
const MAX_WORD_LENGTH = 40;
export const MAX_WORDS = 64;

/** Addresses, mentions of users and of subreddits, entities that were escaped once too often. */
const NO_TEXT =
  /(?:https?:\/\/|www\.)\S*|(?<![\p{L}\p{N}])\/?[ru]\/[\w-]+|&(?:amp|lt|gt|quot|#\d{1,7}|#x[\da-f]{1,6});/giu;
/**
 * Letters, marks and digits; inside a word also ' . - _ & and +, at its end + or # (don't,
 * node.js, gpt-4, r&d, c++17, c#). Every part begins with another kind of character than the one
 * before may hold, so matching is linear.
 */
const WORD =
  /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:(?:['.\-_&]|\+\+?)[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*(?:\+\+?(?![\p{L}\p{N}+])|#(?![\p{L}\p{N}#]))?/gu;
/** Most titles need no more than this look. */
const MAY_HOLD_NO_TEXT = /[/&]|www\./i;
const ASCII = /^[\t-\r -~]*$/;
const HAS_LETTER = /\p{L}/u;
const ONLY_SPACE = /^\s*$/;

/** The words of a title in order, stop words left out; bounded whatever the title is. */
export function wordsOf(title: string): Word[] {
  const text = plain(title);
  const words: Word[] = [];
  let endOfKept = -1; // of the word before, if it was kept
  for (const match of text.matchAll(WORD)) {
    const word = match[0].replace(/'s$/, '');
    if (word.length > MAX_WORD_LENGTH || STOP_WORDS.has(match[0]) || STOP_WORDS.has(word)) {
      endOfKept = -1;
      continue;
    }
    if (words.length === MAX_WORDS) break;
    words.push({
      text: word,
      follows: endOfKept >= 0 && ONLY_SPACE.test(text.slice(endOfKept, match.index)),
      alone: [...word.slice(0, 3)].length > 1 && HAS_LETTER.test(word),
    });
    endOfKept = match.index + match[0].length;
  }
  return words;
}

/** One spelling for what looks the same. What is cut out leaves a bar, which no phrase spans. */
function plain(title: string): string {
  const start = title.slice(0, MAX_TITLE_LENGTH);
  const text = MAY_HOLD_NO_TEXT.test(start) ? start.replace(NO_TEXT, ' | ') : start;
  if (ASCII.test(text)) return text.replaceAll('`', "'").toLowerCase();
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '') // joiners and changes of direction are invisible
    .replace(/[’‘ʼ`´]/g, "'")
    .replace(/[‐‑]/g, '-')
    .toLowerCase();
}

/**
 * The terms of a title, each once: its words and its phrases of two adjacent words, without the
 * names of subreddits and the phrases that hold one.
 */
export function termsOf(title: string, names: Names = NO_NAMES): string[] {
  const words = wordsOf(title);
  const named = words.map(({ text }) => names.words.has(text));
  for (const [at, word] of words.entries()) {
    const before = words[at - 1];
    if (before === undefined || !word.follows) continue;
    if (names.pairs.has(`${before.text} ${word.text}`)) named[at - 1] = named[at] = true;
  }
  const terms = new Set<string>();
  for (const [at, word] of words.entries()) {
    if (named[at]) continue;
    if (word.alone) terms.add(word.text);
    const before = words[at - 1];
    if (before === undefined || !word.follows || named[at - 1]) continue;
    if (word.alone || before.alone) terms.add(`${before.text} ${word.text}`);
  }
  return [...terms];
}
