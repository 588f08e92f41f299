import { existsSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { LABELS, type Label, SCORE_UNIT } from '../../src/domain/item.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { normalise, withoutAddresses } from '../../src/scorer/normalise.js';
import { readRows } from '../support/shared-data.js';

const scorer = createLexiconScorer();

const labelled: [text: string, label: Label][] = [
  ['I love this editor, it is amazing', 'positive'],
  ['This update is terrible and broke everything', 'negative'],
  ['The release is on Tuesday', 'neutral'],
  ['not good', 'negative'],
  ['not very good', 'negative'],
  ['I don’t like it', 'negative'],
  ['the constructor is awesome', 'positive'],
  ['toString good', 'positive'],
  ['great🎉tool', 'positive'],
  ['[awesome plugin](https://example.com/terrible-bad-awful)', 'positive'],
];
for (const [text, label] of labelled) {
  test(`“${text}” is ${label}`, (t) => {
    t.is(scorer.score(text).label, label);
  });
}

const silent: [name: string, text: string][] = [
  ['nothing', ''],
  ['white space', ' \n\t '],
  ['fenced code', '```\nthrow new TerribleError("bad")\n```'],
  ['an unclosed fence', '~~~\nawful bad terrible'],
  ['indented code', '    kill all bad'],
  ['inline code', '`kill -9`'],
  ['a quote', '> this is terrible\n> and awful'],
  ['a quote from an answer without raw_json', '&gt; this is terrible'],
  ['an address', 'https://example.com/love-this-great-thing'],
];
for (const [name, text] of silent) {
  test(`${name} is neutral with confidence 0`, (t) => {
    t.like(scorer.score(text), { label: 'neutral', score: 0, confidence: 0 });
  });
}

test('only the quoted and fenced lines are dropped', (t) => {
  const text = '> awful\n\nI love it\n\n```\nbad\n```\nreally `kill` great';
  t.is(normalise(text), 'I love it really great');
});

test('any text gives a score in range, on the grid, with the label of its sign', (t) => {
  const words = fc.constantFrom('good', 'bad', 'not', 'constructor', '__proto__', '```', '>', '\0');
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.array(words, { maxLength: 50 }).map((list) => list.join(' ')),
    fc.array(words, { maxLength: 50 }).map((list) => list.join('\n')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const { label, score, confidence } = scorer.score(text);
      t.true(LABELS.includes(label));
      t.true(score >= -1 && score <= 1 && Number.isInteger(Math.round(score * SCORE_UNIT)));
      t.is(Math.round(score * SCORE_UNIT) / SCORE_UNIT, score);
      t.true(confidence >= 0 && confidence <= 1);
      t.is(label, score > 0 ? 'positive' : score < 0 ? 'negative' : 'neutral');
    }),
  );
});

test('a megabyte of anything is scored without hanging', (t) => {
  for (const unit of ['[', '](', '`', '> ', 'good ', '&amp;', 'a'.repeat(100), '\n', '😀']) {
    t.notThrows(() => scorer.score(unit.repeat(1_000_000 / unit.length)));
  }
});

const dev = '../shared/data/sentiment/goemotions3_dev.ndjson.gz';
const onLabels = existsSync(dev) ? test : test.skip;
onLabels(
  'macro-F1 on GoEmotions dev is that of the plain lexicon or better (skips without ../shared)',
  (t) => {
    const rows = readRows<{ text: string; label: Label }>(dev).map(({ text, label }) => ({
      said: scorer.score(text).label,
      label,
    }));
    const f1 = LABELS.map((label) => {
      const right = rows.filter((row) => row.said === label && row.label === label).length;
      const named = rows.filter((row) => row.said === label).length;
      const there = rows.filter((row) => row.label === label).length;
      return (2 * right) / (named + there);
    });
    const macro = f1.reduce((sum, value) => sum + value, 0) / f1.length;
    t.log(`macro-F1 ${macro.toFixed(3)}`);
    t.true(macro >= 0.628);
  },
);

const train = '../shared/data/sentiment/goemotions3_train.ndjson.gz';
const onTraining = existsSync(train) ? test : test.skip;
onTraining(
  'each confidence is the share of right labels it claims (skips without ../shared)',
  (t) => {
    const tally = new Map<number, { right: number; all: number }>();
    for (const { text, label } of readRows<{ text: string; label: Label }>(train)) {
      const said = scorer.score(text);
      if (said.confidence === 0) continue; // no text left: a statement of ignorance
      const seen = tally.get(said.confidence) ?? { right: 0, all: 0 };
      seen.all += 1;
      if (said.label === label) seen.right += 1;
      tally.set(said.confidence, seen);
    }
    t.true(tally.size >= 7);
    for (const [confidence, { right, all }] of tally) {
      t.log(`${confidence}: ${(right / all).toFixed(3)} of ${all}`);
      t.true(Math.abs(right / all - confidence) < 0.03, `${confidence}`);
    }
  },
);

test('addresses go as their pattern says, though no pattern is tried at every bracket', (t) => {
  const pattern = /\]\([^)\s]{0,2000}\)/g;
  const parts = fc.constantFrom('](', ')', '[a', ' ', 'b', 'x'.repeat(1999), 'yy', '\n', ']', '(');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), (list) => {
      const text = list.join('');
      t.is(withoutAddresses(text), text.replace(pattern, '] '));
    }),
    { numRuns: 2000 },
  );
});
