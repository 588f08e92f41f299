import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { freePort } from '../support/free-port.js';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const MONITOR = resolve('dist/monitor/main.js');
const APP = resolve('dist/test/support/health-app-root.js');

const settings = (folder: string, port: number) => ({
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  PM2_HOME: join(folder, 'pm2'),
  MONITOR_HEALTH_URL: `http://127.0.0.1:${port}/health`,
  MONITOR_STATE_DIR: join(folder, 'state'),
  MONITOR_METRICS_PORT: '0',
  MONITOR_INTERVAL_SECONDS: '0.3',
  MONITOR_TIMEOUT_SECONDS: '1.5',
  MONITOR_GRACE_SECONDS: '1',
  MONITOR_FAILURES: '3',
  MONITOR_RECOVERIES: '2',
});

interface Line {
  level: string;
  msg: string;
  pid: number;
  cause?: string;
  incident?: string;
  budget_left?: number;
}

/** The real monitor as a process; its log lines as they come. */
function startMonitor(
  t: ExecutionContext,
  folder: string,
  env: Record<string, string>,
  args: string[] = [],
) {
  const child = execa(process.execPath, [MONITOR, ...args], { cwd: folder, env, reject: false });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await child;
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const lines = () =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  const saw = (part: string) =>
    eventually(`"${part}"`, () => lines().find(({ msg }) => msg.includes(part))).catch((error) => {
      throw new Error(`${String(error)} among\n${text}`);
    });
  return { child, lines, saw };
}

const alive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

test('a stopped api is restarted through PM2, told once, and its recovery is told', async (t) => {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const env = settings(folder, port);
  const { pm2, list } = ownPm2(t, env.PM2_HOME, { HEALTH_PORT: String(port) });
  // Its kill time-out is far longer than the monitor's patience with a process that hangs.
  const options = ['--name', 'api', '--wait-ready', '--kill-timeout', '60000'];
  const started = await pm2(['start', APP, ...options]);
  t.is(started.exitCode, 0, started.stderr);
  const before = (await list())[0];
  t.is(before?.pm2_env.status, 'online');

  const { child, lines, saw } = startMonitor(t, folder, env);
  await saw('the API is healthy');
  const memory = await saw('memory of PM2 processes');
  t.regex(JSON.stringify(memory), /"name":"api","pid":\d+,"status":"online","memory_mb":\d/);

  const second = await execa(process.execPath, [MONITOR], { cwd: folder, env, reject: false });
  t.is(second.exitCode, 78);
  t.regex(second.stdout, new RegExp(`another monitor runs \\(pid ${child.pid}\\)`));

  process.kill(before?.pid ?? 0, 'SIGSTOP');
  const alert = await saw('ALERT api is suspended');
  t.like(alert, { level: 'error', cause: 'suspended', budget_left: 2 });
  const recovery = await saw('RECOVERED process.api');
  t.is(recovery.incident, alert.incident);
  const after = (await list())[0];
  t.not(after?.pid, before?.pid);
  t.like(after?.pm2_env, { status: 'online', restart_time: 1 });
  t.is(after?.pm2_env.kill_timeout, before?.pm2_env.kill_timeout, 'PM2 keeps its settings');
  t.false(alive(before?.pid ?? 0));
  t.is(lines().filter(({ msg }) => msg.includes('ALERT')).length, 1);
  t.is(lines().filter(({ msg }) => msg === 'restarting api').length, 1);

  child.kill('SIGTERM');
  child.kill('SIGTERM');
  const ended = await child;
  t.is(ended.exitCode, 0, ended.stderr);
  t.deepEqual(readdirSync(env.MONITOR_STATE_DIR).sort(), [
    'evidence',
    'incidents.ndjson',
    'monitor-state.json',
    'observations.ndjson',
  ]);
});

