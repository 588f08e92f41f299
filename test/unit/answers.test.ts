import test from 'ava';
import { type Answers, createAnswers, type Outcome, type Question } from '../../src/answers.js';
import { AppError } from '../../src/errors.js';
import type { Revision } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';

const revisionOf = (data_version: number, opening = 'one'): Revision => ({ opening, data_version });
const stats: Question = { route: '/stats', parameters: ['all', 24], untilMs: 0 };

interface Stage {
  answers: Answers;
  clock: ManualClock;
  at: { revision: Revision | null };
  outcomes: Outcome[];
  computed: number;
  ask: (question?: Question) => Promise<string>;
}

function stage(maxBytes?: number): Stage {
  const clock = new ManualClock();
  const at: Stage['at'] = { revision: revisionOf(1) };
  const outcomes: Outcome[] = [];
  const answers = createAnswers({
    revision: async () => {
      if (at.revision === null) throw new AppError('store_unreachable', 'gone');
      return at.revision;
    },
    clock,
    onAnswer: (_, outcome) => outcomes.push(outcome),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  const it: Stage = {
    ...{ answers, clock, at, outcomes, computed: 0 },
    ask: async (question = stats) => {
      const { kept } = await answers.answer(question, async () => {
        it.computed += 1;
        return { body: `${question.route} ${it.computed}` };
      });
      return kept.body.toString();
    },
  };
  return it;
}

test('a question is computed anew when the data, the opening or the time moves, and else not', async (t) => {
  const it = stage();
  t.is(await it.ask(), '/stats 1');
  t.is(await it.ask(), '/stats 1');
  it.at.revision = revisionOf(2);
  t.is(await it.ask(), '/stats 2');
  it.at.revision = revisionOf(2, 'another');
  t.is(await it.ask(), '/stats 3');
  it.at.revision = revisionOf(1, 'a backup'); // may be older
  t.is(await it.ask(), '/stats 4');
  t.is(await it.ask({ ...stats, untilMs: 60_000 }), '/stats 5');
  t.is(await it.ask({ ...stats, untilMs: 60_000 }), '/stats 5');
  t.deepEqual(it.outcomes.filter((outcome) => outcome === 'hit').length, 2);
});

test('questions are told apart by route and by each parameter', async (t) => {
  const it = stage();
  const questions: Question[] = [
    stats,
    { ...stats, route: '/trends' },
    { ...stats, parameters: ['all', 25] },
    { ...stats, parameters: ['all', '24'] },
    { ...stats, parameters: ['all', null] },
    { ...stats, parameters: ['all,24'] },
  ];
  for (const question of questions) await it.ask(question);
  t.is(it.computed, questions.length);
});

test('whoever asks while an answer is computed gets that one', async (t) => {
  const it = stage();
  const both = await Promise.all([it.ask(), it.ask(), it.ask()]);
  t.deepEqual(both, ['/stats 1', '/stats 1', '/stats 1']);
  t.deepEqual(it.outcomes.sort(), ['computed', 'shared', 'shared']);
});

test('whoever asks after the data moved does not get what was begun before', async (t) => {
  const it = stage();
  let release = () => undefined as unknown;
  const slow = it.answers.answer(stats, async () => {
    await new Promise<void>((resolve) => (release = resolve));
    return { body: 'old' };
  });
  await Promise.resolve();
  it.at.revision = revisionOf(2);
  t.is(await it.ask(), '/stats 1');
  release();
  t.is((await slow).kept.body.toString(), 'old', 'who asked before gets what was true then');
  t.is(await it.ask(), '/stats 1', 'and it does not replace what is newer');
});

for (const code of [
  'store_unreachable',
  'store_timeout',
  'store_busy',
  'store_unusable',
] as const) {
  test(`${code} while computing: the last answer, with its age`, async (t) => {
    const it = stage();
    await it.ask();
    await it.clock.advance(5000);
    await it.ask(); // confirmed once more
    await it.clock.advance(90_000);
    it.at.revision = revisionOf(2);
    const fail = async () => {
      throw new AppError(code, 'gone');
    };
    const given = await it.answers.answer(stats, fail);
    t.deepEqual([given.outcome, given.staleMs], ['stale', 90_000]);
    t.is(given.kept.body.toString(), '/stats 1');
    await t.throwsAsync(it.answers.answer({ ...stats, route: '/new' }, fail), { code });
    t.is(await it.ask(), '/stats 2', 'fresh as soon as the store answers');
  });
}

test('a store that is known to fail: the last answer, or its error, without computing', async (t) => {
  const it = stage();
  await it.ask();
  it.at.revision = null;
  await it.clock.advance(1000);
  t.is(await it.ask(), '/stats 1');
  await t.throwsAsync(it.ask({ ...stats, route: '/new' }), { code: 'store_unreachable' });
  t.is(it.computed, 1);
  t.deepEqual(it.outcomes, ['computed', 'stale']);
});

test('what is wrong with the question is said, whatever is kept', async (t) => {
  const it = stage();
  await it.ask();
  it.at.revision = revisionOf(2);
  const fail = async () => {
    throw new AppError('not_found', 'gone');
  };
  await t.throwsAsync(it.answers.answer(stats, fail), { code: 'not_found' });
});

test('different questions computed at once are bounded; whoever has an old answer gets it', async (t) => {
  const it = stage();
  await it.ask({ ...stats, parameters: ['asked before'] });
  it.at.revision = revisionOf(2);
  const releases: (() => void)[] = [];
  const slow = Array.from({ length: 48 }, (_, n) =>
    it.answers.answer({ ...stats, parameters: [n] }, async () => {
      await new Promise<void>((resolve) => releases.push(resolve));
      return { body: String(n) };
    }),
  );
  while (releases.length < 48) await new Promise((next) => setImmediate(next));
  await t.throwsAsync(it.ask({ ...stats, parameters: ['one more'] }), { code: 'store_busy' });
  t.is(await it.ask({ ...stats, parameters: ['asked before'] }), '/stats 1');
  t.is(it.outcomes.at(-1), 'stale');
  for (const release of releases) release();
  await Promise.all(slow);
  t.is(await it.ask({ ...stats, parameters: ['one more'] }), '/stats 2');
});

test('memory is bounded: the answers longest unused go, enormous ones are not kept', async (t) => {
  const it = stage(20_000);
  for (let n = 0; n < 1000; n += 1) await it.ask({ ...stats, parameters: [n] });
  t.true(it.answers.size().bytes <= 20_000);
  t.true(it.answers.size().answers < 40);
  const before = it.answers.size();
  await it.answers.answer(stats, async () => ({ body: 'x'.repeat(10_000) }));
  t.deepEqual(it.answers.size(), before);
  t.is(await it.ask({ ...stats, parameters: [999] }), '/stats 1000', 'the newest is still there');
});

test('the tag names the content', async (t) => {
  const it = stage();
  const tagOf = async (body: string, revision: number) => {
    it.at.revision = revisionOf(revision);
    return (await it.answers.answer(stats, async () => ({ body }))).kept.tag;
  };
  const first = await tagOf('a', 1);
  t.is(await tagOf('a', 2), first, 'data that moved elsewhere changes nothing for the client');
  t.not(await tagOf('b', 3), first);
  t.regex(first, /^[\w-]{22}$/);
});
