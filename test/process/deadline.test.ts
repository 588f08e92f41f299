import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../support/busy-thread-root.js', import.meta.url));

test('a process ends by its deadline though a thread is in a call that cannot be interrupted', async (t) => {
  const child = spawn(process.execPath, [root], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', SHUTDOWN_DEADLINE_SECONDS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('start-up complete')) break;
  }
  child.stdout.resume();
  child.kill('SIGTERM');
  t.deepEqual(await ended, [null, 'SIGKILL']);
});
