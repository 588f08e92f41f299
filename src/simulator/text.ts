import { type Random, randomFrom } from './random.js';
import {
  CODE_BLOCKS,
  EDIT_NOTES,
  EMOJI,
  MOODS,
  QUOTES,
  RIGHT_TO_LEFT,
  SENTENCES,
  TASKS,
  TITLES,
  TOOLS,
} from './sentences.js';

/**
 * Texts are functions of a seed, so a world keeps four bytes for each instead of the text.
 */
export function writeTitle(seed: number): string {
  const random = randomFrom(seed);
  const title = filled(random.pick(TITLES[random.pick(MOODS)]), random);
  const capital = title.charAt(0).toUpperCase() + title.slice(1);
  return random.chance(0.06) ? `${capital} ${random.pick(EMOJI)}` : capital;
}

/** The body of a self post; some have none. Has the mood of the title of the same seed. */
export function writePostBody(seed: number): string {
  const random = randomFrom(seed);
  const mood = SENTENCES[random.pick(MOODS)];
  if (random.chance(0.12)) return '';
  if (random.chance(0.04)) return written(mood, 40 + random.integer(60), random);
  return written(mood, 2 + random.integer(5), random);
}

export function writeComment(seed: number): string {
  const random = randomFrom(seed);
  const mood = SENTENCES[random.pick(MOODS)];
  const sentences = random.chance(0.015) ? 30 + random.integer(40) : 1 + random.integer(3);
  return written(mood, sentences, random);
}

/** Words for what is too short for a sentence. */
const SHORT = [
  'No.',
  'Yes!',
  'This.',
  'Thanks!',
  'Same here.',
  'Not for me.',
  'Works fine.',
] as const;

/** Sentences of one mood, nearly `characters` in all; none for 0. */
export function writeSentences(characters: number, random: Random): string {
  const mood = SENTENCES[random.pick(MOODS)];
  let text = '';
  for (let count = 0; text.length < characters; count += 1) {
    const sentence = filled(random.pick(mood), random);
    // Whichever is nearer: with this sentence, or without it.
    if (text !== '' && text.length + sentence.length / 2 > characters) break;
    if (text === '' && sentence.length / 2 > characters) return random.pick(SHORT);
    text += `${text === '' ? '' : count % 5 === 0 ? '\n\n' : ' '}${sentence}`;
  }
  return text;
}

/** What an edit makes of a text: usually a note below it, sometimes a new text. */
export function revised(text: string, seed: number): string {
  const random = randomFrom(seed);
  if (random.chance(0.25)) return `${writeComment(seed)} (edited)`;
  return `${text}\n\n${random.pick(EDIT_NOTES)}`.trimStart();
}

/** The last part of a post's permalink: its title in lower case, at most 50 characters. */
export function slugOf(title: string): string {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  return slug.slice(0, 50).replace(/^_+|_+$/g, '') || '_';
}

function written(mood: readonly string[], sentences: number, random: Random): string {
  const paragraphs: string[] = [];
  for (let left = sentences; left > 0; left -= 5) {
    const lines = Array.from({ length: Math.min(left, 5) }, () =>
      filled(random.pick(mood), random),
    );
    paragraphs.push(lines.join(' '));
  }
  return decorated(paragraphs, random).join('\n\n');
}

/** The markdown that a scorer has to look through, and the scripts that it has to survive. */
function decorated(paragraphs: string[], random: Random): string[] {
  const result = [...paragraphs];
  if (random.chance(0.1)) result.push(random.pick(CODE_BLOCKS));
  if (random.chance(0.09)) result.unshift(random.pick(QUOTES));
  if (random.chance(0.08)) {
    result.push(`See https://example.com/docs/${random.integer(900)}?tab=api&lang=en for more.`);
  }
  if (random.chance(0.03)) result.push(`[the release notes](https://example.org/notes)`);
  if (random.chance(0.12)) result.push(random.pick(EMOJI).repeat(1 + random.integer(3)));
  if (random.chance(0.02)) result.push(random.pick(RIGHT_TO_LEFT));
  return result;
}

function filled(sentence: string, random: Random): string {
  const text = sentence
    .replace('{tool}', () => random.pick(TOOLS))
    .replace('{task}', () => random.pick(TASKS));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const FIRST = 'Quiet Lazy Brave Curious Grumpy Async Static Lucky Tiny Remote'.split(' ');
const SECOND = 'Compiler Badger Kernel Otter Linter Falcon Socket Panda Cursor Mutex'.split(' ');

/** One of two thousand pseudonyms. */
export function writeAuthor(random: Random): string {
  return `${random.pick(FIRST)}${random.pick(SECOND)}${random.integer(20)}`;
}
