import test from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { awaitStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { unmountedDisk } from '../support/locks.js';
import { recordingLog } from '../support/log.js';

/** A clock on which waiting takes no time, and that says how long it would have taken. */
function hastyClock(onSleep: (slept: number[]) => void): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    onSleep(slept);
    await new Promise((next) => setImmediate(next));
  };
  return { clock: { ...systemClock, sleep }, slept };
}

for (const [base, delays] of [
  ['1', [1000, 4000, 16_000, 16_000, 16_000, 16_000]],
  ['0', [50, 200, 800, 3200, 12_800, 16_000]],
] as const) {
  test(`a store is waited for at ${delays.join(', ')} ms, told once, and opened`, async (t) => {
    const { path, mount } = unmountedDisk(t);
    const { clock, slept } = hastyClock(({ length }) => length === delays.length && mount());
    const { log, lines } = recordingLog();
    const config = testConfig({ SQLITE_PATH: path, DB_RETRY_BASE_DELAY: base });
    const { signal } = new AbortController();
    const { opened } = await awaitStore(config, { clock, log, signal });
    const store = await opened;
    t.deepEqual(slept, [...delays]);
    t.is(lines.length, 1);
    t.is((await store?.ping())?.data_version, 0);
    await store?.close();
  });
}

test('the wait ends with nothing when it is told to', async (t) => {
  const { path } = unmountedDisk(t);
  const stop = new AbortController();
  const { clock } = hastyClock(({ length }) => length === 3 && stop.abort());
  const { log } = recordingLog();
  const config = testConfig({ SQLITE_PATH: path });
  const { opened } = await awaitStore(config, { clock, log, signal: stop.signal });
  t.is(await opened, null);
});
