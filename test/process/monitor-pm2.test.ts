import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createHost } from '../../monitor/observe/host.js';
import { pm2Supervisor } from '../../monitor/observe/pm2.js';
import { observe } from '../../monitor/observe/probe.js';
import { systemClock } from '../../src/clock.js';
import { freePort } from '../support/free-port.js';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const APP = resolve('dist/test/support/health-app-root.js');
const TIMEOUT_MS = 1000;
/** Far above the deadline, far below waiting for ever. */
const SLACK_MS = 15_000;

/** PM2's client reads its home once, when it is loaded: all tests of this file share one. */
const home = join(temporaryFolder({ teardown: (end) => test.after.always(end) }), 'pm2');
process.env.PM2_HOME = home;
const supervisor = pm2Supervisor({
  home,
  clock: systemClock,
  timeoutMs: TIMEOUT_MS,
  restartTimeoutMs: 20_000,
  patienceMs: 500,
});

test.beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
});

async function refusal(t: ExecutionContext, action: () => Promise<unknown>): Promise<string> {
  const began = systemClock.monotonic();
  const error = await t.throwsAsync(action, { code: 'supervisor_unreachable' });
  t.true(systemClock.monotonic() - began < SLACK_MS);
  return error?.message ?? '';
}

test.serial('a real PM2: what lives, what is suspended, and PM2 itself suspended', async (t) => {
  const port = await freePort();
  const { pm2 } = ownPm2(t, home, { HEALTH_PORT: String(port) });
  await pm2(['start', APP, '--name', 'api', '--wait-ready']);
  await pm2(['start', APP, '--name', 'jobs', '-i', '1'], { HEALTH_PORT: '0' });
  const healthUrl = `http://127.0.0.1:${port}/health`;
  const host = createHost({ clock: systemClock, healthUrl, folders: [home] });
  const timeoutMs = 10_000;
  const look = () => observe({ healthUrl, timeoutMs, clock: systemClock, supervisor, host });

  const { supervisor: seen, host: machine } = await look();
  if (!seen.reachable) return t.fail(seen.reason);
  const [api, jobs] = seen.processes;
  t.like(api, { name: 'api', life: 'running', outLog: join(home, 'logs/api-out.log') });
  t.like(jobs, { name: 'jobs', life: 'running', errLog: join(home, 'logs/jobs-error-1.log') });
  const daemon = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'));
  t.like(seen.daemon, { pid: daemon, life: 'running' });
  const memory = seen.daemon?.memoryMb ?? 0;
  t.true(memory > 10 && memory < 200, `${memory} MB without what it runs`);
  t.is(machine.disks.length, 1);
  t.deepEqual([machine.orphans, machine.portHolder], [[], null]);

  process.kill(jobs?.pid ?? 0, 'SIGSTOP');
  await eventually('a suspended jobs', async () => {
    const { supervisor: now } = await look();
    return now.reachable && now.processes[1]?.life === 'suspended';
  });
  process.kill(daemon, 'SIGSTOP');
  t.teardown(() => {
    // PM2 cannot be ended while it is stopped.
    for (const pid of [jobs?.pid ?? 0, daemon]) signal(pid, 'SIGCONT');
  });
  await eventually(
    'a suspended PM2',
    async () => (await supervisor.daemon())?.life === 'suspended',
  );
  t.regex(await refusal(t, () => supervisor.list()), /is suspended/);
  t.regex(await refusal(t, () => supervisor.restart('api')), /is suspended/);
  const during = await look();
  t.like(during, { outcome: { kind: 'answered' }, supervisor: { reachable: false } });
  t.like(during.supervisor.daemon, { pid: daemon, life: 'suspended' });
  t.deepEqual(during.host.orphans, []);

  process.kill(daemon, 'SIGCONT');
  process.kill(jobs?.pid ?? 0, 'SIGCONT');
  const after = await eventually('all well', async () => {
    const { supervisor: now } = await look();
    return now.reachable && now.processes.every(({ life }) => life === 'running') && now;
  });
  t.deepEqual(
    after.processes.map(({ pid, restarts }) => [pid, restarts]),
    [
      [api?.pid, 0],
      [jobs?.pid, 0],
    ],
  );

  const before = resources();
  for (let session = 0; session < 300; session += 1) await supervisor.list();
  await eventually('everything closed', () => resources() === before);

  process.kill(daemon, 'SIGKILL');
  await eventually('a dead PM2', async () => (await supervisor.daemon())?.life === 'gone');
  t.regex(await refusal(t, () => supervisor.list()), /is dead/);
  signal(api?.pid ?? 0, 'SIGKILL');
});

