import { createDispatcher } from '../../monitor/notify/dispatcher.js';
import { webhookChannel } from '../../monitor/notify/webhook.js';
import { systemClock } from '../../src/clock.js';
import { createLog } from '../../src/log.js';
import { notice } from '../support/notices.js';

/** A process that tells the notices whose ids it is given to a webhook, and stays. */
const [folder = '', url = '', ...ids] = process.argv.slice(2);
const clock = systemClock;
const log = await createLog('notices', { nodeEnv: 'production', logLevel: 'debug' });
const channels = [webhookChannel({ url, format: 'json', clock })];
const dispatcher = createDispatcher({ folder, channels, clock, log });
for (const id of ids) await dispatcher.notify(notice({ id }));
process.stdout.write('notified\n');
process.on('SIGTERM', () => void dispatcher.close().then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