test('without a PM2 daemon it starts none, says so, and goes on probing', async (t) => {
  const folder = temporaryFolder(t);
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ status: 'degraded', causes: [{ code: 'gap_open' }] }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => void server.close());
  const env = settings(folder, (server.address() as AddressInfo).port);

  const look = await execa(process.execPath, [MONITOR, '--once'], {
    cwd: folder,
    env,
    reject: false,
  });
  t.is(look.exitCode, 1, 'degraded');
  t.like(JSON.parse(look.stdout), {
    outcome: { kind: 'answered', status: 'degraded' },
    supervisor: { reachable: false },
  });

  const { saw, lines, child } = startMonitor(t, folder, env);
  const alert = await saw('ALERT PM2 cannot be reached');
  t.is(alert.cause, 'pm2_unreachable');
  await saw('WARNING the API answers degraded: gap_open');
  t.false(existsSync(env.PM2_HOME), 'PM2 was not even loaded');

  // A pid file and a socket that are left over from a daemon that was killed.
  mkdirSync(env.PM2_HOME);
  const { pm2 } = ownPm2(t, env.PM2_HOME);
  await pm2(['ping']);
  const daemon = Number(readFileSync(join(env.PM2_HOME, 'pm2.pid'), 'utf8'));
  await saw('RECOVERED pm2');
  process.kill(daemon, 'SIGKILL');
  await eventually('the daemon to be gone', () => !alive(daemon));
  const alerts = () => lines().filter(({ msg }) => msg.includes('ALERT PM2'));
  await eventually('a second alert', () => alerts().length === 2);
  const again = await execa(process.execPath, [MONITOR, '--once'], {
    cwd: folder,
    env,
    reject: false,
  });
  t.like(JSON.parse(again.stdout), { supervisor: { reachable: false } });
  t.is(Number(readFileSync(join(env.PM2_HOME, 'pm2.pid'), 'utf8')), daemon, 'no new daemon');
  child.kill('SIGTERM');
  t.is((await child).exitCode, 0);
});

test('a dry run tells what it would do; --once says 2 where nobody answers', async (t) => {
  const folder = temporaryFolder(t);
  const env = settings(folder, await freePort());
  const { saw, child } = startMonitor(t, folder, env, ['--dry-run']);
  const alert = await saw('ALERT PM2 cannot be reached');
  t.regex(alert.msg, /also: the API does not answer/);
  const look = await execa(process.execPath, [MONITOR, '--once'], {
    cwd: folder,
    env,
    reject: false,
  });
  t.is(look.exitCode, 2);
  child.kill('SIGINT');
  t.is((await child).exitCode, 0);
  t.false(existsSync(env.MONITOR_STATE_DIR));
});

test('when PM2 dies under it, it ends instead of staying as an orphan', async (t) => {
  const folder = temporaryFolder(t);
  const env = { ...process.env, ...settings(folder, await freePort()) };
  const child = fork(MONITOR, [], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  await once(child, 'message'); // ready
  const exited = once(child, 'exit');
  child.stdout?.destroy(); // the log's other end is gone as well
  child.disconnect();
  t.deepEqual(await exited, [0, null]);
  t.false(existsSync(join(env.MONITOR_STATE_DIR, 'monitor.lock')));
});

test('wrong arguments and a wrong setting are refused with their cause', async (t) => {
  const folder = temporaryFolder(t);
  const run = (args: string[], env: Record<string, string> = {}) =>
    execa(process.execPath, [MONITOR, ...args], { cwd: folder, env, reject: false });
  const [help, wrong, bad] = await Promise.all([
    run(['--help']),
    run(['--twice']),
    run(['--once'], { MONITOR_FAILURES: 'three' }),
  ]);
  t.is(help.exitCode, 0);
  t.regex(help.stdout, /--dry-run/);
  t.is(wrong.exitCode, 64);
  t.regex(wrong.stderr, /--twice/);
  t.is(bad.exitCode, 78);
  t.regex(bad.stderr, /MONITOR_FAILURES="three"/);
});
