import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createOrphans } from '../../monitor/observe/orphans.js';
import { readStat } from '../../monitor/observe/proc.js';
import { systemClock } from '../../src/clock.js';
import { ManualClock } from '../support/clock.js';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const APP = resolve('dist/test/support/health-app-root.js');
const JOBS = resolve('dist/jobs/main.js');

const find = (entries: Record<string, string>, claimed: number[] = []) =>
  createOrphans({ clock: systemClock, entries, minAgeMs: 0 }).find(claimed);

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/**
 * A PM2 of the test's own that is killed without a chance to end what it runs. A stand-in (pmx)
 * ends when it notices, so what is to stay has to hang.
 */
function mortalPm2(t: ExecutionContext, env: Record<string, string> = {}) {
  const home = join(temporaryFolder(t), 'pm2');
  const { pm2, list } = ownPm2(t, home, env);
  return {
    start: async (script: string, name: string, ...options: string[]): Promise<number> => {
      const started = await pm2(['start', script, '--name', name, ...options]);
      t.is(started.exitCode, 0, started.stderr);
      const pid = (await list()).find((one) => one.name === name)?.pid ?? 0;
      t.teardown(() => end(pid));
      return pid;
    },
    kill: async (...hanging: number[]): Promise<void> => {
      for (const pid of hanging) process.kill(pid, 'SIGSTOP');
      const daemon = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'));
      process.kill(daemon, 'SIGKILL');
      await eventually('a dead PM2', () => !lives(daemon));
    },
  };
}

function lives(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

test.serial(
  'what a killed PM2 leaves behind is an orphan, in fork and in cluster mode',
  async (t) => {
    const { start, kill } = mortalPm2(t, { HEALTH_PORT: '0' });
    const began = systemClock.now();
    const fork = await start(APP, 'jobs');
    const worker = await start(APP, 'api', '-i', '1');
    t.deepEqual(await find({ app: APP }), [], 'PM2 lives');
    // A worker ends with PM2, unless it hangs.
    await kill(fork, worker);
    let found: Awaited<ReturnType<typeof find>> = [];
    const orphans = await eventually('two orphans', async () => {
      found = await find({ app: APP });
      return found.length === 2 && found;
    }).catch((error: unknown) => {
      const states = [fork, worker].map((pid) => readStat(pid));
      throw new Error(`${String(error)}: ${JSON.stringify({ found, states })}`);
    });
    t.deepEqual(
      orphans.map(({ pid, name }) => [pid, name]).sort(),
      [fork, worker].map((pid) => [pid, 'app']).sort(),
    );
    for (const { startedAt } of orphans) {
      t.true(Math.abs(Date.parse(startedAt) - began) < 60_000, startedAt);
    }
    t.deepEqual(
      (await find({ app: APP }, [fork])).map(({ pid }) => pid),
      [worker],
      'PM2 lists it',
    );
    t.deepEqual(await find({ app: JOBS }), [], 'none of this entry');
    const patient = createOrphans({
      clock: systemClock,
      entries: { app: APP },
      minAgeMs: 3_600_000,
    });
    t.deepEqual(await patient.find([]), [], 'the young are left out');
  },
);

test.serial('an orphan that ends is one no more, without another search', async (t) => {
  const { start, kill } = mortalPm2(t, { HEALTH_PORT: '0' });
  const pid = await start(APP, 'jobs');
  await kill(pid);
  await eventually('an orphan', async () => (await find({ app: APP })).length === 1);
  const orphans = createOrphans({ clock: systemClock, entries: { app: APP }, minAgeMs: 0 });
  t.is((await orphans.find([])).length, 1);
  end(pid);
  await eventually('no orphan', async () => (await orphans.find([])).length === 0);
});

test.serial('our own process that hangs when PM2 dies is an orphan under its name', async (t) => {
  const { start, kill } = mortalPm2(t, {
    NODE_ENV: 'production',
    REDDIT_CLIENT_ID: '',
    SQLITE_PATH: join(temporaryFolder(t), 'store.db'),
  });
  const pid = await start(JOBS, 'runner', '--wait-ready');
  await kill(pid);
  const ours = createOrphans({ clock: systemClock, minAgeMs: 0 });
  const orphans = await ours.find([]);
  t.deepEqual(
    orphans.filter((one) => one.pid === pid).map(({ name }) => name),
    ['jobs'],
    'named as the entry point is, whatever PM2 called it',
  );
  process.kill(pid, 'SIGCONT');
  await eventually('it ends by itself', () => !lives(pid));
});

test.serial(
  'what people and other programs start is none: a terminal, a session of its own, a nohup',
  async (t) => {
    const env = { ...process.env, HEALTH_PORT: '0' };
    const inSession = spawn('setsid', ['--wait', process.execPath, APP], { env });
    const alone = spawn(
      'sh',
      ['-c', 'setsid "$0" "$1" & echo $!; sleep 0.5', process.execPath, APP],
      { env },
    );
    const left = await new Promise<number>((found) =>
      alone.stdout.once('data', (text: Buffer) => found(Number(text.toString()))),
    );
    const terminal = spawn('script', ['-qec', `${process.execPath} ${APP}`, '/dev/null'], { env });
    t.teardown(() => {
      for (const { pid } of [inSession, alone, terminal]) end(pid ?? 0);
      end(left);
      for (const pid of runningPids(APP)) end(pid);
    });
    await new Promise((gone) => alone.once('exit', gone));
    const running = await eventually('three of them', () => {
      const pids = runningPids(APP);
      return pids.length >= 3 && pids;
    });
    t.true(running.includes(left), 'left by a shell that has ended');
    t.deepEqual(await find({ app: APP }), []);
  },
);

test.serial("what bears PM2's marks is none while the leader of its session lives", async (t) => {
  const env = {
    ...process.env,
    NODE_CHANNEL_FD: '3',
    pm_exec_path: APP,
    pm2_env: JSON.stringify({ pm_exec_path: APP }),
  };
  const leader = spawn('setsid', ['--wait', 'sh', '-c', 'sleep 100 & echo $! $$; wait'], { env });
  const [pid = 0, shell = 0] = await new Promise<number[]>((found) =>
    leader.stdout.once('data', (text: Buffer) => found(text.toString().split(' ').map(Number))),
  );
  t.teardown(() => {
    for (const one of [pid, shell, leader.pid ?? 0]) end(one);
  });
  const found = async () => (await find({ app: APP })).map((one) => one.pid);
  t.false((await found()).includes(pid));
  end(shell);
  await eventually('it to be left', async () => (await found()).includes(pid));
});

/** Those that run a script under node, by their command lines. */
function runningPids(script: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [program, first] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return program === process.execPath && first === script;
      } catch {
        return false;
      }
    });
}

test.serial('a search is made once a minute', async (t) => {
  const clock = new ManualClock();
  const { start, kill } = mortalPm2(t, { HEALTH_PORT: '0' });
  const orphans = createOrphans({ clock, entries: { app: APP }, minAgeMs: 0 });
  t.deepEqual(await orphans.find([]), []);
  const pid = await start(APP, 'jobs');
  await kill(pid);
  t.deepEqual(await orphans.find([]), []);
  await clock.advance(60_000);
  t.deepEqual(
    (await orphans.find([])).map((one) => one.pid),
    [pid],
  );
});
