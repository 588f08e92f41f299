import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type Recorded, readRecorded } from '../../monitor/records/recorded.js';
import { decisionLine, startReplay } from '../../monitor/read/replaying.js';
import { cured, entry, hungAt } from '../support/journal.js';
import { hung, INTERVAL, play, policy, times, well } from '../support/monitor-play.js';
import { answered, noAnswer, observation } from '../support/observations.js';
import { temporaryFolder } from '../support/temp.js';

const outage = [...times(8, hung), ...times(3, well)];

test('a recorded history comes to what the rules came to then', (t) => {
  const replay = startReplay(policy);
  // The monitor's own grace was over when it began.
  const looks = [{}, {}, ...outage];
  const decided = looks.map(({ outcome }: { outcome?: ReturnType<typeof answered> }, n) =>
    replay.feed(observation(n * INTERVAL, outcome), 'one'),
  );
  t.deepEqual(
    decided.flat().map((action) => action.kind),
    play(outage)
      .actions.flat()
      .map((action) => action.kind),
  );
  t.like(replay.summary(), { probes: 13, runs: 1, incidents: 1, notices: { recovery: 1 } });
  t.true(replay.summary().restarts > 0);
  for (const action of decided.flat()) t.regex(decisionLine(action), /^[A-Za-z]+ \S/);
});

/** @param at of the observation on its own clock; `second` after the history's start */
const look = (at: number, second: number, down: boolean) => ({
  ...observation(at, down ? noAnswer() : answered()),
  time: new Date(Date.parse('2026-01-15T12:00:00.000Z') + second * 1000).toISOString(),
});

test('a monitor that starts anew keeps its spent restarts and has a new grace', (t) => {
  const rules = { ...policy, failures: 1, maxRestarts: 1, graceMs: 30_000 };
  const replay = startReplay(rules);
  replay.feed(look(1000, 0, false), 'one');
  t.true(replay.feed(look(61_000, 60, true), 'one').some(({ kind }) => kind === 'restart'));
  // Another monitor, two minutes later, whose clock begins anew.
  const inGrace = replay.feed(look(500, 180, true), 'two');
  t.deepEqual(
    inGrace.map((one) => one.kind === 'record' && one.entry.event),
    ['judged'],
    'its grace',
  );
  const actions = replay.feed(look(40_500, 220, true), 'two');
  t.like(actions, [{ kind: 'notify', notice: { kind: 'escalation' } }], 'the budget is spent');
  t.is(replay.summary().runs, 2);
});

test('after a pause longer than the window the budget is whole again', (t) => {
  const rules = { ...policy, failures: 1, maxRestarts: 1, graceMs: 0 };
  const replay = startReplay(rules);
  replay.feed(look(1000, 0, true), 'one');
  const later = rules.restartWindowMs / 1000 + 10;
  const actions = replay.feed(look(500, later, true), 'two');
  t.true(actions.some(({ kind }) => kind === 'restart'));
});

test('a wall clock that was set back between two runs does not move the rules back', (t) => {
  const judgeMs = [0, 1_000_000, 2_000_000];
  const replay = startReplay({ ...policy, failures: 1, maxRestarts: 1, graceMs: 0, judgeMs });
  replay.feed(look(1000, 3600, true), 'one');
  t.deepEqual(replay.feed(look(500, 0, true), 'two'), [], 'no time has passed, as it seems');
  t.like(replay.feed(look(600, 1, true), 'two'), [{ notice: { kind: 'escalation' } }]);
});

test('without names of runs a clock that goes back tells, and one look counts once', (t) => {
  const replay = startReplay(policy);
  for (const [at, second] of [
    [5000, 0],
    [5000, 0],
    [20_000, 15],
    [500, 60],
    [15_500, 75],
  ] as const)
    replay.feed(look(at, second, false), null);
  t.like(replay.summary(), { probes: 4, runs: 2 });
});

async function recorded(path: string): Promise<Recorded[]> {
  const all: Recorded[] = [];
  for await (const one of readRecorded(path)) all.push(one);
  return all;
}

test('observations, journals and gzip are read, and bad lines named', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'any');
  const lines = [
    JSON.stringify({ run: 'one', ...hungAt(0) }),
    '{"at":1}',
    JSON.stringify(cured[0]),
    'rubbish',
    '',
    JSON.stringify(entry(1, 'judged')),
    'x'.repeat(600_000),
    JSON.stringify(hungAt(5)),
  ];
  const expected = [
    { kind: 'observation', observation: { run: 'one', ...hungAt(0) }, run: 'one' },
    { kind: 'bad', line: 2, why: 'neither an observation nor an entry' },
    { kind: 'observation', observation: hungAt(30), run: null },
    { kind: 'bad', line: 4, why: 'no JSON' },
    { kind: 'none' },
    { kind: 'bad', line: 7, why: 'too long' },
    { kind: 'observation', observation: hungAt(5), run: null },
  ];
  writeFileSync(path, lines.join('\n'));
  t.deepEqual(await recorded(path), expected as Recorded[]);
  const packed = gzipSync(lines.join('\n'));
  writeFileSync(path, packed);
  t.deepEqual(await recorded(path), expected as Recorded[]);
  writeFileSync(path, packed.subarray(0, packed.length - 12));
  const broken = (await recorded(path)).at(-1);
  t.regex(broken?.kind === 'bad' ? broken.why : '', /breaks off/);
  writeFileSync(path, '');
  t.deepEqual(await recorded(path), []);
  await t.throwsAsync(recorded(folder), { code: 'invalid_request' });
  await t.throwsAsync(recorded(join(folder, 'none')), { code: 'invalid_request' });
});
