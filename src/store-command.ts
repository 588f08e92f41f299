import { systemClock } from './clock.js';
import { type Config, loadSettings, readEnvironment } from './config.js';
import { createLog } from './log.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';

/**
 * What a command does with the store that the configuration names, which has to exist. Warnings go
 * to standard error, so that standard output is the command's answer alone.
 *
 * @throws AppError as the configuration, the opening and `use` do; the store is closed
 */
export async function withStore<T>(
  command: string,
  signal: AbortSignal,
  use: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const { config, secrets } = loadSettings(readEnvironment());
  const logConfig = { nodeEnv: config.nodeEnv, logLevel: 'warn' } as const;
  const log = await createLog(command, logConfig, secrets, process.stderr);
  const store = await openStore(config, {
    ...{ clock: systemClock, log, ifMissing: 'refuse' as const, signal },
    cosmosKey: secrets.cosmosKey,
  });
  try {
    return await use(store, config);
  } finally {
    await store.close();
  }
}
