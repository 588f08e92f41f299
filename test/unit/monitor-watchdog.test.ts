import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createWatchdog, type WatchdogOptions } from '../../monitor/notify/watchdog.js';
import { loadSettings } from '../../src/config.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog } from '../support/log.js';
import { eventually } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

/** Under systemd as `keys` say it; systemd-notify is a script that notes what it is told. */
function underSystemd(t: ExecutionContext, keys: Record<string, string>, script?: string) {
  const folder = temporaryFolder(t);
  const told = join(folder, 'told');
  const program = join(folder, 'systemd-notify');
  writeFileSync(program, script ?? `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`);
  chmodSync(program, 0o755);
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const { systemd } = loadSettings({ NOTIFY_SOCKET: '/run/notify', ...keys }).config;
  const options: WatchdogOptions = {
    systemd,
    pid: 4711,
    environment: { PATH: `${folder}:${process.env.PATH ?? ''}` },
    patienceMs: 60_000,
    clock,
    log,
  };
  const states = () =>
    existsSync(told)
      ? readFileSync(told, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.replace('/run/notify ', ''))
      : [];
  const heard = (count: number) =>
    eventually(`${count} messages, there are ${states().join()}`, () => states().length === count);
  return { watchdog: createWatchdog(options), clock, lines, states, heard };
}

test('ready, then alive at half the time while the loop goes on, then stopping', async (t) => {
  const keys = { WATCHDOG_USEC: '40000000', WATCHDOG_PID: '4711' };
  const { watchdog, clock, states, heard } = underSystemd(t, keys);
  watchdog.ready();
  await heard(2);
  t.deepEqual(states(), ['READY=1', 'WATCHDOG=1']);
  for (let round = 3; round <= 5; round += 1) {
    await eventually('it sleeps', () => clock.sleeping === 1);
    watchdog.progress();
    await clock.advance(19_999);
    t.is(clock.sleeping, 1);
    await clock.advance(1);
    await heard(round);
  }
  // Until 60 s without progress.
  for (let round = 6; round <= 7; round += 1) {
    await eventually('it sleeps', () => clock.sleeping === 1);
    await clock.advance(20_000);
    await heard(round);
  }
  await eventually('it sleeps', () => clock.sleeping === 1);
  await clock.advance(200_000);
  t.is(clock.sleeping, 1, 'nothing is being told');
  t.is(states().length, 7, 'a loop that hangs is not called alive');
  watchdog.progress();
  await clock.advance(20_000);
  await heard(8);
  await eventually('it sleeps', () => clock.sleeping === 1);
  await watchdog.stop();
  await clock.advance(200_000);
  t.deepEqual(states().slice(7), ['WATCHDOG=1', 'STOPPING=1']);
});

test('without WatchdogSec= it says ready and stopping only', async (t) => {
  const { watchdog, clock, states, heard } = underSystemd(t, {});
  watchdog.ready();
  await heard(1);
  await clock.advance(600_000);
  await watchdog.stop();
  t.deepEqual(states(), ['READY=1', 'STOPPING=1']);
});

for (const key of ['WATCHDOG_PID', 'SYSTEMD_EXEC_PID']) {
  test(`below the process that systemd started (${key}), as under PM2, it says nothing`, async (t) => {
    const { watchdog, clock, states } = underSystemd(t, {
      [key]: '1234',
      WATCHDOG_USEC: '1000000',
    });
    watchdog.ready();
    watchdog.progress();
    await clock.advance(60_000);
    await watchdog.stop();
    t.deepEqual(states(), []);
  });
}

test('without systemd-notify there is one warning', async (t) => {
  const { lines } = underSystemd(t, {});
  const clock = new ManualClock();
  const { log, lines: said } = recordingLog();
  const systemd = { socket: '/run/notify', watchdogMs: 10_000, mainPid: null };
  const environment = { PATH: '/nowhere' };
  const watchdog = createWatchdog({ systemd, pid: 1, environment, patienceMs: 1e9, clock, log });
  watchdog.ready();
  await eventually('the warning', () => said.length === 1);
  for (let round = 0; round < 5; round += 1) await clock.advance(5000);
  await watchdog.stop();
  t.is(said.length, 1);
  t.regex(said[0]?.msg ?? '', /systemd-notify is not installed/);
  t.deepEqual(lines, []);
});

test('a systemd-notify that fails is told once, and tried again', async (t) => {
  const { watchdog, clock, lines } = underSystemd(
    t,
    { WATCHDOG_USEC: '10000000' },
    '#!/bin/sh\nexit 1\n',
  );
  watchdog.ready();
  await eventually('the warning', () => lines.length === 1);
  await eventually('it goes on', () => clock.sleeping === 1);
  await clock.advance(5000);
  await eventually('it goes on', () => clock.sleeping === 1);
  await watchdog.stop();
  t.is(lines.length, 1);
});
