import { type Static, Type } from 'typebox';

/** Default subreddits, in the spelling Reddit uses. */
export const DEFAULT_SUBREDDITS =
  'Cursor,Bard,GithubCopilot,claude,windsurf,ChatGPTCoding,vibecoding,aws,programming,MachineLearning,artificial,OpenAI,kiroIDE,JulesAgent';

/** Of the account that COSMOS_ENDPOINT names. */
export const DEFAULT_DATABASE = 'sentiment_analysis';

const integer = (description: string, fallback: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: fallback, minimum, maximum });
const number = (description: string, fallback: number, minimum: number, maximum: number) =>
  Type.Number({ description, default: fallback, minimum, maximum });
const flag = (description: string, fallback: boolean) =>
  Type.Boolean({ description, default: fallback });
const text = (description: string, fallback: string) =>
  Type.String({ description, default: fallback, minLength: 1 });
const optional = (description: string) => Type.Optional(Type.String({ description, minLength: 1 }));
const oneOf = <T extends string>(description: string, fallback: T, values: T[]) =>
  Type.Enum(values, { description, default: fallback });

const DAY_SECONDS = 86_400;

/**
 * Every key we read, with its meaning, default and range: the one schema from which the
 * type, `.env.example` and the README's table follow (test/unit/docs.test.ts).
 */
