import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadSettings, readEnvironment } from '../../src/config.js';
import { EnvSchema } from '../../src/config-schema.js';
import { AppError } from '../../src/errors.js';
import { temporaryFolder } from '../support/temp.js';

const credentials = {
  REDDIT_CLIENT_ID: 'an-id',
  REDDIT_CLIENT_SECRET: 'hunter2-hunter2',
  REDDIT_USER_AGENT: 'test/1',
};

function refusal(env: Record<string, string>): AppError {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('it was accepted');
}

test('an empty environment gives the defaults, with collection off', (t) => {
  const { config, secrets } = loadSettings({});
  t.is(config.subreddits.length, 14);
  t.is(config.reddit, null);
  t.is(config.collection.intervalMs, 1_800_000);
  t.is(config.collection.deadlineMs, 1_200_000);
  t.deepEqual(config.storeRetry, { retries: 3, baseDelayMs: 1000 });
  t.is(config.monitor.healthUrl, 'http://127.0.0.1:8000/health');
  t.is(config.logLevel, 'info');
  t.deepEqual(secrets, {
    redditClientSecret: null,
    cosmosKey: null,
    adminToken: null,
    webhookUrl: null,
    heartbeatUrl: null,
  });
});

const refusals: [name: string, env: Record<string, string>, says: RegExp][] = [
  [
    'a word for a number',
    { API_PORT: 'eighty' },
    /API_PORT="eighty".*whole number from 0 to 65535/,
  ],
  ['a number out of range', { API_PORT: '70000' }, /API_PORT="70000".*0 to 65535/],
  ['a part of a number', { MONITOR_FAILURES: '2.5' }, /MONITOR_FAILURES="2.5".*whole number/],
  [
    'text that outlives its item',
    { TEXT_RETENTION_HOURS: '49', DATA_RETENTION_DAYS: '2' },
    /TEXT_RETENTION_HOURS=49 is longer than DATA_RETENTION_DAYS=2: it takes at most 48/,
  ],
  ['no text at all', { TEXT_RETENTION_HOURS: '0' }, /TEXT_RETENTION_HOURS="0".*1 to 87600/],
  ['infinity', { API_PORT: 'Infinity' }, /API_PORT="Infinity".*whole number/],
  ['an exponent', { MONITOR_TIMEOUT_SECONDS: '1e1' }, /MONITOR_TIMEOUT_SECONDS="1e1".*a number/],
  ['a hexadecimal number', { API_PORT: '0x50' }, /API_PORT="0x50".*whole number/],
  ['an unknown choice', { STORE: 'mysql' }, /STORE="mysql".*one of sqlite, cosmos/],
  ['a misspelt key', { SUBREDITS: 'aws' }, /SUBREDITS.*did you mean SUBREDDITS/],
  ['a key in lower case', { api_port: '8000' }, /api_port.*did you mean API_PORT/],
  [
    'an origin with a path',
    { API_CORS_ORIGINS: 'https://a.example/' },
    /API_CORS_ORIGINS has "https:\/\/a\.example\/": .*here https:\/\/a\.example$/m,
  ],
  ['an origin that is none', { API_CORS_ORIGINS: 'a.example' }, /such as https:\/\/dashboard/],
  ['* beside an origin', { API_CORS_ORIGINS: '*,https://a.example' }, /it takes \* alone/],
  ['a negative rate limit', { API_RATE_LIMIT: '-1' }, /from 0 to 1000000/],
  ['one port for two', { API_PORT: '8001' }, /API_PORT and MONITOR_METRICS_PORT are both 8001/],
  ['a subreddit twice', { SUBREDDITS: 'aws,AWS' }, /AWS twice/],
  ['a subreddit with r/', { SUBREDDITS: 'r/aws' }, /"r\/aws".*without r\//],
  ['a trailing comma', { SUBREDDITS: 'aws,' }, /SUBREDDITS has ""/],
  ['half of the credentials', { REDDIT_CLIENT_ID: 'x' }, /incomplete.*REDDIT_CLIENT_SECRET/],
  ['a base URL of another kind', { REDDIT_BASE_URL: 'ftp://x' }, /REDDIT_BASE_URL.*http/],
  ['a webhook over http', { MONITOR_WEBHOOK_URL: 'http://a.example/x' }, /it takes an https URL/],
  [
    'a webhook that is no URL',
    { MONITOR_WEBHOOK_URL: 'hooks' },
    /MONITOR_WEBHOOK_URL is not.*https/,
  ],
  [
    'a machine that only looks like this one',
    { MONITOR_WEBHOOK_URL: 'http://127.0.0.1.evil.example/' },
    /it takes an https URL/,
  ],
  ['a webhook format', { MONITOR_WEBHOOK_FORMAT: 'xml' }, /"xml".*one of json, slack/],
  ['a heartbeat of another kind', { MONITOR_HEARTBEAT_URL: 'ftp://x/' }, /http or https URL/],
  [
    'a webhook given twice',
    { MONITOR_WEBHOOK_URL: 'https://a.example/', MONITOR_WEBHOOK_URL_FILE: '/a/file' },
    /MONITOR_WEBHOOK_URL and MONITOR_WEBHOOK_URL_FILE are both set/,
  ],
  ['a secret file that is not there', { ADMIN_TOKEN_FILE: '/nowhere' }, /ADMIN_TOKEN_FILE.*ENOENT/],
];
for (const [name, env, says] of refusals) {
  test(`refused: ${name}`, (t) => {
    const error = refusal(env);
    t.regex(error.message, says);
    t.is(error.exitCode, 78);
    t.truthy(error.cure);
  });
}

test('several wrong keys are all named', (t) => {
  const { message } = refusal({ API_PORT: 'x', LOG_LEVEL: 'loud', SUBREDITS: 'aws' });
  for (const key of ['API_PORT', 'LOG_LEVEL', 'SUBREDITS']) t.true(message.includes(key));
});

test('credentials in a URL are refused and not shown', (t) => {
  for (const key of ['REDDIT_BASE_URL', 'MONITOR_HEALTH_URL']) {
    const { message } = refusal({ [key]: 'http://user:hunter2@127.0.0.1:1/' });
    t.regex(message, new RegExp(`${key}.*without user name`));
    t.false(message.includes('hunter2'));
  }
});

test('a key of the contract that does nothing yet is told, not refused', (t) => {
  t.deepEqual(loadSettings({ STORE_READONLY: 'true' }).warnings, [
    'STORE_READONLY has no effect in this release',
  ]);
});

test('a refusal never shows a secret', (t) => {
  const { message } = refusal({ ...credentials, API_PORT: 'x', REDDIT_CLIENT_SECRT: 'hunter3' });
  t.false(message.includes('hunter'));
});

test('the environment of a shell is no misspelling', (t) => {
  const shell = {
    PATH: '/bin',
    HOME: '/root',
    PORT: '3000',
    HOST: 'x',
    PM2_HOME: '/p',
    npm_config_cache: '/c',
  };
  t.notThrows(() => loadSettings(shell));
});

test('an empty value is as good as none', (t) => {
  t.is(loadSettings({ API_PORT: '', REDDIT_CLIENT_ID: '' }).config.api.port, 8000);
});

test('.env is read under the environment, and a secret given the other way replaces it', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, '.env'), 'REDDIT_CLIENT_SECRET=from-dotenv\nSUBREDDITS=fromdotenv\n');
  process.env.REDDIT_CLIENT_SECRET_FILE = '/a/file';
  t.teardown(() => delete process.env.REDDIT_CLIENT_SECRET_FILE);
  const env = readEnvironment(folder);
  t.is(env.SUBREDDITS, 'fromdotenv');
  t.is(env.REDDIT_CLIENT_SECRET, undefined);
  t.is(env.REDDIT_CLIENT_SECRET_FILE, '/a/file');
});

