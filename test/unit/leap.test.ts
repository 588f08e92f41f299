import test from 'ava';
import { mayHaveLeapt } from '../../src/keep/leap.js';
import { ManualClock } from '../support/clock.js';
import { temporaryStore } from '../support/store.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test('a clock that leaps is believed when it says the same a day later', async (t) => {
  const clock = new ManualClock();
  const { store } = await temporaryStore(t, { clock });
  const at = async (ms: number) => {
    clock.jumpTo(ms);
    return mayHaveLeapt(store, clock);
  };
  const start = clock.now();
  t.false(await at(start), 'the first run of all');
  await store.noteJobSuccess('prune');
  t.false(await at(start + 9 * DAY), 'some days off');
  t.true(await at(start + 365 * DAY), 'a year ahead');
  t.true(await at(start + 365 * DAY + 3 * HOUR), 'and again after a restart');
  t.false(await at(start + DAY), 'set right');
  await store.noteJobSuccess('prune');
  t.true(await at(start + 400 * DAY), 'another leap has its own day');
  t.true(await at(start + 400 * DAY + 3 * HOUR));
  t.false(await at(start + 401 * DAY), 'a system that was off for a year');
});
