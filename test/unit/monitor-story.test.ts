import { readFileSync } from 'node:fs';
import test from 'ava';
import { summaries, summarise } from '../../monitor/read/incidents.js';
import { JOURNAL_EVENTS, type JournalEntry } from '../../monitor/records/journal-entry.js';
import { asProgramsSee, listed, otherOpen } from '../../monitor/read/report.js';
import { runbookSection } from '../../monitor/read/runbook.js';
import { story } from '../../monitor/read/story.js';
import { duration } from '../../monitor/read/words.js';
import { oneLine } from '../../monitor/text.js';
import { cured, entry, hungAt } from '../support/journal.js';
import { answered, managed, observation } from '../support/observations.js';

const NOW = Date.parse('2026-01-15T14:05:00.000Z');

async function* each(entries: JournalEntry[]) {
  yield* entries;
}

test('a closed incident reads so', (t) => {
  t.is(
    story(cured, NOW),
    `Incident 20260115T120000Z-api (closed)

What happened  the API does not answer: no whole answer within 5000 ms
Cause          timeout
Since          2026-01-15T12:00:00Z
Over           yes, 2026-01-15T12:01:15Z: it lasted 1 minute 15 seconds
Restarts       1; 2 more were left

What was seen at 2026-01-15T12:00:30Z
  /health  no answer (timeout) after 5000 ms: test: timeout
  api      online, pid 100, up 1 hour, 212 MB
  jobs     online, pid 200, up 1 hour, 90 MB
  disk     /data: 50 GB free

What was done
  2026-01-15T12:00:30Z  noticed         the API does not answer: no whole answer within 5000 ms
  2026-01-15T12:00:30Z  evidence        it hangs in scoreAll, dist/src/scorer/scorer.js:41
  2026-01-15T12:00:30Z  restart         restarting api through PM2
  2026-01-15T12:00:30Z  alert           the API does not answer: no whole answer within 5000 ms; restarting api through PM2
  2026-01-15T12:00:33Z  restarted       api has been restarted
  2026-01-15T12:01:15Z  recovered       api is well again, after 1 restart
  2026-01-15T12:01:15Z  closed          over
  2026-01-15T12:01:33Z  judged          fixed: well for 1 minute after the restart

What to do now
  Nothing: it is over. Should it come back: "The backend does not answer" in deployment/RUNBOOK.md.
`,
  );
});

test("the README's incident, which was recorded, is what the command prints", (t) => {
  const recorded = readFileSync('test/support/recorded-incident.ndjson', 'utf8').trim().split('\n');
  const entries = recorded.map((line) => JSON.parse(line) as JournalEntry);
  t.true(readFileSync('README.md', 'utf8').includes(`\n\`\`\`\n${story(entries, NOW)}\`\`\`\n`));
});

const opened = entry(30, 'opened', 'the API does not answer', { observation: hungAt(30) });
const table: { title: string; entries: JournalEntry[]; says: RegExp[]; not?: RegExp }[] = [
  { title: 'nothing', entries: [], says: [/^No incident is on record\.\n$/] },
  {
    title: 'an open one',
    entries: [opened, entry(30, 'restart', '', { budgetLeft: 1 })],
    says: [
      /\(open\)/,
      /Since {10}2026-01-15T12:00:00Z, 2 hours 5 minutes ago/,
      /Over {11}no \(last entry 2026-01-15T12:00:30Z\)/,
      /Restarts {7}1; 1 more is left/,
      /Follow "The backend does not answer" in deployment\/RUNBOOK\.md/,
    ],
  },
  {
    title: 'an escalated one',
    entries: [opened, entry(90, 'escalation', 'no further restart', { budgetLeft: 0 })],
    says: [
      /\(escalated\)/,
      /no: it needs a human/,
      /the budget is spent/,
      /restarts nothing any more/,
    ],
  },
  {
    title: 'an escalated one that is reminded of',
    entries: [opened, entry(90, 'escalation'), entry(9000, 'reminder')],
    says: [/\(escalated\)/],
  },
  {
    title: 'one that was given to a human and ended',
    entries: [opened, entry(90, 'escalation'), entry(200, 'closed')],
    says: [/\(closed\)/, /Nothing: it is over/],
  },
  {
    title: 'a judgement after the end',
    entries: [...cured, entry(1830, 'judged', 'recurred')],
    says: [/\(closed\)/, /lasted 1 minute 15 seconds/, /judged {10}recurred/],
  },
  {
    title: 'one that another explains',
    entries: [opened, entry(30, 'explained', 'PM2 cannot be reached')],
    says: [/held back/, /Another incident explains it/],
  },
  {
    title: 'one that is silenced',
    entries: [opened, entry(30, 'silenced', 'deploy')],
    says: [/monitor:silence -- --list/],
  },
  {
    title: 'one without any observation',
    entries: [entry(30, 'warning', 'the API answers degraded', { cause: 'data_stale' })],
    says: [/"data_stale" in deployment/],
    not: /What was seen/,
  },
  {
    title: 'two looks',
    entries: [opened, entry(90, 'escalation', 'x', { observation: hungAt(90) })],
    says: [/What was seen at 2026-01-15T12:00:30Z/, /and at 2026-01-15T12:01:30Z/],
  },
  {
    title: 'causes, a stopped process, PM2 away',
    entries: [
      entry(30, 'opened', 'x', {
        observation: observation(
          30_000,
          answered('unhealthy', [{ code: 'database_unreachable', message: 'store_timeout' }]),
          [managed('api', { pid: 0, status: 'stopped', exitCode: 78, lastWords: 'cannot start' })],
        ),
      }),
      entry(60, 'alert', 'y', { observation: observation(60_000, answered(), null) }),
    ],
    says: [
      /unhealthy \(HTTP 503\) after 3 ms/,
      /database_unreachable: store_timeout/,
      /api {6}stopped, 90 MB, last exit code 78, last words: cannot start/,
      /PM2 {6}cannot be reached: test: no PM2 daemon/,
    ],
  },
  {
    title: 'what a terminal would obey, and a second line',
    entries: [entry(30, 'opened', 'a\u001b[2Jb\nWhat to do now\u202e', { cause: 'x\u0007' })],
    says: [/What happened {2}ab What to do now\n/],
    not: /[\u001b\u0007\u202e]/,
  },
];

