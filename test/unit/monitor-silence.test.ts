import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  activeSilences,
  addSilence,
  endSilences,
  MAX_SILENCE_MS,
  readSilences,
  silenceReader,
} from '../../monitor/records/silence.js';
import { recordingLog } from '../support/log.js';
import { temporaryFolder } from '../support/temp.js';

const NOW = Date.parse('2026-01-15T12:00:00.000Z');
const MINUTE = 60_000;
const deploy = { ms: 60 * MINUTE, subject: 'api', reason: 'deploy', restarts: false };

test('a silence lasts until its end and not longer', async (t) => {
  const folder = join(temporaryFolder(t), 'state');
  t.deepEqual(await activeSilences(folder, NOW), []);
  await addSilence(folder, deploy, NOW);
  const seen = [
    {
      until: '2026-01-15T13:00:00.000Z',
      subject: 'api',
      reason: 'deploy',
      restarts: false,
    },
  ];
  t.deepEqual(await activeSilences(folder, NOW), seen);
  t.deepEqual(await activeSilences(folder, NOW + 60 * MINUTE - 1), seen);
  t.deepEqual(await activeSilences(folder, NOW + 60 * MINUTE), []);
  t.deepEqual(readdirSync(folder), ['silences.json']);
  t.is(statSync(join(folder, 'silences.json')).mode & 0o777, 0o644);
});

test('a clock that is set back ends a silence rather than stretching it', async (t) => {
  const folder = temporaryFolder(t);
  await addSilence(folder, deploy, NOW);
  t.is((await activeSilences(folder, NOW - MINUTE)).length, 1);
  t.is((await activeSilences(folder, NOW - MINUTE - 1)).length, 0);
  t.is((await activeSilences(folder, NOW - 365 * 24 * 60 * MINUTE)).length, 0);
});

const stored = (changes: object = {}) => ({
  created: '2026-01-15T12:00:00.000Z',
  until: '2026-01-15T13:00:00.000Z',
  subject: null,
  reason: 'x',
  restarts: true,
  ...changes,
});
const invalid: [title: string, one: unknown][] = [
  ['without an end', { ...stored(), until: undefined }],
  ['with an end that is no time', stored({ until: 'never' })],
  ['with an end that is a date that does not exist', stored({ until: '2026-99-15T13:00:00.000Z' })],
  ['for ever', stored({ until: '9999-01-15T13:00:00.000Z' })],
  ['a little too long', stored({ until: '2026-01-22T12:00:00.001Z' })],
  ['made in the future', stored({ created: '2026-01-15T12:02:00.000Z' })],
  ['without its creation', { ...stored(), created: undefined }],
  ['with a number for its reason', stored({ reason: 5 })],
  ['with a subject that is none', stored({ subject: 'a b' })],
  ['that is a text', 'everything'],
];
for (const [title, one] of invalid) {
  test(`a silence ${title} is none, and those beside it count`, async (t) => {
    const folder = temporaryFolder(t);
    const file = { version: 1, silences: [one, stored({ subject: 'pm2' })] };
    writeFileSync(join(folder, 'silences.json'), JSON.stringify(file));
    const { active, problem } = await readSilences(folder, NOW);
    t.deepEqual(
      active.map(({ subject }) => subject),
      ['pm2'],
    );
    t.regex(problem ?? '', /1 of 2 silences are invalid/);
  });
}

test('a file that holds no silences is told once and silences nothing', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'silences.json');
  const { log, lines } = recordingLog();
  const read = silenceReader(folder, log);
  t.deepEqual(await read(NOW), []);
  t.is(lines.length, 0);
  for (const text of ['', '{', 'null', '[]', '{"version":2,"silences":[]}', ' '.repeat(70_000)]) {
    writeFileSync(path, text);
    t.deepEqual(await read(NOW), []);
  }
  t.is(lines.length, 1);
  await addSilence(folder, deploy, NOW);
  t.is((await read(NOW)).length, 1);
  writeFileSync(path, 'rubbish again');
  await read(NOW);
  t.is(lines.length, 2);
});

test('a folder in its place is told and silences nothing', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'silences.json'));
  const { active, problem } = await readSilences(folder, NOW);
  t.deepEqual(active, []);
  t.regex(problem ?? '', /EISDIR/);
  await t.throwsAsync(addSilence(folder, deploy, NOW), { code: 'config_invalid' });
  t.deepEqual(readdirSync(folder), ['silences.json']);
});

test('ending takes one subject, or all, and clears what cannot be used', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'silences.json');
  for (const subject of ['api', 'pm2', null]) await addSilence(folder, { ...deploy, subject }, NOW);
  const subjects = async () => (await activeSilences(folder, NOW)).map(({ subject }) => subject);
  t.is((await endSilences(folder, 'disk', NOW)).length, 0);
  t.is((await endSilences(folder, 'pm2', NOW)).length, 1);
  t.deepEqual(await subjects(), ['api', null]);
  t.is((await endSilences(folder, null, NOW)).length, 2);
  t.deepEqual(await subjects(), []);
  writeFileSync(path, 'rubbish');
  t.is((await endSilences(folder, null, NOW)).length, 0);
  t.is((await readSilences(folder, NOW)).problem, null);
});

test('there are at most twenty, and those that are over make room', async (t) => {
  const folder = temporaryFolder(t);
  for (let n = 0; n < 20; n += 1) await addSilence(folder, deploy, NOW);
  await t.throwsAsync(addSilence(folder, deploy, NOW), { code: 'invalid_request' });
  const later = NOW + 61 * MINUTE;
  await addSilence(folder, { ...deploy, ms: MAX_SILENCE_MS }, later);
  t.is((await activeSilences(folder, later)).length, 1);
  const { silences } = JSON.parse(readFileSync(join(folder, 'silences.json'), 'utf8')) as {
    silences: unknown[];
  };
  t.is(silences.length, 1);
});
