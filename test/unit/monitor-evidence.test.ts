import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { collectEvidence, type EvidenceOptions } from '../../monitor/evidence/evidence.js';
import { addSample, type MemorySeries } from '../../monitor/rules/leak.js';
import { silentLog } from '../support/log.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

function longSeries(): MemorySeries {
  let series: MemorySeries | null = null;
  for (let minute = 0; minute < 3000; minute += 1) {
    series = addSample(series, '1', minute * 60_000, 100.123456789 + minute / 10);
  }
  if (series === null) throw new Error('no samples');
  return series;
}
const about = (folder: string, changes: Partial<EvidenceOptions> = {}): EvidenceOptions => ({
  folder,
  incident: '20260115T120000Z-api',
  process: 'api',
  targets: [],
  hung: false,
  series: longSeries(),
  freeMb: 5000,
  clock: new ManualClock(),
  log: silentLog,
  ...changes,
});

test('one file for each restart: whole, for its owner alone, under its cap', async (t) => {
  const folder = temporaryFolder(t);
  t.is((await collectEvidence(about(folder))).text, 'memory 376 to 400 MB in 239 minutes');
  const [name = ''] = readdirSync(join(folder, 'evidence'));
  t.is(name, '20260115T120000Z_20260115T120000Z-api.json');
  const path = join(folder, 'evidence', name);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.true(statSync(path).size < 64 * 1024);
  const kept = JSON.parse(readFileSync(path, 'utf8')) as { memory: { minutes: unknown[] } };
  t.is(kept.memory.minutes.length, 240);
});

test('the newest 20 files stay', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  for (let n = 0; n < 23; n += 1) {
    await collectEvidence(about(folder, { clock, incident: `i${n}`, series: null }));
    await clock.advance(60_000);
  }
  const names = readdirSync(join(folder, 'evidence')).sort();
  t.is(names.length, 20);
  t.true(names[0]?.endsWith('_i3.json'));
  t.true(names.at(-1)?.endsWith('_i22.json'));
});

test('a low disk and a folder that cannot be written leave the sentence', async (t) => {
  const folder = temporaryFolder(t);
  t.regex(
    (await collectEvidence(about(folder, { freeMb: 150 }))).text,
    /^memory .*; no evidence file: 150 MB of disk/,
  );
  t.deepEqual(readdirSync(folder), []);
  writeFileSync(join(folder, 'evidence'), 'in the way');
  const unwritable = await collectEvidence(about(folder));
  t.regex(unwritable.text, /no evidence file: the folder cannot be written/);
  const other = temporaryFolder(t);
  mkdirSync(join(other, 'evidence', 'evidence.tmp'), { recursive: true });
  t.regex((await collectEvidence(about(other))).text, /no evidence file/);
});

test('no name leads out of the folder', async (t) => {
  const folder = temporaryFolder(t);
  await collectEvidence(about(folder, { incident: '../../x/../y', series: null }));
  t.deepEqual(readdirSync(folder), ['evidence']);
  t.is(readdirSync(join(folder, 'evidence')).length, 1);
});

test('what cannot be examined is said', async (t) => {
  const targets = [{ pid: 0, holder: 'nobody' }];
  const { text, place } = await collectEvidence(
    about(temporaryFolder(t), { hung: true, targets, series: null }),
  );
  t.regex(text, /^where it hangs is not known: /);
  t.is(place, null);
});