/** Open files, and what keeps this process busy. */
const resources = () =>
  `${readdirSync('/proc/self/fd').length} files, ${process
    .getActiveResourcesInfo()
    .filter((name) => name.startsWith('Pipe') || name.startsWith('TCP'))
    .sort()
    .join()}`;

/** What the tests before still close would otherwise count as open, and then be missed for ever. */
async function resourcesAtRest(): Promise<string> {
  let last = resources();
  for (let same = 0; same < 10; ) {
    await systemClock.sleep(20);
    const now = resources();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/** In the place of PM2's daemon, whose pid file names this test. */
async function standIn(t: ExecutionContext, onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((ready) => server.listen(join(home, 'rpc.sock'), ready));
  writeFileSync(join(home, 'pm2.pid'), String(process.pid));
  const close = () =>
    new Promise<void>((closed) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => closed());
    });
  t.teardown(async () => void (await close()));
  return { close };
}

test.serial(
  'a PM2 that takes connections and says nothing costs the deadline, and no file',
  async (t) => {
    await standIn(t, (socket) => socket.resume());
    const before = await resourcesAtRest();
    for (let session = 0; session < 3; session += 1) {
      t.regex(await refusal(t, () => supervisor.list()), /within 1000 ms/);
    }
    await eventually('everything closed', () => resources() === before);
  },
);

test.serial(
  'a PM2 that dies in a conversation is noticed at once, and not followed to its next life',
  async (t) => {
    let callers = 0;
    const daemon = await standIn(t, (socket) => {
      callers += 1;
      socket.once('data', () => socket.destroy());
    });
    const began = systemClock.monotonic();
    t.regex(await refusal(t, () => supervisor.list()), /went away/);
    t.regex(await refusal(t, () => supervisor.restart('api')), /went away/);
    t.true(systemClock.monotonic() - began < SLACK_MS, 'a restart has 20 s');
    // PM2's client tries again after 0.1 s, then 1.5 times longer each.
    await systemClock.sleep(1000);
    t.is(callers, 2);
    await daemon.close();
    await standIn(t, () => (callers += 1));
    await systemClock.sleep(1000);
    t.is(callers, 2);
  },
);

interface Rpc {
  Server: new (socket: unknown) => { expose(methods: object): void };
}

/** A PM2 that lists one process as `api`, and notes what it is told to restart. */
async function claiming(t: ExecutionContext, pid: number): Promise<unknown[]> {
  const require = createRequire(import.meta.url);
  const axon = require('pm2/modules/pm2-axon') as {
    socket(kind: string): {
      bind(path: string): void;
      once(event: 'bind', ready: () => void): void;
      close(): void;
    };
  };
  const { Server } = require('pm2/modules/pm2-axon-rpc') as Rpc;
  const socket = axon.socket('rep');
  const restarted: unknown[] = [];
  new Server(socket).expose({
    getMonitorData: (_: unknown, done: (error: null, list: object[]) => void) =>
      done(null, [{ name: 'api', pid, pm_id: 0, pm2_env: { status: 'online' } }]),
    restartProcessId: ({ id }: { id: unknown }, done: (error: null, list: object[]) => void) => {
      restarted.push(id);
      done(null, []);
    },
    notifyByProcessId: (_: unknown, done: (error: null) => void) => done(null),
  });
  await new Promise<void>((ready) => {
    socket.once('bind', ready);
    socket.bind(join(home, 'rpc.sock'));
  });
  writeFileSync(join(home, 'pm2.pid'), String(process.pid));
  t.teardown(() => socket.close());
  return restarted;
}

test.serial(
  'a stranger that has got the pid of a process is neither restarted nor signalled',
  async (t) => {
    const restarted = await claiming(t, process.ppid); // no child of this "PM2"
    const message = await refusal(t, () => supervisor.restart('api'));
    t.regex(message, new RegExp(`pid ${process.ppid} as api, but it is another process`));
    await systemClock.sleep(1000); // twice the patience with a process that hangs
    t.deepEqual(restarted, []);
  },
);

test.serial('a child of PM2 is restarted', async (t) => {
  const child = spawn('sleep', ['100']) as ChildProcess & { pid: number };
  t.teardown(() => void child.kill('SIGKILL'));
  const restarted = await claiming(t, child.pid);
  await supervisor.restart('api');
  t.is(restarted.length, 1);
});
