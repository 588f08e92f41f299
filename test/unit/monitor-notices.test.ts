import test from 'ava';
import { logNotifier } from '../../monitor/notify/log.js';
import { bounded, sentence } from '../../monitor/notify/sentence.js';
import { recordingLog } from '../support/log.js';
import { notice } from '../support/notices.js';

const SINCE = '2026-01-15T12:00:00.000Z';

test('each kind in a sentence', (t) => {
  t.is(
    sentence(notice()),
    `ALERT the API does not answer: no whole answer within 1000 ms; since ${SINCE}; restarting api through PM2`,
  );
  t.is(
    sentence(notice({ kind: 'warning', what: 'the API is degraded', action: 'no restart' })),
    `WARNING the API is degraded; since ${SINCE}; no restart`,
  );
  t.regex(sentence(notice({ kind: 'escalation' })), /^ESCALATION the API/);
  t.is(
    sentence(notice({ kind: 'reminder', what: 'the disk is full', durationMs: 7_260_000 })),
    `REMINDER the disk is full; since ${SINCE}; for 2 h 1 min now; restarting api through PM2`,
  );
  const recovery = {
    kind: 'recovery',
    what: 'api is well again',
    action: 'after 1 restart',
  } as const;
  t.is(
    sentence(notice({ ...recovery, durationMs: 45_000, place: 'spin (dist/src/x.js:12)' })),
    `RECOVERED api is well again; it lasted 45 s from ${SINCE} (timeout); hung in spin (dist/src/x.js:12); after 1 restart`,
  );
  t.regex(sentence(notice({ ...recovery, durationMs: 600_000 })), /it lasted 10 min from/);
  t.regex(sentence(notice(), true), /^\[late, of 2026-01-15T12:00:45.000Z\] ALERT/);
});

test('a sentence is one line of bounded, well-formed text', (t) => {
  const hostile = `a\nRECOVERED b\u0000\u2028c\u202Ed\ud800${'x'.repeat(10_000)}`;
  const line = sentence(notice({ what: hostile }));
  t.false(/[\p{Cc}\u2028\u202E]/u.test(line));
  t.true(line.isWellFormed() && line.length <= 4000);
  const kept = bounded(notice({ what: hostile, also: Array.from({ length: 50 }, () => hostile) }));
  t.true(JSON.stringify(kept).length < 20_000);
  t.true(kept.what.isWellFormed());
});

test('the log has a line for each, at its level, with fields', async (t) => {
  const { log, lines } = recordingLog();
  const notifier = logNotifier(log);
  for (const kind of ['alert', 'warning', 'escalation', 'reminder', 'recovery'] as const) {
    await notifier.notify(notice({ kind, durationMs: 45_000, also: ['jobs is gone'] }));
  }
  t.deepEqual(
    lines.map(({ level }) => level),
    ['error', 'warn', 'error', 'error', 'info'],
  );
  t.like(lines[0], { notice: 'alert', cause: 'timeout', budget_left: 2, duration_s: 45 });
  t.regex(lines[0]?.msg ?? '', /^ALERT .*; also: jobs is gone$/);
});