test('a secret comes from a file, without its line end', (t) => {
  const file = join(temporaryFolder(t), 'secret');
  writeFileSync(file, 'hunter2\n');
  const { REDDIT_CLIENT_ID, REDDIT_USER_AGENT } = credentials;
  const { config, secrets } = loadSettings({
    REDDIT_CLIENT_ID,
    REDDIT_USER_AGENT,
    REDDIT_CLIENT_SECRET_FILE: file,
  });
  t.is(secrets.redditClientSecret, 'hunter2');
  t.false(JSON.stringify(config).includes('hunter2'));
});

test('where alerts and heartbeats go is kept apart and never shown', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'webhook');
  for (const url of [
    'https://hooks.example/hunter2',
    'http://127.0.0.1:1/hunter2',
    'http://[::1]/hunter2',
  ]) {
    writeFileSync(file, `${url}\n`);
    const { config, secrets } = loadSettings({
      MONITOR_WEBHOOK_URL_FILE: file,
      MONITOR_HEARTBEAT_URL: 'http://hc.example/hunter2',
      MONITOR_WEBHOOK_FORMAT: 'slack',
      MONITOR_COMMAND: 'mail -s alert ops',
    });
    t.like(secrets, { webhookUrl: url, heartbeatUrl: 'http://hc.example/hunter2' });
    t.like(config.monitor, { webhookFormat: 'slack', command: 'mail -s alert ops' });
    t.false(JSON.stringify(config).includes('hunter2'));
  }
  const wrong = { MONITOR_WEBHOOK_URL: 'ftp://hunter2', MONITOR_HEARTBEAT_URL: 'hunter2' };
  const { message } = refusal(wrong);
  for (const key of Object.keys(wrong)) t.true(message.includes(key));
  t.false(message.includes('hunter2'));
});

test('what systemd says is read as it says it; nonsense is as good as nothing', (t) => {
  const NOTIFY_SOCKET = '/run/systemd/notify';
  t.is(loadSettings({ WATCHDOG_USEC: '1000' }).config.systemd, null);
  t.deepEqual(
    loadSettings({ NOTIFY_SOCKET, WATCHDOG_USEC: 'x', WATCHDOG_PID: '-1' }).config.systemd,
    {
      socket: NOTIFY_SOCKET,
      watchdogMs: null,
      mainPid: null,
    },
  );
  t.deepEqual(
    loadSettings({ NOTIFY_SOCKET, WATCHDOG_USEC: '60000000', SYSTEMD_EXEC_PID: '7' }).config
      .systemd,
    { socket: NOTIFY_SOCKET, watchdogMs: 60_000, mainPid: 7 },
  );
});

test('every key has a description that fits a table', (t) => {
  for (const [key, schema] of Object.entries(EnvSchema.properties)) {
    const { description } = schema as { description?: string };
    t.truthy(description, key);
    t.false(description?.includes('|'), key);
  }
});

test('text is kept as long as its item, unless a shorter time is given', (t) => {
  const kept = (env: Record<string, string>) => loadSettings(env).config.collection.textRetentionMs;
  t.is(kept({}), null);
  t.is(kept({ TEXT_RETENTION_HOURS: '48', DATA_RETENTION_DAYS: '2' }), null);
  t.is(kept({ TEXT_RETENTION_HOURS: '47', DATA_RETENTION_DAYS: '2' }), 47 * 3_600_000);
});
