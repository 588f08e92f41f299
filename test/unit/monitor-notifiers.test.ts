import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createNotifiers } from '../../monitor/notify/notifiers.js';
import { systemClock } from '../../src/clock.js';
import { loadSettings } from '../../src/config.js';
import { recordingLog } from '../support/log.js';
import { notice } from '../support/notices.js';
import { eventually } from '../support/pm2.js';
import { receiver } from '../support/receiver.js';
import { temporaryFolder } from '../support/temp.js';

test('from the configuration: the log first, then webhook and command', async (t) => {
  const server = await receiver(t);
  const folder = temporaryFolder(t);
  const out = join(folder, 'out');
  const settings = loadSettings({
    MONITOR_STATE_DIR: folder,
    MONITOR_WEBHOOK_URL: `${server.url}/hunter2`,
    MONITOR_WEBHOOK_FORMAT: 'slack',
    MONITOR_COMMAND: `printf "%s" "$SENTIMENTAGENT_NOTICE_ID" > ${out}`,
  });
  const { log, lines } = recordingLog();
  const notifiers = createNotifiers({ ...settings, clock: systemClock, log, dryRun: false });
  const one = notice({ time: new Date().toISOString() });
  await notifiers.notify(one);
  await eventually('both have it', () => notifiers.figures().queued === 0);
  t.regex(server.received[0]?.body ?? '', /^\{"text":"ALERT the API/);
  t.is(readFileSync(out, 'utf8'), one.id);
  t.true(lines.some(({ msg }) => msg.startsWith('ALERT the API does not answer')));
  t.false(JSON.stringify(lines).includes('hunter2'));
  await notifiers.close();
});

test('a dry run tells the log alone and touches no file', async (t) => {
  const server = await receiver(t);
  const folder = join(temporaryFolder(t), 'state');
  const settings = loadSettings({ MONITOR_STATE_DIR: folder, MONITOR_WEBHOOK_URL: server.url });
  const { log, lines } = recordingLog();
  const notifiers = createNotifiers({ ...settings, clock: systemClock, log, dryRun: true });
  await notifiers.notify(notice());
  await notifiers.close();
  t.is(lines.length, 1);
  t.is(server.received.length, 0);
  t.false(existsSync(folder));
});
