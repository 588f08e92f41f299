import test from 'ava';
import { systemClock } from '../../src/clock.js';
import { inSlices } from '../../src/store/cosmos/read/slices.js';

test('steps that take long let others have their turn, short ones go on', async (t) => {
  for (const [stepMs, turnsWanted] of [
    [0, 0],
    [3, 33], // after 9 ms each time
    [50, 99],
  ] as const) {
    let [nowMs, turns, ended] = [0, 0, false];
    const clock = { ...systemClock, monotonic: () => nowMs };
    function* steps() {
      for (let n = 0; n < 99; n += 1) {
        nowMs += stepMs;
        yield;
      }
      return 'what came of it';
    }
    const others = (async () => {
      while (!ended) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!ended) turns += 1;
      }
    })();
    t.is(await inSlices(steps(), clock), 'what came of it');
    ended = true;
    await others;
    t.is(turns, turnsWanted, `steps of ${stepMs} ms`);
  }
});

test('a step that fails fails the whole', async (t) => {
  function* steps() {
    yield;
    throw new Error('no more');
  }
  await t.throwsAsync(inSlices(steps(), systemClock), { message: 'no more' });
});
