/**
 * What PM2 runs (npm start). PM2 loads this file in its command line, not in its daemon.
 *
 * Settings come from the environment or from .env beside this file, as everywhere else
 * (src/config.ts); what PM2 itself must know of them is read here, in the same order.
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parseEnv } = require('node:util');

/** src/config-schema.ts has the same list (a test compares). */
const SECRETS = ['REDDIT_CLIENT_SECRET', 'COSMOS_KEY', 'MONITOR_WEBHOOK_URL'];

/**
 * PM2 copies the whole environment of its command line into every process it starts and
 * into the file that `pm2 save` writes. Its `filter_env` would not do: it matches parts of
 * names, so it would drop REDDIT_CLIENT_SECRET_FILE too, and a second `pm2 start` passes it by.
 */
function withholdSecrets() {
  const set = SECRETS.filter((key) => process.env[key]);
  for (const key of set) delete process.env[key];
  if (set.length === 0 || ['stop', 'delete'].includes(process.argv[2])) return;
  process.stderr.write(
    `[sentimentagent] not passed on, for PM2 would write it to disk: ${set.join(', ')}. ` +
      'Put it in .env beside ecosystem.config.cjs (chmod 600), or in a file that KEY_FILE names.\n',
  );
}

function dotenv() {
  try {
    return parseEnv(readFileSync(join(__dirname, '.env'), 'utf8'));
  } catch {
    return {}; // absent, or the processes themselves say what is wrong with it
  }
}

/** A setting as a number; anything that is none is left to the processes to refuse. */
function setting(key, fallback) {
  const given = process.env[key] || fromFile[key];
  const number = Number(given);
  return given && Number.isFinite(number) && number > 0 ? number : fallback;
}

withholdSecrets();
const fromFile = dotenv();
const memoryLimitMb = setting('MONITOR_MEMORY_LIMIT_MB', 500);
/** pm2-runtime prints every line for the journal; a second copy would only fill the disk. */
const inForeground = /pm2-runtime$/.test(process.argv[1] ?? '');
const logs = inForeground ? { out_file: '/dev/null', error_file: '/dev/null' } : {};

const common = {
  cwd: __dirname,
  wait_ready: true,
  // A store that cannot be reached is tried for 21 s before the process gives up with 69.
  listen_timeout: 30_000,
  // Above the drain deadline, or PM2 would cut off what is being finished.
  kill_timeout: (setting('SHUTDOWN_DEADLINE_SECONDS', 30) + 5) * 1000,
  // 78: configuration, which no restart cures.
  stop_exit_codes: [78],
  // Anything else is tried again for ever: after 1 s, then 1.5 times longer each, PM2 stops at 15 s.
  exp_backoff_restart_delay: 1000,
  max_restarts: 1_000_000_000,
  // A backstop: PM2 looks every 30 s and at one pid. The monitor's limit comes first.
  max_memory_restart: `${Math.round(memoryLimitMb * 1.5)}M`,
  merge_logs: true,
  pmx: false,
  ...logs,
  env: {
    NODE_ENV: process.env.NODE_ENV || fromFile.NODE_ENV || 'production',
    // A worker in cluster mode inherits the daemon's environment: empty values hide what is in it.
    ...Object.fromEntries(SECRETS.map((key) => [key, ''])),
  },
};

module.exports = {
  apps: [
    {
      ...common,
      name: 'api',
      script: 'dist/src/main.js',
      // Also with one instance: a reload in fork mode drops connections.
      exec_mode: 'cluster',
      instances: setting('API_INSTANCES', 1),
      node_args: [`--max-old-space-size=${Math.round(memoryLimitMb * 0.75)}`],
    },
    {
      ...common,
      name: 'jobs',
      script: 'dist/jobs/main.js',
      exec_mode: 'fork',
      // No --max-old-space-size here: it would override the heap caps of the job threads.
    },
    {
      ...common,
      name: 'monitor',
      script: 'dist/monitor/main.js',
      exec_mode: 'fork',
      node_args: ['--max-old-space-size=128'],
    },
  ],
};
