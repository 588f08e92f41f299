import { randomBytes } from 'node:crypto';
import { systemClock, toIso } from '../clock.js';
import { runCycle } from '../collect/cycle.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { cycleTable } from '../demo/table.js';
import { cycleId } from '../domain/cycle.js';
import { pausedSince } from '../domain/pause.js';
import { AppError } from '../errors.js';
import { holderIsDead, holderName } from '../holder.js';
import { createLog } from '../log.js';
import { createRedditSource } from '../reddit/client.js';
import { createLexiconScorer } from '../scorer/lexicon.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';

const help = `
npm run collect -- [--json]

One collection cycle in the foreground, under the same lease as the job runner: waits while
somebody else collects.

  --json   print the cycle's record instead of a table

Exit codes: 0 succeeded, 1 failed, 2 partial, 69 store unreachable, 75 paused,
78 wrong setting or no Reddit credentials. Ctrl-C ends the cycle in order: 1 or 2, as it stood.
`;

/** @throws AppError `collection_paused` */
async function refusePaused(store: Store): Promise<void> {
  const paused = await store.pauseState();
  if (paused === null) return;
  await store.close();
  throw new AppError('collection_paused', pausedSince(paused), { cure: 'npm run resume' });
}

const EXIT = { succeeded: 0, skipped: 0, failed: 1, partial: 2 };

await runCommand(
  { name: 'collect', help, options: { json: { type: 'boolean', default: false } } },
  async ({ values }, signal) => {
    const { config, secrets } = loadSettings(readEnvironment());
    if (config.reddit === null || secrets.redditClientSecret === null) {
      throw new AppError('config_invalid', 'Collection is off: there are no Reddit credentials', {
        cure: 'set REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET and REDDIT_USER_AGENT, or see npm run demo',
      });
    }
    const clock = systemClock;
    const quiet = { ...config, logLevel: 'warn' as const };
    const log = await createLog('collect', quiet, secrets, process.stderr);
    const store = await openStore(config, { clock, log, signal, cosmosKey: secrets.cosmosKey });
    await refusePaused(store);
    const source = createRedditSource(config.reddit, secrets.redditClientSecret, {
      clock,
      log,
      budget: store,
    });
    const id = cycleId(toIso(clock.now()), randomBytes(3).toString('hex'));
    const progress = process.stderr.isTTY ? (line: string) => process.stderr.write(line) : null;
    try {
      const outcome = await runCycle(
        { id, trigger: 'manual' },
        {
          ...{ store, source, clock, log, config, holderIsDead },
          scorer: createLexiconScorer(),
          holder: `${holderName()}:${id}`,
          memory: () => process.memoryUsage.rss(),
          onSubreddit: ({ name }, done, of) => progress?.(`\r\x1b[K${done}/${of} ${name}`),
        },
        signal,
      );
      progress?.('\r\x1b[K');
      if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
      else if (outcome.status === 'skipped') process.stdout.write(`${outcome.reason}\n`);
      else process.stdout.write(`${cycleTable(outcome.cycle).join('\n')}\n`);
      return EXIT[outcome.status];
    } finally {
      await source.close();
      await store.close();
    }
  },
);
