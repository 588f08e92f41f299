import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { unmountedDisk } from '../support/locks.js';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

/** SPEC: served within half a minute after the store is back. */
const BACK_WITHIN_MS = 30_000;
/** PM2's own longest delay, with room for the start of a process on a busy machine. */
const LONGEST_DELAY_MS = 15_000 + 5000;

interface Line {
  name: string;
  level: string;
  msg: string;
  time: string;
  code?: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** The real ecosystem file with the real processes under a PM2 of the test's own. */
async function started(t: ExecutionContext, env: Record<string, string>) {
  const folder = temporaryFolder(t);
  const port = Number(env.API_PORT ?? (await freePort()));
  const { pm2, list } = ownPm2(t, join(folder, 'pm2'), {
    ...{ NODE_ENV: 'production', NODE_CLUSTER_SCHED_POLICY: 'none', REDDIT_CLIENT_ID: '' },
    ...{ API_PORT: String(port), MONITOR_STATE_DIR: join(folder, 'monitor') },
    MONITOR_METRICS_PORT: '0',
    ...{ MONITOR_INTERVAL_SECONDS: '0.5', MONITOR_GRACE_SECONDS: '0' },
    ...env,
  });
  const config = resolve('ecosystem.config.cjs');
  await pm2(['ping']); // or each of the following commands would start a daemon
  // PM2 waits for processes that are not ready: with a store that is away, for long.
  const starting = pm2(['start', config]);
  t.teardown(() => starting);
  const app = async (name: string) => (await list()).find((one) => one.name === name);
  const lines = async (): Promise<Line[]> => {
    const { stdout } = await pm2(['logs', '--nostream', '--raw', '--lines', '500']);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  };
  return { pm2, app, lines, starting, url: `http://127.0.0.1:${port}` };
}

const statusOf = async (url: string) => (await fetch(url).catch(() => null))?.status;

/** Served, and the runner beats, within half a minute and without a hand. */
async function mustBeServed(t: ExecutionContext, url: string): Promise<void> {
  const began = performance.now();
  const left = () => BACK_WITHIN_MS - (performance.now() - began);
  await eventually(
    'stats',
    async () => (await statusOf(`${url}/api/v1/sentiment/stats`)) === 200,
    left(),
  );
  await eventually(
    'a beating runner',
    async () => {
      const reply = await fetch(`${url}/health`);
      const { application } = (await reply.json()) as {
        application: { jobs_heartbeat_age_seconds: number | null };
      };
      return reply.status === 200 && application.jobs_heartbeat_age_seconds !== null;
    },
    left(),
  );
  t.log(`served ${Math.round(performance.now() - began)} ms after the store was back`);
}

test.serial('69 is tried again without limit, and the store that is back is served', async (t) => {
  const { path, mount } = unmountedDisk(t);
  const { app, lines, url } = await started(t, { SQLITE_PATH: path, DB_RETRY_BASE_DELAY: '0.05' });
  const failures = async (name: string) =>
    (await lines()).filter((line) => line.name === name && line.msg.startsWith('cannot start'));
  for (const name of ['api', 'jobs']) {
    const seen = await eventually(
      `five starts of ${name}`,
      async () => {
        const found = await failures(name);
        return found.length >= 5 && found;
      },
      60_000,
    );
    const at = seen.map(({ time }) => Date.parse(time));
    const delays = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    t.true((delays.at(-1) ?? 0) > (delays[0] ?? 0), `growing: ${delays.join(', ')}`);
    t.true(Math.max(...delays) < LONGEST_DELAY_MS, delays.join(', '));
    for (const { msg, code } of seen) {
      t.is(code, 'store_unreachable');
      t.regex(msg, /Cure: mount the disk/);
    }
    const restarts = (await app(name))?.pm2_env;
    t.is(restarts?.exit_code, 69);
  }
  const told = (start: RegExp) => async () => {
    const found = (await lines()).filter(({ msg }) => start.test(msg));
    return found.length > 0 && found;
  };
  const alerts = await eventually('the alert', told(/^ALERT .*exit code 69/));
  t.is(alerts.length, 1, 'one store is away: one alert for both processes');
  t.regex(alerts[0]?.msg ?? '', /a restart would not help; PM2 tries again/);

  mount();
  await mustBeServed(t, url);
  // A busy machine may have had other troubles on the way.
  t.is((await eventually('the recovery', told(/^RECOVERED .*\(exit_69\)/))).length, 1);
  t.false(
    (await lines()).some(({ msg }) => msg.startsWith('restarting')),
    'not by the monitor',
  );
});

test.serial('with START_DEGRADED the same processes go from 503 to 200', async (t) => {
  const { path, mount } = unmountedDisk(t);
  const { app, lines, starting, url } = await started(t, {
    ...{ SQLITE_PATH: path, START_DEGRADED: 'true' },
  });
  t.is((await starting).exitCode, 0);
  t.is(await eventually('an answer', () => statusOf(`${url}/readyz`)), 503);
  const names = ['api', 'jobs', 'monitor'];
  const before = await Promise.all(names.map(app));
  for (const one of before) t.like(one?.pm2_env, { status: 'online', restart_time: 0 });
  const alert = await eventually('the alert', async () =>
    (await lines()).find(({ msg }) => msg.startsWith('ALERT the API answers unhealthy')),
  );
  t.regex(alert.msg, /database_unreachable .*behind a link.*no restart: a restart would not help/);

  mount();
  await mustBeServed(t, url);
  await eventually('the recovery', async () =>
    (await lines()).some(({ msg }) => msg.startsWith('RECOVERED api')),
  );
  t.deepEqual(
    (await Promise.all(names.map(app))).map((one) => [one?.pid, one?.pm2_env.restart_time]),
    before.map((one) => [one?.pid, 0]),
  );
  t.false((await lines()).some(({ msg }) => msg.startsWith('restarting')));
});

test.serial('in cluster mode a port that is taken is refused as well, and for good', async (t) => {
  const other = createServer((_request, response) => response.end());
  t.teardown(() => void other.close());
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as { port: number };
  const folder = temporaryFolder(t);
  const { app, lines } = await started(t, {
    ...{ API_PORT: String(port), SQLITE_PATH: join(folder, 'store.db') },
  });
  const ended = await eventually('the end of the api', async () => {
    const api = await app('api');
    return api?.pm2_env.exit_code === 78 && api.pid === 0 && api;
  });
  t.is(ended.pm2_env.restart_time, 0);
  const line = (await lines()).find(({ msg }) => msg.startsWith('cannot start'));
  t.regex(line?.msg ?? '', /is in use by another program\. Cure:/);
});