for (const { title, entries, says, not } of table) {
  test(`the story of ${title}`, (t) => {
    const text = story(entries, NOW);
    for (const pattern of says) t.regex(text, pattern);
    if (not !== undefined) t.notRegex(text, not);
  });
}

test('a long incident shows its beginning and its end', (t) => {
  const reminders = Array.from({ length: 100 }, (_, n) =>
    entry(60 * n, 'reminder', `number ${n};`),
  );
  const text = story([opened, ...reminders], NOW);
  t.regex(text, /number 18;[^]*… and 71 steps more: --json has them\n[^]*number 90;/);
  t.notRegex(text, /number 19;|number 89;/);
});

test('every event has its word, and the story of any one of them can be told', (t) => {
  for (const event of JOURNAL_EVENTS) {
    t.regex(story([entry(30, event, 'the words')], NOW), / {2}\w[\w ]+ the words\n/, event);
  }
});

test('an incident whose name tells no time began with its first entry', (t) => {
  for (const incident of ['odd', '20269915T120000Z-api']) {
    t.is(summarise([entry(30, 'opened', 'x', { incident })])?.began, '2026-01-15T12:00:30.000Z');
  }
});

test('the list has the newest first, and what is open beside one is named', async (t) => {
  const other = entry(50, 'opened', 'x', { incident: '20260115T120040Z-pm2', cause: 'pm2_gone' });
  const all = await summaries(each([...cured.slice(0, 5), other, ...cured.slice(5)]));
  t.is(
    listed(all, false),
    `20260115T120040Z-pm2  open       pm2_gone, since 2026-01-15T12:00:40Z, 0 restarts
20260115T120000Z-api  closed     timeout, lasted 1 minute 15 seconds, 1 restart
`,
  );
  const [api, pm2] = all;
  if (api === undefined || pm2 === undefined) return t.fail();
  t.deepEqual(otherOpen(all, api), [
    'Open as well: npm run monitor:why -- --incident 20260115T120040Z-pm2',
  ]);
  t.deepEqual(otherOpen(all, pm2), []);
  t.like(asProgramsSee(cured, api), {
    ...{ incident: '20260115T120000Z-api', state: 'closed', cause: 'timeout', restarts: 1 },
    ...{ budget_left: 2, duration_seconds: 75, runbook: 'The backend does not answer' },
  });
  t.is(listed([], false), 'No incident is on record.\n');
});

test('memory does not grow with the number of incidents', async (t) => {
  const many = Array.from({ length: 1500 }, (_, n) =>
    entry(n, 'opened', 'x', { incident: `i${n}` }),
  );
  const all = await summaries(each(many));
  t.is(all.length, 1000);
  t.is(all.at(-1)?.id, 'i1499');
});

test('durations are said in at most two units', (t) => {
  const said = [-5, 400, 1000, 61_000, 3_600_000, 7_500_000, 86_403_000, 180_000_000].map(duration);
  t.deepEqual(said, [
    ...['less than a second', 'less than a second', '1 second', '1 minute 1 second', '1 hour'],
    ...['2 hours 5 minutes', '1 day', '2 days 2 hours'],
  ]);
  t.is(oneLine(' a\r\n\tb '), 'a b');
});

test('a cause from the network that is named like a part of every object is a cause', (t) => {
  for (const cause of ['__proto__', 'constructor', 'toString']) {
    t.is(runbookSection(cause), cause);
    t.regex(story([entry(0, 'opened', 'x', { cause })], 0), new RegExp(`Follow "${cause}"`));
  }
});
