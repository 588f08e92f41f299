import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { autopsy } from '../../monitor/evidence/autopsy.js';
import { listeningPorts } from '../../monitor/evidence/target.js';
import { systemClock } from '../../src/clock.js';
import { holderName } from '../../src/holder.js';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const HANGING = resolve('dist/test/support/hanging-root.js');
/** Generous: the machine may be busy. What a deadline is has a test of its own. */
const options = { clock: systemClock, timeoutMs: 15_000 };

/** A child that is killed with the test; resolves with it when it has written a line. */
async function start(t: ExecutionContext, args: string[], cwd?: string) {
  const child = spawn(process.execPath, args, {
    ...(cwd && { cwd }),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(async () => {
    const ended = child.exitCode !== null || child.signalCode !== null;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    if (!ended) await exit;
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, pid: pidOf(child), line: String(line).trim() };
}

const pidOf = ({ pid }: ChildProcess): number => pid ?? 0;

/** Runs the text as a program of its own and waits until it says that it begins to hang. */
async function hang(t: ExecutionContext, name: string, text: string) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, name), text);
  const started = await start(t, [join(folder, name)], folder);
  return { ...started, folder };
}

/** When it has burnt three tenths of a second of processor time since: it spins. */
async function spins(pid: number): Promise<void> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await eventually('a loop that burns', () => ticks() >= before + 30);
}

const SAY = `process.stdout.write('on\\n', () => undefined);`;

test.serial(
  'names function, file and line of a loop: ES module, CommonJS, async, microtasks',
  async (t) => {
    const programs: [string, string, string][] = [
      [
        'a.mjs',
        `${SAY}\nfunction spin() {\n  for (;;) Math.random();\n}\nsetTimeout(spin, 50);`,
        'spin (a.mjs:3)',
      ],
      [
        'b.cjs',
        `${SAY}\nsetTimeout(function whirl() {\n  for (;;) Math.random();\n}, 50);`,
        'whirl (b.cjs:3)',
      ],
      [
        'c.mjs',
        `${SAY}\nasync function turn() {\n  await null;\n  while (true) { Math.random(); }\n}\nsetTimeout(turn, 50);`,
        'turn (c.mjs:4)',
      ],
      [
        'd.mjs',
        `${SAY}\nasync function starve() {\n  for (;;) await null;\n}\nsetTimeout(starve, 50);`,
        'starve (d.mjs:3)',
      ],
      [
        'e.cjs',
        `${SAY}\nsetTimeout(function match() {\n  /^(a+)+$/.test('a'.repeat(40) + 'b');\n}, 50);`,
        'match (e.cjs:3)',
      ],
      [
        'f.cjs',
        `${SAY}\nsetTimeout(function sort() {\n  [2, 1].sort(() => { for (;;); });\n}, 50);`,
        '(anonymous) (f.cjs:3)',
      ],
    ];
    for (const [name, text, place] of programs) {
      const { pid, folder } = await hang(t, name, text);
      await spins(pid);
      const found = await autopsy(pid, options);
      t.is(found.kind, 'hung_in', JSON.stringify(found));
      if (found.kind !== 'hung_in') continue;
      // Between two microtasks, the next step of a function is where it begins.
      t.is(found.place.replace('starve (d.mjs:2)', 'starve (d.mjs:3)'), place);
      t.true(found.stack.length > 0 && found.stack.length <= 10);
      t.false(found.stack.join().includes(folder), 'paths are those of its folder');
    }
  },
);

test.serial('a healthy server goes on: once, twice, two at once; no port stays open', async (t) => {
  const { pid, line, child } = await start(t, [HANGING]);
  const before = await listeningPorts(pid);
  t.deepEqual(before, [Number(line)]);
  t.deepEqual(await autopsy(pid, options), { kind: 'idle' });
  await eventually('closed', async () => (await listeningPorts(pid)).length === 1);
  t.deepEqual(await autopsy(pid, options), { kind: 'idle' });
  await eventually('closed', async () => (await listeningPorts(pid)).length === 1);
  const both = await Promise.all([
    autopsy(pid, { ...options, timeoutMs: 3000 }),
    autopsy(pid, { ...options, timeoutMs: 3000 }),
  ]);
  t.true(
    both.some((one) => one.kind === 'idle'),
    JSON.stringify(both),
  );
  t.is(await (await fetch(`http://127.0.0.1:${line}/`)).text(), String(pid));
  await eventually('closed', async () => (await listeningPorts(pid)).length === 1);
  t.is(child.exitCode, null);
});

test.serial('one that recovers serves on, and its debugger is closed', async (t) => {
  const text = `const http = require('http');
const server = http.createServer((q, r) => r.end('ok')).listen(0, '127.0.0.1', () => {
  process.stdout.write(server.address().port + '\\n', () => undefined);
  setTimeout(function slow() {
    for (const end = Date.now() + 5000; Date.now() < end; ) Math.random();
  }, 100);
});`;
  const { pid, line } = await hang(t, 'slow.cjs', text);
  await spins(pid);
  const found = await autopsy(pid, options);
  t.is(found.kind, 'hung_in', JSON.stringify(found));
  t.is(await (await fetch(`http://127.0.0.1:${line}/`)).text(), 'ok');
  await systemClock.sleep(1500); // the second request of the signal would have opened it by now
  await eventually('closed', async () => (await listeningPorts(pid)).length === 1);
});

