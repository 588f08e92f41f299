import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import {
  checkOutbound,
  checkTogether,
  misspeltKeys,
  type RawEnv,
  splitList,
  validate,
} from './config-check.js';
import { type CosmosConfig, checkCosmos, cosmosConfig, cosmosWarnings } from './config-cosmos.js';
import { type Env, KEYS_TO_COME, SECRET_KEYS } from './config-schema.js';
import { AppError } from './errors.js';

/** Complete and derived: nothing else in the system knows a default or reads the environment. */
export interface Config {
  nodeEnv: Env['NODE_ENV'];
  logLevel: NonNullable<Env['LOG_LEVEL']>;
  subreddits: string[];
  /** Null while credentials are missing: collection is off, everything else works. */
  reddit: RedditConfig | null;
  collection: {
    intervalMs: number;
    deadlineMs: number;
    jobMemoryMb: number;
    leaseMs: number;
    retentionDays: number;
    /** Text and authors of items older than this are erased; null: they are kept as long as these. */
    textRetentionMs: number | null;
  };
  backup: { dir: string; keepDays: number };
  store: {
    kind: Env['STORE'];
    sqlitePath: string;
    timeoutMs: number;
    /** Null unless `kind` is `cosmos`. */
    cosmos: CosmosConfig | null;
  };
  storeRetry: { retries: number; baseDelayMs: number };
  /** A store that cannot be reached at start is waited for, and does not end the process. */
  startDegraded: boolean;
  /** Length of the window whose statistics are loaded first. */
  startupLoadHours: number;
  shutdownDeadlineMs: number;
  healthDetails: boolean;
  api: {
    host: string;
    port: number;
    instances: number;
    /** Exact origins, or '*' alone; empty: no page of another origin may read. */
    corsOrigins: string[];
    /** Requests a minute of one address; 0 is off. */
    rateLimit: number;
  };
  monitor: MonitorConfig;
  /** Null when systemd does not wait to hear from us. */
  systemd: SystemdConfig | null;
  /** PM2's own folder. PM2 reads PM2_HOME by itself, so it is no key of ours. */
  pm2Home: string;
}

export interface RedditConfig {
  clientId: string;
  userAgent: string;
  /** Null: Reddit's own hosts. */
  baseUrl: string | null;
  timeoutMs: number;
}

export interface MonitorConfig {
  healthUrl: string;
  stateDir: string;
  intervalMs: number;
  timeoutMs: number;
  graceMs: number;
  failures: number;
  recoveries: number;
  maxRestarts: number;
  restartWindowMs: number;
  memoryLimitMb: number;
  /** On loopback; 0: none. */
  metricsPort: number;
  webhookFormat: Env['MONITOR_WEBHOOK_FORMAT'];
  command: string | null;
}

/** What systemd tells the process that it starts, and all below it (sd_notify(3)). */
export interface SystemdConfig {
  /** Of NOTIFY_SOCKET. */
  socket: string;
  /** It ends a service that is silent for so long; null: it does not watch. */
  watchdogMs: number | null;
  /** The process it started; null where it does not say. */
  mainPid: number | null;
}

/** Apart from Config, so that a configuration can be logged whole. */
export interface Secrets {
  redditClientSecret: string | null;
  /** Null unless the store is an account of Cosmos DB. */
  cosmosKey: string | null;
  adminToken: string | null;
  webhookUrl: string | null;
  /** Whoever has it can keep the dead man's switch quiet. */
  heartbeatUrl: string | null;
}

export interface Settings {
  config: Config;
  secrets: Secrets;
  /** What the start log should say about the environment. */
  warnings: string[];
}

/**
 * Reads `.env` in `cwd` (if there is one) under the process's environment, which wins
 * where it is not empty.
 * The only reader of `process.env`.
 */
export function readEnvironment(cwd = process.cwd()): RawEnv {
  const dotenv = readDotenv(resolve(cwd, '.env'));
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  for (const key of Object.keys(given)) {
    // A secret given one way replaces the same secret given the other way.
    delete dotenv[key.endsWith('_FILE') ? key.slice(0, -'_FILE'.length) : `${key}_FILE`];
  }
  return { ...dotenv, ...given };
}

