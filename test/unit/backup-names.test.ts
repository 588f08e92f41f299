import test from 'ava';
import { backupName, isToGo, type KeepRule, partialName } from '../../src/keep/backup-names.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-01-15T03:45:00.000Z');
const daily: KeepRule = {
  ...{ nowMs: NOW, keepDays: 2, nextLookMs: 24 * HOUR },
  database: 'sentimentagent.db',
};
const byHand: KeepRule = { ...daily, nextLookMs: 0 };
const madeAgo = (hours: number) => backupName(NOW - hours * HOUR);

test('a backup is named after its moment', (t) => {
  t.is(backupName(NOW), 'sentimentagent-20260115T034500Z.db');
  t.is(partialName(backupName(NOW), 7), '.sentimentagent-20260115T034500Z.db.7.partial');
});

test('the daily look removes what would be too old before the next one', (t) => {
  t.false(isToGo(madeAgo(0), daily));
  t.false(isToGo(madeAgo(24), daily));
  t.true(isToGo(madeAgo(48), daily));
  t.true(isToGo(madeAgo(36), daily), 'made by hand; tomorrow it would be 60 h old');
  t.false(isToGo(madeAgo(0), { ...daily, keepDays: 1 }));
});

test('a look by hand removes what is too old', (t) => {
  t.false(isToGo(madeAgo(48), byHand));
  t.true(isToGo(madeAgo(48.001), byHand));
});

test('so does it with databases that were replaced, and what killed backups left', (t) => {
  t.true(isToGo('sentimentagent.db.replaced-20260112T034500Z', byHand));
  t.true(isToGo('sentimentagent.db.replaced-20260112T034500Z-wal', byHand));
  t.false(isToGo('sentimentagent.db.replaced-20260114T034500Z', byHand));
  t.true(isToGo('.sentimentagent-20260115T024400Z.db.7.partial', byHand));
  t.true(isToGo('.sentimentagent-20260115T024400Z.db.7.partial-journal', byHand));
  t.false(isToGo('.sentimentagent-20260115T030000Z.db.7.partial', byHand), 'being written');
});

test('what is not of our naming stays, however old', (t) => {
  for (const name of [
    'sentimentagent.db',
    'sentimentagent.db-wal',
    'sentimentagent-old.db',
    'sentimentagent-20200101T000000Z.db.gz',
    'my-sentimentagent-20200101T000000Z.db',
    'sentimentagent-20209901T000000Z.db',
    'other.db.replaced-20200101T000000Z',
    'sentimentagent.db.replaced-20200101T000000Z.bak',
    '20200101T000000Z',
  ]) {
    t.false(isToGo(name, byHand), name);
    t.false(isToGo(name, daily), name);
  }
});
