import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { decide } from '../../monitor/rules/decide.js';
import type { Policy } from '../../monitor/rules/policy.js';
import { initialState } from '../../monitor/rules/state.js';
import { acquireLock } from '../../monitor/records/lock.js';
import { stateFile } from '../../monitor/records/state-file.js';
import type { AppError } from '../../src/errors.js';
import { holderName } from '../../src/holder.js';
import { createLog } from '../../src/log.js';
import { ManualClock } from '../support/clock.js';
import { policy as defaults } from '../support/monitor-play.js';
import { answered, noAnswer, observation } from '../support/observations.js';
import { temporaryFolder } from '../support/temp.js';

const policy: Policy = {
  ...defaults,
  failures: 1,
  recoveries: 1,
  graceMs: 0,
  maxRestarts: 1,
  restartWindowMs: 900_000,
};

test('a second lock is refused, naming the pid; a released one is free', async (t) => {
  const folder = join(temporaryFolder(t), 'state');
  const lock = await acquireLock(folder);
  const error = await t.throwsAsync<AppError>(acquireLock(folder));
  t.is(error.code, 'already_running');
  t.is(error.exitCode, 78);
  t.regex(error.message, new RegExp(`pid ${process.pid}\\b`));
  await lock.release();
  await lock.release();
  await (await acquireLock(folder)).release();
  t.deepEqual(readdirSync(folder), []);
});

test('a lock whose holder is gone is taken over, half a lock too', async (t) => {
  const folder = temporaryFolder(t);
  const [host, pid, , boot] = holderName().split(':');
  for (const stale of [[host, pid, '1', boot].join(':'), 'rubbish', '']) {
    writeFileSync(join(folder, 'monitor.lock'), stale);
    const lock = await acquireLock(folder);
    t.is(readFileSync(join(folder, 'monitor.lock'), 'utf8'), holderName());
    await lock.release();
  }
  t.deepEqual(readdirSync(folder), []);
});

test('a lock that somebody else has taken over is left alone', async (t) => {
  const folder = temporaryFolder(t);
  const lock = await acquireLock(folder);
  writeFileSync(join(folder, 'monitor.lock'), 'another');
  await lock.release();
  t.is(readFileSync(join(folder, 'monitor.lock'), 'utf8'), 'another');
});

test('a folder that cannot be made is a configuration error', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const error = await t.throwsAsync<AppError>(acquireLock(join(folder, 'file', 'state')));
  t.is(error.code, 'config_invalid');
});

const quiet = () => createLog('monitor', { nodeEnv: 'production', logLevel: 'silent' });

test('budget and open incident outlive the monitor', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new ManualClock('2026-01-15T12:00:00.000Z');
  const first = decide(initialState(0, policy), observation(0, noAnswer()), policy);
  t.is(first.actions.length, 3);
  await stateFile(folder, clock, await quiet(), 65_000).save(first.state);

  const later = new ManualClock('2026-01-15T12:05:00.000Z'); // its monotonic clock starts anew
  const restored = await stateFile(folder, later, await quiet(), 65_000).restore(
    initialState(0, policy),
  );
  t.deepEqual(restored.processes.api?.restarts, [
    { at: -300_000, time: '2026-01-15T12:00:00.000Z' },
  ]);
  t.is(restored.watches.api?.incident?.restarts, 1);
  const second = decide(restored, observation(1000, noAnswer()), policy);
  t.like(second.actions, [{ kind: 'record', entry: { event: 'judged' } }]);
  t.is(second.actions.length, 1, 'no second restart');
  const third = decide(second.state, observation(16_000, noAnswer()), policy);
  t.like(third.actions, [{ kind: 'notify', notice: { kind: 'escalation' } }]);
  t.false(
    third.actions.some(({ kind }) => kind === 'restart'),
    'no second restart',
  );
});

test('a restart that was under way when the monitor died is waited for', async (t) => {
  const folder = temporaryFolder(t);
  const first = decide(initialState(0, policy), observation(0, noAnswer()), policy);
  await stateFile(folder, new ManualClock(), await quiet(), 65_000).save(first.state);
  const soon = new ManualClock('2026-01-15T12:00:05.000Z');
  const rules = { ...policy, maxRestarts: 3, judgeMs: [0, 1e9, 1e9] };
  let state = await stateFile(folder, soon, await quiet(), 65_000).restore(initialState(0, rules));
  const restarts: number[] = [];
  for (let at = 0; at < 120_000; at += 5000) {
    const next = decide(state, observation(at, noAnswer()), rules);
    state = next.state;
    if (next.actions.some(({ kind }) => kind === 'restart')) restarts.push(at);
  }
  t.is(restarts[0], 60_000, '65 s after the one before, which it may have cured');
});

test('a trouble of many words costs no memory: it is saved shorter', async (t) => {
  const folder = temporaryFolder(t);
  const causes = Array.from({ length: 20 }, (_, index) => ({
    code: `cause_${index}`,
    message: 'm'.repeat(300),
  }));
  const seen = observation(0, answered('unhealthy', causes));
  const { state } = decide(initialState(0, policy), seen, policy);
  t.true((state.watches.api?.incident?.what.length ?? 0) > 6000);
  const clock = new ManualClock('2026-01-15T12:00:00.000Z');
  await stateFile(folder, clock, await quiet(), 65_000).save(state);
  const file = stateFile(folder, clock, await quiet(), 65_000);
  const restored = await file.restore(initialState(0, policy));
  t.is(restored.watches.api?.incident?.id, state.watches.api?.incident?.id);
});

test('a clock set back meanwhile makes the restarts count longer, never shorter', async (t) => {
  const folder = temporaryFolder(t);
  const { state } = decide(initialState(0, policy), observation(0, noAnswer()), policy);
  await stateFile(folder, new ManualClock(), await quiet(), 65_000).save(state);
  const back = new ManualClock('2026-01-15T11:00:00.000Z');
  const restored = await stateFile(folder, back, await quiet(), 65_000).restore(
    initialState(0, policy),
  );
  t.is(restored.processes.api?.restarts[0]?.at, 0);
});

test('a corrupt, foreign or huge file is told and left out', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'monitor-state.json');
  const lines: string[] = [];
  const log = await createLog(
    'monitor',
    { nodeEnv: 'production', logLevel: 'info' },
    {},
    {
      write: (line: string) => void lines.push(line),
    },
  );
  const fresh = initialState(0, policy);
  const texts = [
    '{"version":2,',
    '{"version":2}',
    '[]',
    '',
    `{"version":1,"x":"${'x'.repeat(300_000)}"}`,
  ];
  for (const text of texts) {
    writeFileSync(path, text);
    t.deepEqual(await stateFile(folder, new ManualClock(), log, 65_000).restore(fresh), fresh);
  }
  t.is(lines.length, texts.length);
});

test('only what changed is written, and nothing is left beside it', async (t) => {
  const folder = join(temporaryFolder(t), 'new');
  const file = stateFile(folder, new ManualClock(), await quiet(), 65_000);
  await file.save(initialState(0, policy));
  t.deepEqual(readdirSync(folder), ['monitor-state.json']);
  writeFileSync(join(folder, 'monitor-state.json'), 'touched');
  await file.save(initialState(5000, policy));
  t.is(readFileSync(join(folder, 'monitor-state.json'), 'utf8'), 'touched');
});

test('a folder that cannot be written does not stop the watching', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const file = stateFile(join(folder, 'file', 'x'), new ManualClock(), await quiet(), 65_000);
  await t.notThrowsAsync(file.save(initialState(0, policy)));
});