export const EnvSchema = Type.Object({
  REDDIT_CLIENT_ID: optional('script-app id; without credentials collection is off and says so'),
  REDDIT_CLIENT_SECRET: optional('script-app secret; better `REDDIT_CLIENT_SECRET_FILE`'),
  REDDIT_CLIENT_SECRET_FILE: optional('file that holds the script-app secret'),
  REDDIT_USER_AGENT: optional('how the client names itself to Reddit; needed with credentials'),
  REDDIT_BASE_URL: optional("another server that speaks Reddit's API (simulator, proxy)"),
  REDDIT_TIMEOUT_SECONDS: number('deadline of one request to Reddit', 15, 0.1, 300),
  SUBREDDITS: text('comma-separated, case-insensitive, duplicates refused', DEFAULT_SUBREDDITS),
  COLLECTION_INTERVAL_MINUTES: number('from one cycle to the next', 30, 0.05, 1440),
  COLLECTION_DEADLINE_MINUTES: number('a cycle is ended after this', 20, 0.02, 1440),
  JOB_MEMORY_MB: integer('heap cap of a job thread', 256, 32, 16_384),
  STORE: oneOf('which store keeps the data: a file here, or Azure Cosmos DB', 'sqlite', [
    'sqlite',
    'cosmos',
  ]),
  SQLITE_PATH: text('database file of the embedded store', 'data/sentimentagent.db'),
  COSMOS_ENDPOINT: optional('URL of the account; needed with `STORE=cosmos`'),
  COSMOS_KEY: optional('its primary or secondary key; better `COSMOS_KEY_FILE`'),
  COSMOS_KEY_FILE: optional('file that holds the key of the account'),
  COSMOS_DATABASE: text('database in the account', DEFAULT_DATABASE),
  COSMOS_CA_FILE: optional(
    "PEM file of certificates that are trusted besides Node's own, for an emulator or a proxy",
  ),
  STORE_TIMEOUT_SECONDS: number('deadline of one store operation behind a request', 1.5, 0.05, 60),
  STORE_MAX_CONNECTIONS: integer('connections of one process to the Cosmos account', 16, 1, 256),
  STARTUP_LOAD_HOURS: integer('newest hours of statistics, loaded first after start', 24, 1, 2160),
  START_DEGRADED: flag('true: a store that cannot be reached does not end the start', false),
  DATA_RETENTION_DAYS: integer('items older than this are neither collected nor kept', 90, 1, 3650),
  TEXT_RETENTION_HOURS: Type.Optional(
    Type.Integer({
      description:
        'text and authors older than this are erased, scores and counts stay; without it as long as items are kept',
      minimum: 1,
      maximum: 87_600,
    }),
  ),
  BACKUP_DIR: text('folder of the daily backups', 'data/backups'),
  BACKUP_KEEP_DAYS: integer('backups older than this are removed', 2, 1, 3650),
  DB_RETRY_MAX_ATTEMPTS: integer('retries of a store that cannot be reached', 3, 0, 10),
  DB_RETRY_BASE_DELAY: number('seconds before the first retry; then ×4 each', 1, 0, 60),
  LEASE_SECONDS: number('how long a dead collector blocks the next one', 120, 1, 3600),
  SHUTDOWN_DEADLINE_SECONDS: number('a process has ended by then', 30, 1, 600),
  HEALTH_CHECK_ENABLED: flag('false: `/health` gives status and timestamp only', true),
  API_HOST: text('address the API listens on', '127.0.0.1'),
  API_PORT: integer('port the API listens on; 0 takes a free one', 8000, 0, 65_535),
  API_INSTANCES: integer('API processes that PM2 runs', 1, 1, 64),
  API_CORS_ORIGINS: optional(
    'origins whose pages may read the API, comma-separated, or `*` for any; without it none',
  ),
  API_RATE_LIMIT: integer(
    'requests a minute of one address (IPv6: one /64); 0 = off. A dashboard needs tens, so 1200 stops only what has run wild; clients on this machine that come by no proxy are not counted',
    1200,
    0,
    1_000_000,
  ),
  ADMIN_TOKEN_FILE: optional(
    'file with the bearer token of admin routes; without it they answer 403',
  ),
  NODE_ENV: oneOf(
    'presets: readable logs in development, JSON in production, quiet in test',
    'development',
    ['development', 'production', 'test'],
  ),
  LOG_LEVEL: Type.Optional(
    Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      description: 'info, unless NODE_ENV is test: then silent',
    }),
  ),
  MONITOR_HEALTH_URL: optional('what the monitor probes; from API_HOST and API_PORT'),
  MONITOR_STATE_DIR: text('where the monitor keeps its lock and state', 'data/monitor'),
  MONITOR_INTERVAL_SECONDS: number('from one probe to the next', 15, 0.1, DAY_SECONDS),
  MONITOR_TIMEOUT_SECONDS: number('deadline of one probe', 5, 0.05, 300),
  MONITOR_GRACE_SECONDS: number(
    "failures this soon after the monitor's start, or a restart it made, do not count",
    30,
    0,
    3600,
  ),
  MONITOR_FAILURES: integer('consecutive failures before it acts', 3, 1, 100),
  MONITOR_RECOVERIES: integer('consecutive successes before it calls it recovered', 2, 1, 100),
  MONITOR_MAX_RESTARTS: integer('restarts of a process within the window', 3, 0, 100),
  MONITOR_RESTART_WINDOW_MINUTES: number(
    'the rolling window of the restart budget',
    15,
    0.05,
    1440,
  ),
  MONITOR_MEMORY_LIMIT_MB: integer(
    'resident memory of a process before it is called too much',
    500,
    32,
    65_536,
  ),
  MONITOR_METRICS_PORT: integer(
    "port of the monitor's metrics and state, on 127.0.0.1 alone; 0 = none",
    8001,
    0,
    65_535,
  ),
  MONITOR_WEBHOOK_URL: optional(
    'where alerts are posted: https, or http to this machine; better `MONITOR_WEBHOOK_URL_FILE`',
  ),
  MONITOR_WEBHOOK_URL_FILE: optional("file that holds the webhook's URL"),
  MONITOR_WEBHOOK_FORMAT: oneOf('how the webhook wants its alerts', 'json', ['json', 'slack']),
  MONITOR_COMMAND: optional(
    'run by `/bin/sh -c` for each alert, which is JSON on its standard input; it is logged, so no secret in it',
  ),
  MONITOR_HEARTBEAT_URL: optional(
    "asked after a probe, at most once a minute: a dead man's switch elsewhere notices when that ends",
  ),
});

export type Env = Static<typeof EnvSchema>;
export type EnvKey = keyof typeof EnvSchema.properties;

/** Keys of the contract that do nothing yet: set, they are told so rather than ignored. */
export const KEYS_TO_COME = ['STORE_READONLY'];

/** Keys whose values are never shown, and that PM2 must not carry (ecosystem.config.cjs). */
export const SECRET_KEYS: readonly EnvKey[] = [
  'REDDIT_CLIENT_SECRET',
  'COSMOS_KEY',
  'MONITOR_WEBHOOK_URL',
];