/**
 * The process's environment for a program that is not ours: without our secrets, and
 * without what systemd and PM2 say to this process alone.
 */
export function environmentForPrograms(): Record<string, string> {
  const ours: string[] = [...SECRET_KEYS, 'MONITOR_HEARTBEAT_URL'];
  const mine = /^(NOTIFY_SOCKET|WATCHDOG_USEC|WATCHDOG_PID|SYSTEMD_EXEC_PID|NODE_CHANNEL_\w+)$/;
  const kept = Object.entries(process.env).filter(
    ([key]) => !ours.includes(key) && !mine.test(key),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, value ?? '']));
}

/**
 * Maps an environment to a complete configuration. Pure but for the secret files it names.
 * @throws AppError `config_invalid`, whose message has one line for each wrong key.
 */
export function loadSettings(raw: RawEnv): Settings {
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== ''));
  const problems = misspeltKeys(given);
  const env = validate(given, problems);
  const secrets: Secrets = {
    redditClientSecret: null,
    cosmosKey: null,
    adminToken: null,
    webhookUrl: null,
    heartbeatUrl: null,
  };
  if (env !== null) {
    secrets.redditClientSecret =
      env.REDDIT_CLIENT_SECRET ?? secretFile('REDDIT_CLIENT_SECRET_FILE', env, problems);
    if (env.STORE === 'cosmos') {
      secrets.cosmosKey = env.COSMOS_KEY ?? secretFile('COSMOS_KEY_FILE', env, problems);
      checkCosmos(env, secrets.cosmosKey, problems);
    }
    secrets.adminToken = secretFile('ADMIN_TOKEN_FILE', env, problems);
    secrets.webhookUrl =
      env.MONITOR_WEBHOOK_URL ?? secretFile('MONITOR_WEBHOOK_URL_FILE', env, problems);
    secrets.heartbeatUrl = env.MONITOR_HEARTBEAT_URL ?? null;
    checkOutbound(secrets.webhookUrl, secrets.heartbeatUrl, problems);
    checkTogether(env, secrets.redditClientSecret, problems);
  }
  if (env === null || problems.length > 0) {
    throw new AppError('config_invalid', [...new Set(problems)].join('; '), {
      cure: 'correct it in the environment or in .env (.env.example lists every key), then start again',
    });
  }
  const foreign = {
    systemd: systemdOf(given),
    pm2Home: resolve(given.PM2_HOME ?? resolve(homedir(), '.pm2')),
  };
  const warnings = [
    ...KEYS_TO_COME.filter((key) => key in given).map(
      (key) => `${key} has no effect in this release`,
    ),
    ...cosmosWarnings(env),
  ];
  if (env.COLLECTION_DEADLINE_MINUTES > env.COLLECTION_INTERVAL_MINUTES) {
    warnings.push(
      'COLLECTION_DEADLINE_MINUTES is longer than COLLECTION_INTERVAL_MINUTES: a slow cycle costs slots',
    );
  }
  return { config: { ...toConfig(env, secrets), ...foreign }, secrets, warnings };
}

/** Keys of systemd's own, which it checks itself. */
function systemdOf(given: RawEnv): SystemdConfig | null {
  if (given.NOTIFY_SOCKET === undefined) return null;
  const positive = (value: string | undefined) => {
    const number = Number(value);
    return Number.isSafeInteger(number) && number > 0 ? number : null;
  };
  const watchdogUs = positive(given.WATCHDOG_USEC);
  return {
    socket: given.NOTIFY_SOCKET,
    watchdogMs: watchdogUs === null ? null : watchdogUs / 1000,
    mainPid: positive(given.WATCHDOG_PID ?? given.SYSTEMD_EXEC_PID),
  };
}

