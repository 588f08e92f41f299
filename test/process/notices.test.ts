import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import { eventually } from '../support/pm2.js';
import { receiver, silence, status } from '../support/receiver.js';
import { temporaryFolder } from '../support/temp.js';

const ROOT = resolve('dist/test/process/notices-root.js');

function start(t: ExecutionContext, args: string[], prefix: string[] = []) {
  const [program = '', ...rest] = [...prefix, process.execPath, ROOT, ...args];
  const child = execa(program, rest, { reject: false });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await child;
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, saw: (part: string) => eventually(part, () => text.includes(part)) };
}

const files = (folder: string) => readdirSync(join(folder, 'notices'));

test('what was queued when the process was killed arrives when the channel heals, in order', async (t) => {
  const folder = temporaryFolder(t);
  const server = await receiver(t, silence);
  const ids = ['one', 'two', 'three'];
  const first = start(t, [folder, server.url, ...ids]);
  await first.saw('notified');
  first.child.kill('SIGKILL');
  await first.child;
  t.is(files(folder).length, 3);

  server.received.length = 0;
  server.answer = status(200);
  const second = start(t, [folder, server.url, 'four']);
  await eventually('all four', () => server.received.length === 4);
  second.child.kill('SIGTERM');
  t.is((await second.child).exitCode, 0);
  t.deepEqual(server.ids(), [...ids, 'four']);
  t.deepEqual(files(folder), []);
});

for (const nth of [1, 2, 3]) {
  test(`killed while the receiver has notice ${nth}: it comes again with its id, the others once`, async (t) => {
    const folder = temporaryFolder(t);
    const server = await receiver(t);
    const ids = ['one', 'two', 'three'];
    let victim: ReturnType<typeof start> | null = null;
    server.answer = (response, received) => {
      if (server.received.length === nth) victim?.child.kill('SIGKILL');
      else status(200)(response, received);
    };
    victim = start(t, [folder, server.url, ...ids]);
    await victim.child;
    const before = server.ids();
    const waiting = files(folder).filter((name) => name.endsWith('.json')).length;
    server.received.length = 0;
    server.answer = status(200);
    const next = start(t, [folder, server.url]);
    await next.saw('notified');
    await eventually('the rest', () => server.received.length === waiting);
    next.child.kill('SIGTERM');
    await next.child;
    t.is(before.at(-1), ids[nth - 1]);
    t.is(server.ids()[0], before.at(-1));
    const told = [...before.slice(0, -1), ...server.ids()];
    t.is(new Set(told).size, told.length);
    t.deepEqual(told, ids.slice(0, told.length));
    t.deepEqual(files(folder), []);
  });
}

test('with a full disk the notices go out all the same', async (t) => {
  const folder = temporaryFolder(t);
  const server = await receiver(t);
  const nothingToWrite = ['/bin/sh', '-c', 'ulimit -f 0; exec "$@"', 'sh'];
  const { child, saw } = start(t, [folder, server.url, 'one', 'two'], nothingToWrite);
  await saw('notices cannot be saved');
  await eventually('both', () => server.received.length === 2);
  t.deepEqual(server.ids(), ['one', 'two']);
  child.kill('SIGTERM');
  t.is((await child).exitCode, 0);
});
