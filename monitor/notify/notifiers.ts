import { type Config, environmentForPrograms, type Secrets } from '../../src/config.js';
import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import type { Channel } from './channel.js';
import { commandChannel } from './command.js';
import { createDispatcher, type Dispatcher } from './dispatcher.js';
import { logNotifier } from './log.js';
import { webhookChannel } from './webhook.js';

export interface NotifierParts {
  config: Config;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  /** Tells the log alone and touches no file. */
  dryRun: boolean;
}

/** The log always, and first; then the channels that are configured. */
export function createNotifiers(parts: NotifierParts): Dispatcher {
  const { config, clock, log, dryRun } = parts;
  const channels = dryRun ? [] : channelsOf(parts);
  const labels = channels.map(({ label }) => label);
  if (labels.length > 0) log.info({ channels: labels }, 'alerts go to the log and on from there');
  const dispatcher = createDispatcher({ folder: config.monitor.stateDir, channels, clock, log });
  const toLog = logNotifier(log);
  return {
    ...dispatcher,
    async notify(notice) {
      await toLog.notify(notice);
      await dispatcher.notify(notice);
    },
  };
}

function channelsOf({ config, secrets, clock }: NotifierParts): Channel[] {
  const { webhookFormat: format, command } = config.monitor;
  const { webhookUrl: url } = secrets;
  const environment = environmentForPrograms();
  return [
    ...(url === null ? [] : [webhookChannel({ url, format, clock })]),
    ...(command === null ? [] : [commandChannel({ command, environment, clock })]),
  ];
}
