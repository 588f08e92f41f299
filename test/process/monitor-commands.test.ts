import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { cured, entry } from '../support/journal.js';
import { inLanes } from '../support/lanes.js';
import { hung, INTERVAL, times, well } from '../support/monitor-play.js';
import { observation } from '../support/observations.js';
import { temporaryFolder } from '../support/temp.js';

/** Commands that are refused share nothing. */
const AT_A_TIME = 2;

/** Runs a command of the monitor's in a folder of its own, where no monitor ever ran. */
function commandIn(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const state = join(folder, 'state');
  const run = (name: string, ...args: string[]) =>
    execa(process.execPath, [resolve(`dist/monitor/read/${name}.js`), ...args], {
      cwd: folder,
      env: { MONITOR_STATE_DIR: state, NODE_ENV: 'production' },
      reject: false,
      timeout: 60_000,
    });
  const journal = (lines: unknown[], name = 'incidents.ndjson') => {
    mkdirSync(state, { recursive: true });
    const text = lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    writeFileSync(join(state, name), `${text.join('\n')}\n`);
    return join(state, name);
  };
  return { folder, state, run, journal };
}

test('monitor:why tells of nothing, of the last incident, and of another one', async (t) => {
  const { state, run, journal } = commandIn(t);
  const nothing = await run('why');
  t.is(nothing.exitCode, 0);
  t.is(nothing.stdout, `No incident is on record in ${state}.`);
  t.is((await run('why', '--json')).stdout, '{"incident":null}');
  t.is((await run('why', '--list')).stdout, 'No incident is on record.');

  const later = entry(600, 'opened', 'PM2 cannot be reached', {
    incident: '20260115T121000Z-pm2',
    cause: 'pm2_unreachable',
  });
  journal([...cured, later]);
  const last = await run('why');
  t.is(last.exitCode, 0);
  t.is(last.stderr, '');
  t.regex(last.stdout, /^Incident 20260115T121000Z-pm2 \(open\)\n/);
  t.regex(last.stdout, /No monitor runs with this MONITOR_STATE_DIR/);
  const named = await run('why', '--incident', '20260115T120000Z-api');
  t.regex(named.stdout, /\(closed\)[^]*it lasted 1 minute 15 seconds/);
  t.regex(named.stdout, /Open as well: npm run monitor:why -- --incident 20260115T121000Z-pm2$/);
  const list = await run('why', '--list', '--json');
  const { incidents } = JSON.parse(list.stdout) as { incidents: object[] };
  t.like(incidents, [{ state: 'open' }, { state: 'closed', restarts: 1 }]);
});

test('monitor:why reads past garbage and tells programs the state', async (t) => {
  const { run, journal } = commandIn(t);
  const escalated = entry(90, 'escalation', 'no further restart', { budgetLeft: 0 });
  journal(['rubbish', cured[0], '{"time":1}', escalated]);
  const { exitCode, stdout, stderr } = await run('why', '--json');
  t.is(exitCode, 0);
  t.regex(stderr, /2 lines are no entries, .*incidents\.ndjson line 1 first/);
  t.like(JSON.parse(stdout), {
    state: 'escalated',
    budget_left: 0,
    ended: null,
    what: cured[0]?.text,
  });
});

test('monitor:why refuses what it does not understand, and a folder it cannot read', async (t) => {
  const { state, run } = commandIn(t);
  const unknown = await run('why', '--incident', 'none');
  t.is(unknown.exitCode, 1);
  t.regex(unknown.stderr, /no incident "none".*--list/);
  const wrong = [['--incident'], ['--what'], ['word'], ['--list', '--incident', 'x']];
  await inLanes(AT_A_TIME, wrong, async (args) => {
    const { exitCode, stderr } = await run('why', ...args);
    t.is(exitCode, 64, args.join(' '));
    t.regex(stderr, /Cure: /);
  });
  t.is((await run('why', '--help')).exitCode, 0);
  writeFileSync(state, 'no folder');
  const { exitCode, stderr } = await run('why');
  t.is(exitCode, 78);
  t.regex(stderr, /cannot be read \(ENOTDIR\)/);
});

