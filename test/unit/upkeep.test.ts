import test from 'ava';
import { agedBetween, REFRESH_AGES_MS } from '../../src/collect/upkeep/refresh.js';
import { PASS_MS, quotaOf } from '../../src/collect/upkeep/sweep.js';
import { toIso } from '../../src/clock.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-01-15T12:00:00.000Z');

test('refresh by age: nothing at first, then each item once at each age', (t) => {
  t.deepEqual(agedBetween(null, NOW), []);
  t.deepEqual(agedBetween(toIso(NOW + HOUR), NOW), [], 'a clock that was ahead');
  const times = REFRESH_AGES_MS.map(() => 0);
  const created = NOW + 7 * 60_000;
  for (let at = NOW; at < NOW + 48 * HOUR; at += 30 * 60_000) {
    for (const { from, to } of agedBetween(toIso(at), at + 30 * 60_000)) {
      if (from > toIso(created) || to <= toIso(created)) continue;
      const age = at + 30 * 60_000 - created;
      const index = REFRESH_AGES_MS.findLastIndex((ms) => ms <= age);
      times[index] = (times[index] ?? 0) + 1;
    }
  }
  t.deepEqual(
    times,
    REFRESH_AGES_MS.map(() => 1),
  );
});

test('refresh by age after an outage of any length: youngest first, no overlap, nothing left out', (t) => {
  for (const hours of [0.5, 1, 3, 7, 30, 200]) {
    const windows = agedBetween(toIso(NOW - hours * HOUR), NOW);
    t.is(windows[0]?.to, toIso(NOW - HOUR));
    for (const [index, { from, to }] of windows.entries()) {
      t.true(from < to, `${hours} h`);
      t.true((windows[index + 1]?.to ?? '') <= from, `${hours} h`);
    }
    for (const age of REFRESH_AGES_MS) {
      const just = toIso(NOW - age - 1);
      t.true(
        windows.some(({ from, to }) => from <= just && just < to),
        `${hours} h, ${age / HOUR} h old`,
      );
    }
  }
});

test('the sweep comes round in time, from any pace, and catches up', (t) => {
  for (const total of [0, 1, 99, 12_345, 1_200_000]) {
    let pass = { began_at: toIso(NOW), asked: 0, place: null };
    let cycles = 0;
    for (let at = NOW; pass.asked < total; at += 30 * 60_000) {
      const quota = quotaOf(pass, total, at + 30 * 60_000);
      t.is(quota % 100, 0);
      t.true(quota >= 100);
      pass = { ...pass, asked: pass.asked + quota };
      cycles += 1;
    }
    t.true(cycles * 30 * 60_000 <= PASS_MS, `${total} items in ${cycles} cycles`);
  }
  const late = { began_at: toIso(NOW - 30 * HOUR), asked: 1000, place: null };
  t.is(quotaOf(late, 40_000, NOW), 29_000, 'three quarters are due');
  t.is(quotaOf({ ...late, asked: 99_000 }, 40_000, NOW), 100, 'ahead');
});