test.serial(
  'native code cannot be interrupted: unknown by the deadline, and it goes on',
  async (t) => {
    const text = `const http = require('http');
const server = http.createServer((q, r) => r.end('ok')).listen(0, '127.0.0.1', () => {
  process.stdout.write(server.address().port + '\\n', () => undefined);
  setTimeout(() => require('child_process').execFileSync('sleep', ['5']), 100);
});`;
    const { pid, line } = await hang(t, 'native.cjs', text);
    await eventually(
      'its child',
      () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== '',
    );
    const began = systemClock.monotonic();
    const found = await autopsy(pid, { clock: systemClock, timeoutMs: 1000 });
    t.true(systemClock.monotonic() - began < 4000);
    t.is(found.kind, 'unknown', JSON.stringify(found));
    t.regex(JSON.stringify(found), /native code/);
    t.is(await (await fetch(`http://127.0.0.1:${line}/`)).text(), 'ok');
    await eventually('closed', async () => (await listeningPorts(pid)).length === 1);
  },
);

test.serial(
  'no signal goes to what is not Node, sleeps in state T, is gone or is another',
  async (t) => {
    const sleeper = spawn('sleep', ['60']);
    t.teardown(() => sleeper.kill('SIGKILL'));
    t.like(await autopsy(pidOf(sleeper), options), {
      kind: 'unknown',
      why: 'it is not a process of Node.js',
    });
    t.is(sleeper.signalCode, null);

    const { pid, child } = await start(t, [HANGING]);
    const other = holderName(pid).replace(/:\d+:([^:]+)$/, ':1:$1');
    t.like(await autopsy(pid, { ...options, holder: other }), {
      kind: 'unknown',
      why: 'another process has its pid now',
    });
    t.is((await listeningPorts(pid)).length, 1);
    child.kill('SIGSTOP');
    await eventually('stopped', () =>
      /State:\s+T/.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
    t.regex(JSON.stringify(await autopsy(pid, options)), /state T/);
    t.is((await listeningPorts(pid)).length, 1);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    t.is((await autopsy(pid, options)).kind, 'unknown');
    t.is((await autopsy(0, options)).kind, 'unknown');
  },
);

test.serial('a taken port 9229, or a process that ends meanwhile, is unknown', async (t) => {
  const taken = createServer();
  taken.listen(9229, '127.0.0.1');
  await once(taken, 'listening');
  t.is((taken.address() as AddressInfo).port, 9229);
  const { pid, line } = await start(t, [HANGING]);
  const found = await autopsy(pid, { clock: systemClock, timeoutMs: 1500 });
  t.is(found.kind, 'unknown', JSON.stringify(found));
  t.is(await (await fetch(`http://127.0.0.1:${line}/`)).text(), String(pid));
  await new Promise((done) => taken.close(done));

  const dying = await start(t, [HANGING]);
  const asked = autopsy(dying.pid, { clock: systemClock, timeoutMs: 1500 });
  dying.child.kill('SIGKILL');
  t.is((await asked).kind, 'unknown');
});

test.serial('a debugger that was open before stays open', async (t) => {
  const { pid, line } = await start(t, ['--inspect=127.0.0.1:0', HANGING]);
  const before = await listeningPorts(pid);
  t.is(before.length, 2);
  t.deepEqual(await autopsy(pid, options), { kind: 'idle' });
  t.deepEqual((await listeningPorts(pid)).sort(), before.sort());
  t.is(await (await fetch(`http://127.0.0.1:${line}/`)).text(), String(pid));
});

test.serial('a hung worker of a PM2 cluster is named with its line', async (t) => {
  const folder = temporaryFolder(t);
  const { pm2, list } = ownPm2(t, join(folder, 'pm2'));
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  await pm2(['start', HANGING, '--name', 'api', '-i', '1'], { PORT: String(port) });
  const ask = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`).then(
      (one) => one.text(),
      () => undefined,
    );
  await eventually('it serves', () => ask('/'));
  const { pid } = (await list())[0] ?? { pid: 0 };
  t.is(await ask('/hang'), String(pid));
  await spins(pid);
  const found = await autopsy(pid, options);
  const source = readFileSync(HANGING, 'utf8').split('\n');
  const line = source.findIndex((one) => one.includes('Math.random')) + 1;
  t.is(found.kind, 'hung_in', JSON.stringify(found));
  if (found.kind !== 'hung_in') return;
  t.regex(found.place, /^spin \(.*hanging-root\.js:\d+\)$/);
  t.true(Math.abs(Number(/:(\d+)\)$/.exec(found.place)?.[1]) - line) <= 1, found.place);
});
