import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { BASIC, type TestListing } from '../support/reddit-client.js';

const CLI = fileURLToPath(new URL('../../src/cli/simulator.js', import.meta.url));
const ENV = { NODE_ENV: 'production', SUBREDDITS: 'Cursor,aws' };

/** Runs the real command; `timeout` bounds every wait below. */
function simulator(...args: string[]) {
  return execa('node', [CLI, ...args], { env: ENV, reject: false, timeout: 60_000 });
}

test('it says where it listens, serves a token and a listing, and ends clean', async (t) => {
  const process = simulator('--port', '0', '--seed', '3');
  t.teardown(() => process.kill('SIGKILL'));
  let ready: Record<string, unknown> = {};
  for await (const line of createInterface({ input: process.stdout })) {
    if (!line.startsWith('{"listening":')) continue;
    ready = JSON.parse(line) as Record<string, unknown>;
    break;
  }
  t.like(ready, { world: 'generated', subreddits: 2, pid: process.pid, token_ttl_seconds: 86_400 });
  const url = String(ready.listening);
  t.regex(url, /^http:\/\/127\.0\.0\.1:\d+$/);

  const granted = await fetch(`${url}/api/v1/access_token`, {
    method: 'POST',
    headers: { authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  const { access_token } = (await granted.json()) as { access_token: string };
  const answer = await fetch(`${url}/r/cursor/comments?limit=100&raw_json=1`, {
    headers: { authorization: `bearer ${access_token}` },
  });
  t.is(answer.headers.get('content-type'), 'application/json; charset=UTF-8');
  t.is(answer.headers.get('x-ratelimit-used'), '1');
  const listing = (await answer.json()) as TestListing;
  t.is(listing.data.children.length, 100);

  process.kill('SIGTERM');
  t.is((await process).exitCode, 0);
  await t.throwsAsync(fetch(url), undefined, 'nothing listens any more');
});

test('a wrong argument, file or port ends it at once, with one line that says why', async (t) => {
  for (const [args, message] of [
    [['--port', 'eighty'], /^simulator: --port "eighty" is not accepted: it takes a whole number/],
    [['--replay', '/nonexistent.gz'], /^simulator: \/nonexistent.gz: there is no such file; give/],
  ] as const) {
    const { exitCode, stdout, stderr } = await simulator(...args);
    t.is(exitCode, 64);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.false(stderr.includes('\n'));
  }
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const { exitCode, stdout } = await simulator('--port', port);
  t.is(exitCode, 78);
  t.regex(stdout, new RegExp(`port ${port} on 127.0.0.1 is in use. Cure: .*--port 0`));
});

test('--help explains it and ends', async (t) => {
  const { exitCode, stdout } = await simulator('--help');
  t.is(exitCode, 0);
  t.regex(stdout, /--token-ttl SECONDS/);
});
