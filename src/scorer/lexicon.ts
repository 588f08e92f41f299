import { createRequire } from 'node:module';
import Sentiment from 'sentiment';
import { type Label, SCORE_UNIT } from '../domain/item.js';
import { normalise } from './normalise.js';
import type { Scorer } from './scorer.js';

const LANGUAGE = 'reddit';
const NEGATORS = new Set([
  ...['not', 'no', 'never', 'non', 'cannot', 'without', 'hardly', "can't", 'cant', "don't", 'dont'],
  ...["doesn't", 'doesnt', "won't", 'wont', "isn't", 'isnt', "wasn't", 'wasnt', "aren't", 'arent'],
  ...["didn't", 'didnt', "wouldn't", 'wouldnt', "shouldn't", 'shouldnt', "couldn't", 'couldnt'],
]);
/** How far before a word a negator still turns it: "not very good". */
const NEGATION_REACH = 2;
/** Word sums are squashed by x / √(x² + α): VADER's normalisation and constant (Hutto & Gilbert, 2014). */
const ALPHA = 15;
/** Scores closer to zero than this are neutral. */
const NEUTRAL_BELOW = 0.2;

/**
 * Confidence is a frequency: the share of right labels at that strength on GoEmotions'
 * training set (Demszky et al., ACL 2020, CC BY 4.0), measured with this scorer, rounded.
 */
const CONFIDENT_WITHOUT_KNOWN_WORDS = 0.7;
const CONFIDENT_WHEN_WORDS_CANCEL_OUT = 0.3;
const CONFIDENT_BY_STRENGTH: readonly (readonly [below: number, confidence: number])[] = [
  [0.4, 0.4],
  [0.6, 0.55],
  [0.7, 0.7],
  [0.8, 0.75],
  [0.9, 0.85],
  [Number.POSITIVE_INFINITY, 0.9],
];

const VERSION = 'lexicon-1';

/**
 * The `sentiment` package's engine and AFINN-165 lexicon, under a language of our own:
 * its English one turns signs after words like "constructor" and sees only the word
 * directly before. Registered once; nothing else in the process uses that language.
 */
export function createLexiconScorer(): Scorer {
  const require = createRequire(import.meta.url);
  const labels = require('sentiment/languages/en/labels.json') as Record<string, number>;
  const engine = new Sentiment();
  engine.registerLanguage(LANGUAGE, {
    labels: { ...labels },
    scoringStrategy: { apply: negated },
  });

  return {
    version: VERSION,
    score(text) {
      const words = normalise(text);
      if (words === '') return result('neutral', 0, 0);
      const { score: sum, words: known } = engine.analyze(words, { language: LANGUAGE });
      const score = Math.round((sum / Math.sqrt(sum * sum + ALPHA)) * SCORE_UNIT) / SCORE_UNIT;
      const label = labelOf(score);
      return result(label, score, confidenceOf(label, score, known.length));
    },
  };

  function result(label: Label, score: number, confidence: number) {
    return { label, score, confidence, method: 'lexicon', scorer_version: VERSION };
  }
}

function labelOf(score: number): Label {
  if (Math.abs(score) < NEUTRAL_BELOW) return 'neutral';
  return score > 0 ? 'positive' : 'negative';
}

function negated(tokens: string[], cursor: number, tokenScore: number): number {
  for (let back = 1; back <= NEGATION_REACH && back <= cursor; back += 1) {
    if (NEGATORS.has(tokens[cursor - back] ?? '')) return -tokenScore;
  }
  return tokenScore;
}

function confidenceOf(label: Label, score: number, knownWords: number): number {
  if (knownWords === 0) return CONFIDENT_WITHOUT_KNOWN_WORDS;
  if (label === 'neutral') return CONFIDENT_WHEN_WORDS_CANCEL_OUT;
  return CONFIDENT_BY_STRENGTH.find(([below]) => Math.abs(score) < below)?.[1] ?? 0;
}
