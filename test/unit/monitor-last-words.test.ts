import { execFileSync } from 'node:child_process';
import { appendFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createLastWords } from '../../monitor/observe/last-words.js';
import type { ManagedProcess } from '../../monitor/observe/observation.js';
import { systemClock } from '../../src/clock.js';
import { managed } from '../support/observations.js';
import { temporaryFolder } from '../support/temp.js';

const WORDS = 'cannot start: the port 8000 is taken. Cure: free it';
const fatal = (more: object = {}) =>
  `${JSON.stringify({ level: 'fatal', time: '2026-01-15T12:00:00.000Z', pid: 7, name: 'api', code: 'port_taken', exit_code: 78, msg: WORDS, ...more })}\n`;
const info = `${JSON.stringify({ level: 'info', pid: 7, name: 'api', msg: 'starting' })}\n`;

/** An api that ended with 78, whose output is in a file of this content. */
function ended(t: ExecutionContext, out: string | Buffer, changes: Partial<ManagedProcess> = {}) {
  const outLog = join(temporaryFolder(t), 'api-out.log');
  writeFileSync(outLog, out);
  return managed('api', { pid: 0, status: 'stopped', exitCode: 78, outLog, ...changes });
}

const wordsOf = (one: ManagedProcess) => createLastWords(systemClock).of(one);

test('the newest fatal line of the process tells why it ended', async (t) => {
  t.is(await wordsOf(ended(t, info + fatal({ msg: 'older' }) + fatal() + info)), WORDS);
  t.is(await wordsOf(ended(t, `2026-01-15T12:00:00: ${fatal({ level: 60 })}`)), WORDS);
});

test('the lines of others, and of another reason, are passed by', async (t) => {
  const others = fatal({ name: 'jobs', msg: 'of jobs' }) + fatal({ exit_code: 69, msg: 'before' });
  t.is(await wordsOf(ended(t, fatal() + others)), WORDS);
  t.is(await wordsOf(ended(t, others)), null);
  t.is(await wordsOf(ended(t, 'FATAL (jobs/7): cannot start: x\njobs: cannot start: y\n')), null);
});

test('readable logs of development, and the line of a process whose log is silent', async (t) => {
  const readable = `[12:00:00.000] FATAL (api/7): ${WORDS}\n    code: "port_taken"\n`;
  t.is(await wordsOf(ended(t, readable)), WORDS);
  const coloured = `[12:00:00.000] \u001b[41mFATAL\u001b[49m (api/7): \u001b[36m${WORDS}\u001b[39m\n`;
  t.is(await wordsOf(ended(t, coloured)), WORDS);
  const silent = ended(t, '');
  writeFileSync(`${silent.outLog}.err`, `(node:7) Warning: x\napi: ${WORDS}\n`);
  t.is(await wordsOf({ ...silent, errLog: `${silent.outLog}.err` }), WORDS);
});

test('only of those that ended with 69 or 78 and are not back', async (t) => {
  for (const exitCode of [null, 0, 1, 137]) {
    t.is(await wordsOf(ended(t, fatal({ exit_code: exitCode }), { exitCode })), null);
  }
  const back = { pid: 100, status: 'online' };
  t.is(await wordsOf(ended(t, fatal(), { ...back, upMs: 3_600_000 })), null);
  t.is(await wordsOf(ended(t, fatal(), { ...back, upMs: 5000 })), WORDS, 'it is trying again');
  t.is(await wordsOf(ended(t, fatal(), { outLog: null })), null);
});

test('a log that grows is read again; one that did not is not', async (t) => {
  const one = ended(t, fatal({ msg: 'first' }));
  const words = createLastWords(systemClock);
  t.is(await words.of(one), 'first');
  appendFileSync(one.outLog ?? '', fatal({ msg: 'second' }));
  t.is(await words.of(one), 'second');
  truncateSync(one.outLog ?? '');
  t.is(await words.of(one), null, 'rotated away');
});

test('what is said is one short line of plain text', async (t) => {
  const msg = `a\u001b[31mred\u001b[0m\nb\u0000\u202Ec${'x'.repeat(1000)}`;
  const words = (await wordsOf(ended(t, fatal({ msg })))) ?? '';
  t.true(words.startsWith('ared b cxx'), words);
  t.is(words.length, 300);
});

test('hostile logs neither hang nor say anything', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync('/dev/zero', at('zero'));
  symlinkSync(at('nowhere'), at('broken'));
  writeFileSync(at('long'), 'x');
  truncateSync(at('long'), 100 * 1024 * 1024);
  appendFileSync(at('long'), fatal().trimEnd());
  writeFileSync(
    at('binary'),
    Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7919) % 256)),
  );
  writeFileSync(at('cut'), fatal().slice(0, 60));
  for (const name of ['fifo', 'zero', 'broken', 'long', 'binary', 'cut', 'absent', '.']) {
    const one = managed('api', { pid: 0, exitCode: 78, outLog: at(name), errLog: at(name) });
    t.is(await wordsOf(one), null, name);
  }
  t.is(
    await wordsOf(
      ended(t, Buffer.concat([Buffer.alloc(200_000, 0xff), Buffer.from(`\n${fatal()}`)])),
    ),
    WORDS,
  );
  symlinkSync(ended(t, fatal()).outLog ?? '', at('link'));
  t.is(await wordsOf(managed('api', { pid: 0, exitCode: 78, outLog: at('link') })), WORDS);
});
