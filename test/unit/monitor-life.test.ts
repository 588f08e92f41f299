import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { lookAtDaemon } from '../../monitor/observe/daemon.js';
import { createLives, lifeOf } from '../../monitor/observe/life.js';
import { managed } from '../support/observations.js';
import { eventually } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

/** Above the highest pid Linux gives. */
const NOBODY = 2 ** 22 + 1;

/** A process that lives until the test ends. */
function sleeper(
  t: ExecutionContext,
  script = 'setInterval(() => {}, 1000)',
): ChildProcess & { pid: number } {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { pid: number };
}

/** A pid cannot be given to another process at will, so here /proc is played. */
const STAT = { state: 'S', session: 1, tty: 0, threads: 1 };

const threadsOf = (pid: number) => readdirSync(`/proc/${pid}/task`).map(Number);
const becomes = (pid: number, life: string) =>
  eventually(`${pid} ${life}`, () => lifeOf(pid) === life);

test('a process that is stopped is suspended, continued it runs, and killed it is gone', async (t) => {
  const child = sleeper(t);
  t.is(lifeOf(child.pid), 'running');
  child.kill('SIGSTOP');
  await becomes(child.pid, 'suspended');
  child.kill('SIGCONT');
  await becomes(child.pid, 'running');
  child.kill('SIGKILL');
  await becomes(child.pid, 'gone');
});

test('a zombie is gone, and so is what never was', async (t) => {
  // A shell that never waits for its child: exec puts a program in its place that knows none.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 100'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => void parent.kill('SIGKILL'));
  const zombie = await new Promise<number>((found) =>
    parent.stdout.once('data', (text: Buffer) => found(Number(text.toString()))),
  );
  await becomes(zombie, 'gone');
  process.kill(zombie, 0); // it is still listed
  t.is(lifeOf(0), 'gone');
  t.is(lifeOf(-1), 'gone');
  t.is(lifeOf(NOBODY), 'gone');
});

test('a pid is believed once it is seen as a child of the daemon, and no other process after it', (t) => {
  const child = sleeper(t);
  const lives = createLives();
  const entry = managed('api', { pid: child.pid });
  t.deepEqual(lives.of([entry], process.pid), ['running']);
  t.deepEqual(lives.of([entry], null), ['running'], 'also after the daemon has died');
  t.deepEqual(lives.of([entry], NOBODY), ['running'], 'or another one runs');
});

test('a stranger that has the pid is no life of ours, nor is a thread of another process', async (t) => {
  const child = sleeper(t);
  const lives = createLives();
  // The test's parent, as PM2 would claim it of a process of its own that has died.
  t.deepEqual(lives.of([managed('api', { pid: process.ppid })], process.pid), ['gone']);
  t.deepEqual(
    lives.of([managed('api', { pid: process.ppid })], null),
    ['running'],
    'cannot be told',
  );
  const thread = await eventually('a thread', () =>
    threadsOf(child.pid).find((id) => id !== child.pid),
  );
  t.is(lifeOf(thread), 'running', 'to kill(2) and to /proc it is a process');
  t.deepEqual(lives.of([managed('api', { pid: thread })], process.pid), ['gone']);
});

test('the same pid with another start time is a stranger; after a restart it is looked at anew', (t) => {
  const child = sleeper(t);
  const stats = new Map([[child.pid, 1000]]);
  const lives = createLives((pid) => {
    const startTicks = stats.get(pid);
    return startTicks === undefined ? null : { ...STAT, pid, ppid: process.pid, startTicks };
  });
  const entry = managed('jobs', { pid: child.pid, restarts: 1 });
  t.deepEqual(lives.of([entry], process.pid), ['running']);
  stats.set(child.pid, 2000);
  t.deepEqual(lives.of([entry], process.pid), ['gone']);
  t.deepEqual(lives.of([entry], process.pid), ['gone'], 'nor does it get used to it');
  t.deepEqual(lives.of([{ ...entry, restarts: 2 }], process.pid), ['running']);
});

function pidFile(t: ExecutionContext, pid: number | string): string {
  const home = join(temporaryFolder(t), 'pm2');
  mkdirSync(home);
  writeFileSync(join(home, 'pm2.pid'), String(pid));
  return home;
}

/** A process with a title, as PM2's daemon gives itself one. */
const titled = async (t: ExecutionContext, title: string) => {
  const child = sleeper(
    t,
    `process.title = ${JSON.stringify(title)}; console.log(1); setInterval(() => {}, 1000)`,
  );
  await new Promise((ready) => child.stdout?.once('data', ready));
  return child;
};

test('a daemon is known by its title; a stranger with its pid, or the daemon of another home, is none', async (t) => {
  const home = pidFile(t, NOBODY);
  t.deepEqual(await lookAtDaemon(home), { pid: NOBODY, life: 'gone' });
  const rewrite = async (title: string) => {
    const child = await titled(t, title);
    writeFileSync(join(home, 'pm2.pid'), String(child.pid));
    return child;
  };
  const ours = await rewrite(`PM2 v7.0.4: God Daemon (${home})`);
  t.deepEqual(await lookAtDaemon(home), { pid: ours.pid, life: 'running' });
  ours.kill('SIGSTOP');
  await becomes(ours.pid, 'suspended');
  t.deepEqual(await lookAtDaemon(home), { pid: ours.pid, life: 'suspended' });
  t.is((await lookAtDaemon(`${home}/../pm2`))?.life, 'suspended', 'a folder has many names');

  await rewrite('PM2 v7.0.4: God Daemon (/home/else/.pm2)');
  t.is((await lookAtDaemon(home))?.life, 'gone');
  await rewrite('nginx: master process');
  t.is((await lookAtDaemon(home))?.life, 'gone');
  await rewrite('node node_modules/pm2/bin/pm2 logs');
  t.is((await lookAtDaemon(home))?.life, 'gone');
});

test('a daemon under a title of its own, as pm2-runtime, is known by its socket', async (t) => {
  const home = pidFile(t, process.pid);
  t.is((await lookAtDaemon(home))?.life, 'gone');
  const server = createServer();
  await new Promise<void>((ready) => server.listen(join(home, 'rpc.sock'), ready));
  t.teardown(() => void server.close());
  t.is((await lookAtDaemon(home))?.life, 'running');
});

test('a pid file that says nothing is no daemon', async (t) => {
  for (const text of ['', 'none', '0', '-1']) t.is(await lookAtDaemon(pidFile(t, text)), null);
  t.is(await lookAtDaemon(temporaryFolder(t)), null);
});
