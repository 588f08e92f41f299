import { systemClock, toIso } from '../clock.js';
import { runCommand } from '../command.js';
import { type Config, loadSettings, readEnvironment, type Secrets } from '../config.js';
import { AppError } from '../errors.js';
import { createLog, type Log } from '../log.js';
import { move, type MoveReport } from '../move/move.js';
import { progressLine } from '../progress.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';

const HELP = `Usage: npm run migrate-store -- --from sqlite --to cosmos [--json]
       npm run migrate-store -- --from cosmos --to sqlite [--json]

Carries everything from one store to the other: items, rollups, gaps, cycles, watermarks and
what upkeep remembers. Both are those that the configuration names (SQLITE_PATH; COSMOS_ENDPOINT,
COSMOS_KEY or COSMOS_KEY_FILE, COSMOS_DATABASE), whatever STORE says. The system has to be stopped
(npm stop): whoever writes meanwhile writes to one of them only.

What has arrived is not put again, so a move that was interrupted goes on when it is repeated. Until
everything has arrived the store to move to is paused, as by npm run pause, so that nobody collects into
a part of it. In the end items and all rollups of both are compared, but for hours past
DATA_RETENTION_DAYS.

  --from, --to   sqlite or cosmos
  --json         print the report as one JSON object
  --help         print this

Exit codes: 0 everything has arrived, 1 something differs or the move was interrupted, 64 wrong
usage, or the store to move to was collected into since, or the one to move from has itself not
received everything, 69 a store cannot be reached, 75 somebody is at work on one of them, 78 wrong
configuration or unusable store.
`;

const KINDS = ['sqlite', 'cosmos'] as const;
type Kind = (typeof KINDS)[number];

/** A runner notes that it lives every few seconds. */
const HEARTBEAT_OLD_MS = 60_000;

await runCommand(
  {
    name: 'migrate-store',
    help: HELP,
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }, signal) => {
    const [from, to] = kindsOf(values);
    const { config, secrets } = loadSettings({ ...readEnvironment(), STORE: 'cosmos' });
    const logConfig = { nodeEnv: config.nodeEnv, logLevel: 'warn' } as const;
    const log = await createLog('migrate-store', logConfig, secrets, process.stderr);
    const opened: Store[] = [];
    const open = async (kind: Kind, ifMissing: 'create' | 'refuse') => {
      const store = await openKind(kind, ifMissing, { config, secrets, log, signal });
      opened.push(store);
      await refuseAtWork(kind, store);
      return store;
    };
    const progress = progressLine(systemClock, process.stderr);
    try {
      const source = await open(from, 'refuse');
      const target = await open(to, 'create');
      const report = await move(
        {
          ...{ from: source, to: target, clock: systemClock },
          retentionDays: config.collection.retentionDays,
          refuseAtWork: async () => {
            await refuseAtWork(from, source);
            await refuseAtWork(to, target);
          },
          onProgress: ({ subreddit, hour, hours, put }) =>
            progress.show(`${hours} hours, ${put} items put, now r/${subreddit} ${hour}`),
        },
        signal,
      );
      progress.clear();
      process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : asText(report));
      return report.differences.length === 0 ? 0 : 1;
    } finally {
      progress.clear();
      for (const store of opened) await store.close();
    }
  },
);

function kindsOf(values: { from?: string; to?: string }): [Kind, Kind] {
  const [from, to] = [values.from, values.to].map((given) => KINDS.find((kind) => kind === given));
  if (from !== undefined && to !== undefined && from !== to) return [from, to];
  throw new AppError('invalid_request', 'A move is from one kind of store to the other', {
    cure: '--from sqlite --to cosmos, or --from cosmos --to sqlite',
  });
}

interface Opening {
  config: Config;
  secrets: Secrets;
  log: Log;
  signal: AbortSignal;
}

async function openKind(
  kind: Kind,
  ifMissing: 'create' | 'refuse',
  { config, secrets, log, signal }: Opening,
): Promise<Store> {
  const { store } = config;
  const chosen = {
    ...config,
    store: { ...store, kind, cosmos: kind === 'cosmos' ? store.cosmos : null },
  };
  const { cosmosKey } = secrets;
  return openStore(chosen, { clock: systemClock, log, signal, ifMissing, cosmosKey });
}

/** Two witnesses: the lease of a cycle, and the heartbeat of a runner. */
async function refuseAtWork(kind: Kind, store: Store): Promise<void> {
  const nowMs = systemClock.now();
  const { running_cycle, jobs } = await store.healthFacts(toIso(nowMs));
  const beats = jobs !== null && nowMs - Date.parse(jobs.at) < HEARTBEAT_OLD_MS;
  if (running_cycle === null && !beats) return;
  const who = running_cycle === null ? `the runner ${jobs?.holder}` : `cycle ${running_cycle}`;
  throw new AppError('collection_paused', `Somebody is at work on the ${kind} store: ${who}`, {
    cure: 'npm stop on every machine, then wait: a minute after a runner ended, LEASE_SECONDS after a collector was killed',
  });
}

function asText(report: MoveReport): string {
  const { hours, put, cycles, items, rollups, hours_left_out, compared_since } = report;
  return `${[
    `${put} items were put, ${hours} hours looked at, ${cycles} cycles; compared: ${items} items, ${rollups} rollups`,
    ...(hours_left_out === 0
      ? []
      : [
          `not compared: ${hours_left_out} hours before ${compared_since}, which are past retention`,
        ]),
    ...(report.differences.length === 0
      ? ['everything has arrived']
      : [...report.differences, 'the store that was moved to stays paused']),
  ].join('\n')}\n`;
}