function toConfig(env: Env, secrets: Secrets): Omit<Config, 'pm2Home' | 'systemd'> {
  const host = env.API_HOST.includes(':') ? `[${env.API_HOST}]` : env.API_HOST;
  const probeHost = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[host] ?? host;
  return {
    nodeEnv: env.NODE_ENV,
    logLevel: env.LOG_LEVEL ?? (env.NODE_ENV === 'test' ? 'silent' : 'info'),
    subreddits: splitList(env.SUBREDDITS),
    reddit:
      env.REDDIT_CLIENT_ID && env.REDDIT_USER_AGENT && secrets.redditClientSecret
        ? {
            clientId: env.REDDIT_CLIENT_ID,
            userAgent: env.REDDIT_USER_AGENT,
            baseUrl: env.REDDIT_BASE_URL?.replace(/\/+$/, '') ?? null,
            timeoutMs: seconds(env.REDDIT_TIMEOUT_SECONDS),
          }
        : null,
    collection: {
      intervalMs: minutes(env.COLLECTION_INTERVAL_MINUTES),
      deadlineMs: minutes(env.COLLECTION_DEADLINE_MINUTES),
      jobMemoryMb: env.JOB_MEMORY_MB,
      leaseMs: seconds(env.LEASE_SECONDS),
      retentionDays: env.DATA_RETENTION_DAYS,
      textRetentionMs: textRetentionMs(env),
    },
    backup: { dir: resolve(env.BACKUP_DIR), keepDays: env.BACKUP_KEEP_DAYS },
    store: {
      kind: env.STORE,
      sqlitePath: resolve(env.SQLITE_PATH),
      timeoutMs: seconds(env.STORE_TIMEOUT_SECONDS),
      cosmos: cosmosConfig(env),
    },
    storeRetry: {
      retries: env.DB_RETRY_MAX_ATTEMPTS,
      baseDelayMs: seconds(env.DB_RETRY_BASE_DELAY),
    },
    startDegraded: env.START_DEGRADED,
    startupLoadHours: env.STARTUP_LOAD_HOURS,
    shutdownDeadlineMs: seconds(env.SHUTDOWN_DEADLINE_SECONDS),
    healthDetails: env.HEALTH_CHECK_ENABLED,
    api: {
      host: env.API_HOST,
      port: env.API_PORT,
      instances: env.API_INSTANCES,
      corsOrigins: env.API_CORS_ORIGINS === undefined ? [] : splitList(env.API_CORS_ORIGINS),
      rateLimit: env.API_RATE_LIMIT,
    },
    monitor: {
      healthUrl: env.MONITOR_HEALTH_URL ?? `http://${probeHost}:${env.API_PORT}/health`,
      stateDir: resolve(env.MONITOR_STATE_DIR),
      intervalMs: seconds(env.MONITOR_INTERVAL_SECONDS),
      timeoutMs: seconds(env.MONITOR_TIMEOUT_SECONDS),
      graceMs: seconds(env.MONITOR_GRACE_SECONDS),
      failures: env.MONITOR_FAILURES,
      recoveries: env.MONITOR_RECOVERIES,
      maxRestarts: env.MONITOR_MAX_RESTARTS,
      restartWindowMs: minutes(env.MONITOR_RESTART_WINDOW_MINUTES),
      memoryLimitMb: env.MONITOR_MEMORY_LIMIT_MB,
      metricsPort: env.MONITOR_METRICS_PORT,
      webhookFormat: env.MONITOR_WEBHOOK_FORMAT,
      command: env.MONITOR_COMMAND ?? null,
    },
  };
}

function textRetentionMs({ TEXT_RETENTION_HOURS: hours, DATA_RETENTION_DAYS: days }: Env) {
  return hours === undefined || hours === 24 * days ? null : minutes(60 * hours);
}

const seconds = (value: number) => Math.round(value * 1000);
const minutes = (value: number) => Math.round(value * 60_000);

function secretFile(
  key:
    | 'REDDIT_CLIENT_SECRET_FILE'
    | 'COSMOS_KEY_FILE'
    | 'ADMIN_TOKEN_FILE'
    | 'MONITOR_WEBHOOK_URL_FILE',
  env: Env,
  problems: string[],
): string | null {
  const path = env[key];
  if (path === undefined) return null;
  try {
    const content = readFileSync(path, 'utf8').trim();
    if (content !== '') return content;
    problems.push(`${key}=${JSON.stringify(path)} is not accepted: the file is empty`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    problems.push(`${key}=${JSON.stringify(path)} is not accepted: it cannot be read (${code})`);
  }
  return null;
}

function readDotenv(path: string): RawEnv {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new AppError('config_invalid', `${path} cannot be read`, {
      cause: error,
      cure: 'make it readable for this user, or remove it',
    });
  }
}
