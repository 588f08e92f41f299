import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createPortHolders } from '../../monitor/observe/port-holder.js';
import { freePort } from '../support/free-port.js';
import { temporaryFolder } from '../support/temp.js';

const SCRIPT = (host: string) =>
  `require('node:net').createServer().listen(0, '${host}', function () { console.log(this.address().port) })`;

/** Another process that listens, and the port. */
async function listener(t: ExecutionContext, host: string, options: string[] = []) {
  const script = join(temporaryFolder(t), 'server.cjs');
  writeFileSync(script, SCRIPT(host));
  const child = spawn(process.execPath, [...options, script, 'hunter2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  const port = await new Promise<number>((found) =>
    child.stdout.once('data', (text: Buffer) => found(Number(text.toString()))),
  );
  return { child, port, script };
}

test('who listens is named, with no more of its command than the program and what it runs', async (t) => {
  const { child, port, script } = await listener(t, '127.0.0.1');
  const holders = createPortHolders();
  for (const name of ['127.0.0.1', 'localhost']) {
    const holder = await holders.find(`http://${name}:${port}/health`, null);
    t.is(holder?.pid, child.pid);
    t.is(holder?.command, `${process.execPath} ${script}`);
  }
  child.kill('SIGKILL');
  await new Promise((gone) => child.once('exit', gone));
  t.is(await holders.find(`http://127.0.0.1:${port}/health`, null), null);
});

test('what is given with an option is not shown', async (t) => {
  const { port } = await listener(t, '127.0.0.1', ['--disable-proto=throw']);
  const holder = await createPortHolders().find(`http://127.0.0.1:${port}/health`, null);
  t.is(holder?.command, `${process.execPath} --disable-proto=…`);
});

test('another holder of the same port is seen', async (t) => {
  const first = await listener(t, '127.0.0.1');
  const holders = createPortHolders();
  const url = `http://127.0.0.1:${first.port}/health`;
  t.is((await holders.find(url, null))?.pid, first.child.pid);
  first.child.kill('SIGKILL');
  await new Promise((gone) => first.child.once('exit', gone));
  const server = createServer();
  await new Promise<void>((ready) => server.listen(first.port, '127.0.0.1', ready));
  t.teardown(() => void server.close());
  t.is((await holders.find(url, null))?.pid, process.pid);
});

for (const [host, name, seen] of [
  ['0.0.0.0', '127.0.0.1', true],
  ['::', '127.0.0.1', true],
  ['::', '[::1]', true],
  ['::1', '[::1]', true],
  ['::1', 'localhost', true],
  ['::1', '127.0.0.1', false],
  ['127.0.0.1', '127.0.0.2', false],
  ['127.0.0.1', '[::1]', false],
] as const) {
  test(`${seen ? 'a' : 'no'} listener on ${host} is who answers ${name}`, async (t) => {
    const { child, port } = await listener(t, host);
    const holder = await createPortHolders().find(`http://${name}:${port}/health`, null);
    t.is(holder?.pid, seen ? child.pid : undefined);
  });
}

test('PM2, which holds the sockets of its workers too, is named only when nobody else is', async (t) => {
  const { child, port } = await listener(t, '127.0.0.1');
  const url = `http://127.0.0.1:${port}/health`;
  t.is((await createPortHolders().find(url, child.pid ?? 0))?.pid, child.pid);
});

test('nobody, and another machine, cannot be told', async (t) => {
  const holders = createPortHolders();
  t.is(await holders.find(`http://127.0.0.1:${await freePort()}/health`, null), null);
  t.is(await holders.find('http://monitoring.example:80/health', null), null);
  t.is(await holders.find('https://192.0.2.1/health', null), null);
});