test('monitor:silence silences, lists and ends, without a monitor', async (t) => {
  const { state, run } = commandIn(t);
  t.is((await run('silence-root', '--list')).stdout, 'Nothing is silenced.');
  t.is((await run('silence-root', '--end')).stdout, 'Nothing was silenced.');
  const made = await run(
    'silence-root',
    '--minutes',
    '60',
    '--subject',
    'api',
    '--no-restarts',
    '--reason',
    'deploy',
  );
  t.is(made.exitCode, 0);
  t.regex(made.stdout, /^Silenced: api until \d{4}-.*Z \(1 hour\), no restarts: deploy$/);
  await run('silence-root', '--minutes', '5', '--reason', 'a\u001b[2Jb');
  const { stdout } = await run('silence-root', '--list');
  t.regex(stdout, /^api until .*\neverything until .* restarts go on: ab$/);
  t.deepEqual(readdirSync(state), ['silences.json']);
  t.regex((await run('silence-root', '--end', '--subject', 'api')).stdout, /^Ended: api/);
  t.regex((await run('silence-root', '--end')).stdout, /^Ended: everything/);
  t.is((await run('silence-root', '--list')).stdout, 'Nothing is silenced.');
});

const refused = [
  [],
  ['--minutes', '60'],
  ['--minutes', '0', '--reason', 'x'],
  ['--minutes=-5', '--reason', 'x'],
  ['--minutes', '10081', '--reason', 'x'],
  ['--minutes', '1e3', '--reason', 'x'],
  ['--minutes', '5', '--reason', ''],
  ['--minutes', '5', '--reason', 'x'.repeat(201)],
  ['--minutes', '5', '--reason', 'x', '--subject', 'a b'],
  ['--minutes', '5', '--reason', 'x', '--list'],
  ['--list', '--reason', 'x'],
  ['--end', '--no-restarts'],
  ['--list', '--subject', 'api'],
];
test('monitor:silence refuses what it does not understand, and writes nothing', async (t) => {
  const { folder, state, run } = commandIn(t);
  await inLanes(AT_A_TIME, refused, async (args) => {
    const { exitCode, stderr, stdout } = await run('silence-root', ...args);
    t.is(exitCode, 64, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, /^monitor:silence: .* Cure: /, args.join(' '));
  });
  t.deepEqual(readdirSync(folder), []);
  writeFileSync(state, 'no folder');
  t.is((await run('silence-root', '--minutes', '5', '--reason', 'x')).exitCode, 78);
});

const history = [{}, {}, ...times(8, hung), ...times(3, well)].map((look, n) => ({
  run: 'one',
  ...observation(n * INTERVAL, 'outcome' in look ? look.outcome : undefined),
}));

test('monitor:replay prints each decision with its time, then a summary, and touches nothing', async (t) => {
  const { folder, run, journal } = commandIn(t);
  const path = journal(history, 'observations.ndjson');
  const { exitCode, stdout, stderr } = await run('replay', path);
  t.is(exitCode, 0, stderr);
  t.regex(stdout, /^2026-01-15T12:01:00Z {2}ALERT the API does not answer: /m);
  t.regex(stdout, /^2026-01-15T12:01:00Z {2}RESTART api \(timeout\), budget left 2$/m);
  t.regex(stdout, /RECOVERED|RECOVERY/);
  t.regex(
    stdout,
    /^13 probes by 1 run of the monitor, .* \(3 minutes\)\n1 incident, \d restarts?, \d notices? \(1 alert, /m,
  );
  t.deepEqual(readdirSync(folder), ['state']);
  t.deepEqual(readdirSync(join(folder, 'state')), ['observations.ndjson']);

  const patient = await run('replay', '--policy', 'MONITOR_FAILURES=50', path);
  t.regex(patient.stdout, /\n?0 incidents, 0 restarts, 0 notices$/);
  const end = await run('replay', '--from', '2026-01-15T12:02:45Z', path);
  t.regex(end.stdout, /^2 probes/);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  t.is((await run('replay', `${path}.gz`)).stdout, stdout);
});

test('monitor:replay names bad lines, and refuses what it does not understand', async (t) => {
  const { run, journal } = commandIn(t);
  const path = journal(['rubbish', ...history, '{}'], 'observations.ndjson');
  const { exitCode, stdout, stderr } = await run('replay', path);
  t.is(exitCode, 1);
  t.regex(stderr, /observations\.ndjson line 1: no JSON\n.*line 15: neither/);
  t.regex(stdout, /^13 probes[^]*\n2 lines could not be used$/m);
  const wrong = [
    [],
    ['/nowhere'],
    [path, '--from', 'yesterday'],
    [path, '--policy', 'MONITOR_FAILURES'],
    [path, '--policy', 'MONITOR_FAILURES=0'],
    [path, '--policy', 'MONITOR_FAILURE=3'],
    [path, '--policy', 'API_PORT=1'],
  ];
  await inLanes(AT_A_TIME, wrong, async (args) => {
    const refusal = await run('replay', ...args);
    t.is(refusal.exitCode, 64, args.join(' '));
    t.regex(refusal.stderr, /^monitor:replay: .* Cure: /, args.join(' '));
  });
});
