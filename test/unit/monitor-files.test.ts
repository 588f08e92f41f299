import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { openFiles } from '../../monitor/records/files.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog } from '../support/log.js';
import { observation } from '../support/observations.js';
import { temporaryFolder } from '../support/temp.js';

test('a disk that hangs costs a moment once, is told, and stops nothing else', async (t) => {
  const folder = temporaryFolder(t);
  const fifo = join(folder, 'silences.json');
  await execa('mkfifo', [fifo]); // who opens it for reading waits for a writer
  t.teardown(() => closeSync(openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)));
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const files = openFiles({ folder, clock, log, restartMs: 65_000, readOnly: false });
  const first = files.silences();
  await clock.advance(2000);
  t.deepEqual(await first, []);
  t.deepEqual(await files.silences(), [], 'not asked again while it hangs');
  t.is(lines.filter(({ msg }) => msg.includes('hangs (silences)')).length, 1);
  await files.record(observation(0));
  const idle = files.idle();
  await clock.advance(2000);
  await idle;
});
