import {
  appendFileSync,
  chmodSync,
  createReadStream,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { appendFile } from '../../monitor/records/append-file.js';
import { openHistory } from '../../monitor/records/history.js';
import { openJournal } from '../../monitor/records/journal.js';
import { parseEntry, readJournal } from '../../monitor/records/journal-reader.js';
import type { JournalEntry } from '../../monitor/records/journal-entry.js';
import type { AppError } from '../../src/errors.js';
import { ManualClock } from '../support/clock.js';
import { cured, entry, hungAt } from '../support/journal.js';
import { recordingLog, silentLog } from '../support/log.js';
import { answered, noAnswer, observation } from '../support/observations.js';
import { eventually } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const clock = new ManualClock();
const journalIn = (folder: string, maxBytes?: number, log = silentLog) =>
  openJournal({ folder, clock, log, ...(maxBytes === undefined ? {} : { maxBytes }) });

async function read(folder: string): Promise<{ entries: JournalEntry[]; bad: string[] }> {
  const [entries, bad]: [JournalEntry[], string[]] = [[], []];
  for await (const one of readJournal(folder, (line) => bad.push(line))) entries.push(one);
  return { entries, bad };
}

test('what is appended is read again, for its owner alone', async (t) => {
  const folder = join(temporaryFolder(t), 'new', 'state');
  const journal = journalIn(folder);
  t.deepEqual(await read(folder), { entries: [], bad: [] });
  await journal.append([]);
  await Promise.all(cured.map((one) => journal.append([one]))); // overlapping ones keep their order
  t.deepEqual((await read(folder)).entries, cured);
  t.is(statSync(join(folder, 'incidents.ndjson')).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(folder), ['incidents.ndjson']);
});

test('every kind of observation survives', async (t) => {
  const folder = temporaryFolder(t);
  const looks = [
    observation(0, answered('unhealthy', [{ code: 'database_unreachable' }])),
    observation(1, noAnswer('foreign'), null),
    {
      ...hungAt(2),
      host: {
        disks: [],
        orphans: [{ pid: 7, name: 'api', startedAt: '2026-01-15T11:00:00.000Z' }],
        portHolder: { pid: 8, command: 'nc -l' },
      },
      silences: [
        { until: '2026-01-15T13:00:00.000Z', subject: null, reason: 'x', restarts: false },
      ],
    },
  ];
  const entries = looks.map((look) => entry(0, 'opened', 'x', { observation: look }));
  await journalIn(folder).append(entries);
  t.deepEqual(await read(folder), { entries, bad: [] });
});

test('a line torn by a crash costs itself alone; garbage is named and left out', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'incidents.ndjson');
  await journalIn(folder).append([entry(0, 'opened')]);
  appendFileSync(path, '{"time":"2026-01-15T12:00:00.000Z","inci');
  await journalIn(folder).append([entry(1, 'alert'), entry(2, 'closed')]);
  appendFileSync(path, `\n\0\0\0\n{}\n[]\n${'x'.repeat(600_000)}\n`);
  await journalIn(folder).append([entry(3, 'judged')]);
  const { entries, bad } = await read(folder);
  t.deepEqual(
    entries.map(({ event }) => event),
    ['opened', 'alert', 'closed', 'judged'],
  );
  t.deepEqual(
    bad,
    [2, 6, 7, 8, 9].map((line) => `${path} line ${line}`),
  );
});

test('one older generation is kept, no line is cut, and both are read in order', async (t) => {
  const folder = temporaryFolder(t);
  const journal = journalIn(folder, 2000);
  for (let n = 0; n < 100; n += 1) await journal.append([entry(n, 'reminder', `n${n}`)]);
  t.deepEqual(readdirSync(folder), ['incidents.1.ndjson', 'incidents.ndjson']);
  for (const name of readdirSync(folder)) t.true(statSync(join(folder, name)).size <= 2000, name);
  const { entries, bad } = await read(folder);
  t.deepEqual(bad, []);
  const numbers = entries.map(({ text }) => Number(text.slice(1)));
  t.is(numbers.at(-1), 99);
  t.true(numbers.length >= 10);
  t.deepEqual(
    numbers,
    numbers.map((_, index) => 100 - numbers.length + index),
  );
});

test('a generation that is put aside while it is read is read once', async (t) => {
  const folder = temporaryFolder(t);
  await journalIn(folder).append([entry(0, 'opened'), entry(1, 'alert')]);
  const found: string[] = [];
  for await (const { event } of readJournal(folder)) {
    found.push(event);
    if (found.length === 1) await journalIn(folder, 10).append([entry(2, 'closed')]);
  }
  t.deepEqual(found, ['opened', 'alert']);
  t.is((await read(folder)).entries.length, 3);

  // Both names opened, and the file moved from the one to the other in between.
  rmSync(join(folder, 'incidents.1.ndjson'));
  linkSync(join(folder, 'incidents.ndjson'), join(folder, 'incidents.1.ndjson'));
  t.is((await read(folder)).entries.length, 1);
});

