import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { clientOf, refusal } from '../support/cosmos.js';

const CLI = fileURLToPath(new URL('../../src/cli/cosmos-account.js', import.meta.url));

/** Runs the real command; `timeout` bounds every wait below. */
function account(...args: string[]) {
  const env = { NODE_ENV: 'production', SUBREDDITS: 'aws' };
  return execa('node', [CLI, ...args], { env, reject: false, timeout: 60_000 });
}

/** Its ready line, parsed. */
async function ready(process: ReturnType<typeof account>): Promise<{ url: string; key: string }> {
  for await (const line of createInterface({ input: process.stdout })) {
    if (line.startsWith('{"url":')) return JSON.parse(line) as { url: string; key: string };
  }
  throw new Error('it ended before it was ready');
}

test('it says where it listens and by which key, serves the SDK, and ends clean', async (t) => {
  const process = account('--port', '0');
  t.teardown(() => process.kill('SIGKILL'));
  const { url, key } = await ready(process);
  const client = clientOf({ url, key });
  t.teardown(() => client.dispose());
  const { database } = await client.databases.create({ id: 'test' });
  const { container } = await database.containers.create({ id: 'c', partitionKey: '/p' });
  t.is((await container.items.create({ id: 'a', p: 'x' })).statusCode, 201);

  const faults = `${url}/_control/faults`;
  await fetch(faults, { method: 'POST', body: '{"kind": "silent", "operation": "read"}' });
  const silent = refusal(container.item('a', 'x').read());
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.kill('SIGTERM');
  t.is((await process).exitCode, 0);
  t.not(await silent, 'none');
});

test('a wrong argument or a port in use ends it, with one line that says why', async (t) => {
  const wrong = await account('--port', 'eighty');
  t.deepEqual([wrong.exitCode, wrong.stdout], [64, '']);
  t.regex(wrong.stderr, /^cosmos-account: --port "eighty" is not accepted[^\n]*$/);
  const first = account('--port', '0');
  t.teardown(() => first.kill('SIGKILL'));
  const { port } = new URL((await ready(first)).url);
  const second = await account('--port', port);
  t.is(second.exitCode, 78);
  t.regex(second.stdout, /port \d+ on 127\.0\.0\.1 is in use/);
});
