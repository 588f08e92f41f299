import test from 'ava';
import {
  type Cycle,
  cycleId,
  cycleStatus,
  failingSubreddits,
  newCycle,
} from '../../src/domain/cycle.js';
import { voteMoveMatters } from '../../src/domain/item.js';
import { addCounts, countsOf, hourOf, meanScore, NO_COUNTS } from '../../src/domain/rollup.js';
import { emptyResult } from '../../src/collect/subreddit.js';

const error = { at: '', subreddit: 'aws', code: 'internal', message: '', attempt: 1 };
const good = emptyResult('aws');
const bad = { ...emptyResult('aws'), error };

test('a cycle failed when nothing succeeded, is partial when something failed', (t) => {
  t.is(cycleStatus([good, good]), 'succeeded');
  t.is(cycleStatus([good, bad]), 'partial');
  t.is(cycleStatus([bad, bad]), 'failed');
  t.is(cycleStatus([]), 'failed');
  t.is(cycleStatus([{ ...good, state: 'private' }]), 'succeeded');
});

test('a subreddit is failing when it failed in three cycles running', (t) => {
  const cycle = (...failed: string[]): Cycle => ({
    ...newCycle('x', '', 'schedule', 0),
    subreddits: ['aws', 'OpenAI'].map((name) => ({
      ...emptyResult(name),
      error: failed.includes(name) ? error : null,
    })),
  });
  t.deepEqual(failingSubreddits([cycle('aws'), cycle('aws')]), []);
  t.deepEqual(failingSubreddits([cycle('aws'), cycle('aws'), cycle('aws')]), ['aws']);
  t.deepEqual(failingSubreddits([cycle('aws'), cycle(), cycle('aws'), cycle('aws')]), []);
});

const moves: [before: number, after: number, matters: boolean][] = [
  [0, 2, false],
  [0, 3, true],
  [100, 110, false],
  [100, 111, true],
  [100, 89, true],
  [-50, -44, true],
  [-50, -45, false],
];
for (const [before, after, matters] of moves) {
  test(`a vote move from ${before} to ${after} ${matters ? 'matters' : 'does not matter'}`, (t) => {
    t.is(voteMoveMatters(before, after), matters);
  });
}

test('sums of scores are exact in any order', (t) => {
  const scores = [0.1, 0.2, 0.3, -0.7, 0.9999, 0.0001];
  const sum = (list: number[]) =>
    list.map((s) => countsOf('post', 'neutral', s, '2026')).reduce(addCounts, NO_COUNTS).score_sum;
  t.is(sum(scores), sum([...scores].reverse()));
  t.is(sum(scores), 9000);
  t.is(meanScore(NO_COUNTS), 0);
});

test('an instant belongs to the hour it is in', (t) => {
  t.is(hourOf('2026-11-22T03:59:59.999Z'), '2026-11-22T03:00:00.000Z');
});

test('cycle ids sort by time and read as time', (t) => {
  t.is(cycleId('2026-11-22T03:00:05.123Z', 'abcdef0123'), '20261122T030005Z-abcdef');
});