test('an entry that is far too long goes without its observation', async (t) => {
  const folder = temporaryFolder(t);
  const look = observation(0, answered('degraded', [{ code: 'x', message: 'y'.repeat(300_000) }]));
  await journalIn(folder).append([entry(0, 'opened', 'x', { observation: look })]);
  t.deepEqual((await read(folder)).entries, [entry(0, 'opened', 'x')]);
});

test('a folder that is none is told once, and healed without a restart', async (t) => {
  const folder = join(temporaryFolder(t), 'state');
  const { log, lines } = recordingLog();
  writeFileSync(folder, 'a file where the folder should be');
  const journal = journalIn(folder, undefined, log);
  await journal.append([entry(0, 'opened')]);
  await journal.append([entry(1, 'alert')]);
  t.deepEqual(
    lines.map(({ level, code }) => ({ level, code })),
    [{ level: 'error', code: 'ENOTDIR' }],
  );
  rmSync(folder);
  await journal.append([entry(2, 'closed')]);
  t.like(lines[1], { level: 'info', lost: 2 });
  rmSync(folder, { recursive: true });
  await journal.append([entry(3, 'judged')]);
  t.is(lines.length, 2);
  t.is((await read(folder)).entries.length, 1);
});

test('a full disk is told with its cure', async (t) => {
  const { log, lines } = recordingLog();
  const [path, olderPath] = ['/dev/full', '/dev/null'];
  const file = appendFile({ path, olderPath, maxBytes: 1000, what: 'it', clock, log });
  await file.append(['a line']);
  t.is(lines[0]?.msg, 'it cannot be written (ENOSPC): the disk is full: make room');
});

test('a disk that hangs is waited for once, and nothing piles up behind it', async (t) => {
  const path = join(temporaryFolder(t), 'pipe'); // blocks its writer as soon as it is full
  await execa('mkfifo', [path]);
  const { log, lines } = recordingLog();
  const slow = new ManualClock();
  const file = appendFile({ path, olderPath: path, maxBytes: 1e9, what: 'it', clock: slow, log });
  const first = file.append(['x'.repeat(200_000)]);
  await eventually('the write is waited for', () => slow.sleeping === 1);
  await slow.advance(5000);
  await first;
  t.like(lines, [{ level: 'error', code: 'hung' }]);
  for (let n = 0; n < 50; n += 1) await file.append(['y']);
  t.is(lines.length, 1);
  t.is(slow.sleeping, 0);

  const reader = createReadStream(path); // the disk answers again
  t.teardown(() => reader.destroy());
  reader.resume();
  await eventually('it is written again', async () => {
    await file.append(['z']);
    return lines.length === 2;
  });
  t.like(lines[1], { level: 'info' });
});

test('a folder that cannot be read is a configuration error, not an empty journal', async (t) => {
  const folder = join(temporaryFolder(t), 'state');
  writeFileSync(folder, '');
  const error = await t.throwsAsync<AppError>(read(folder));
  t.is(error.code, 'config_invalid');
  rmSync(folder);
  mkdirSync(folder);
  writeFileSync(join(folder, 'incidents.ndjson'), '');
  chmodSync(join(folder, 'incidents.ndjson'), 0);
  if (process.getuid?.() === 0) return; // root reads everything
  await t.throwsAsync(read(folder), { code: 'config_invalid' });
});

test('each observation is a line of the history, with who saw it', async (t) => {
  const folder = temporaryFolder(t);
  const history = openHistory({ folder, clock, log: silentLog });
  await history.record(hungAt(0));
  await history.record(hungAt(15));
  const lines = readFileSync(join(folder, 'observations.ndjson'), 'utf8').trim().split('\n');
  const run = `${process.pid}:2026-01-15T12:00:00.000Z`;
  t.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { run, ...hungAt(0) },
      { run, ...hungAt(15) },
    ],
  );
});

test('the history leaves room for the database, and says so once', async (t) => {
  const folder = temporaryFolder(t);
  const { log, lines } = recordingLog();
  const history = openHistory({ folder, clock, log });
  const withFree = (freeMb: number) => {
    const look = hungAt(0);
    const disks = [
      { path: '/data', freeMb: 9000 },
      { path: '/var', freeMb },
    ];
    return { ...look, host: { ...look.host, disks } };
  };
  for (const freeMb of [199, 10, 0]) await history.record(withFree(freeMb));
  t.deepEqual(readdirSync(folder), []);
  await history.record(withFree(200));
  t.deepEqual(readdirSync(folder), ['observations.ndjson']);
  t.deepEqual(
    lines.map(({ level }) => level),
    ['warn', 'info'],
  );
});

test('what is no entry is none', (t) => {
  const good = JSON.stringify(cured[0]);
  t.truthy(parseEntry(good));
  for (const [from, to] of [
    ['"opened"', '"exploded"'],
    ['2026-01-15T12:00:30.000Z', 'yesterday'],
    ['"timeout"', 'null'],
    ['"no_answer"', '"answered"'],
  ] as const) {
    t.is(parseEntry(good.replace(from, to)), null, to);
  }
});
