import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { rawRequest } from '../support/raw-http.js';
import { BASIC, type TestListing } from '../support/reddit-client.js';

const CLI = fileURLToPath(new URL('../../src/cli/simulator.js', import.meta.url));
const ENV = { NODE_ENV: 'production', SUBREDDITS: 'Cursor,aws' };

/** Runs the real command; `timeout` bounds every wait below. */
function simulator(...args: string[]) {
  return execa('node', [CLI, ...args], { env: ENV, reject: false, timeout: 60_000 });
}

/** Its ready line, parsed. */
async function ready(process: ReturnType<typeof simulator>): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: process.stdout })) {
    if (line.startsWith('{"listening":')) return JSON.parse(line) as Record<string, unknown>;
  }
  throw new Error('it ended before it was ready');
}

async function requestsOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/simulator/requests`);
  return ((await answer.json()) as { requests: number }).requests;
}

test('it says where it listens, serves a token and a listing, and ends clean', async (t) => {
  const process = simulator('--port', '0', '--seed', '3');
  t.teardown(() => process.kill('SIGKILL'));
  const line = await ready(process);
  t.like(line, { world: 'generated', subreddits: 2, pid: process.pid, token_ttl_seconds: 86_400 });
  const url = String(line.listening);
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
    [['--fault', 'slow'], /^simulator: --fault: kind "slow" is not accepted: it is one of unauth/],
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

test('--fault and --rate-limit hold from the start, and held connections do not keep it', async (t) => {
  const faults = ['--fault', 'server_error,route=token,count=1', '--fault', 'silent,route=new'];
  const process = simulator('--port', '0', '--rate-limit', '1/600', ...faults);
  t.teardown(() => process.kill('SIGKILL'));
  const url = String((await ready(process)).listening);
  const token = () =>
    fetch(`${url}/api/v1/access_token`, {
      method: 'POST',
      headers: { authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
  t.is((await token()).status, 500);
  const { access_token } = (await (await token()).json()) as { access_token: string };
  const headers = { authorization: `bearer ${access_token}` };
  const about = () => fetch(`${url}/r/aws/about`, { headers });
  t.deepEqual([(await about()).status, (await about()).status], [200, 429]);
  const silent = rawRequest(t, `${url}/r/aws/new`, { headers });
  while ((await requestsOf(url)) < 5);
  const totals = await fetch(`${url}/simulator/requests`);
  t.deepEqual(await totals.json(), { requests: 5, tokens_issued: 1, refused: 1 });

  process.kill('SIGTERM');
  t.is((await process).exitCode, 0);
  await silent.over;
  t.is(silent.bytes(), 0);
});

test('its memory stays flat under bodies without end and requests without answer', async (t) => {
  const process = simulator('--port', '0', '--fault', 'endless,route=new', '--fault', 'silent');
  t.teardown(() => process.kill('SIGKILL'));
  const { listening, pid } = await ready(process);
  const url = String(listening);
  const endless = () => rawRequest(t, `${url}/r/aws/new`, { keepBytes: 100 });
  const silent = async () => {
    const until = (await requestsOf(url)) + 200;
    const clients = Array.from({ length: 200 }, () => rawRequest(t, `${url}/r/aws/about`));
    while ((await requestsOf(url)) < until);
    for (const { socket } of clients) socket.destroy();
  };
  const takers = [endless(), endless()];
  const idlers = Array.from({ length: 10 }, endless);
  await Promise.all([...takers, ...idlers].map((client) => client.arrived(1)));
  for (const { socket } of idlers) socket.pause();
  const round = async (bytes: number) => {
    await silent();
    await Promise.all(takers.map((client) => client.arrived(bytes)));
  };
  const usedMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024;
  await round(100_000_000);
  const warmMb = usedMb();
  for (let n = 2; n <= 6; n += 1) await round(n * 200_000_000);
  t.log(`${warmMb.toFixed(0)} MB, then ${usedMb().toFixed(0)} MB`);
  t.true(usedMb() < warmMb + 40);
  for (const { socket } of idlers) socket.resume();
  await Promise.all(idlers.map((client) => client.arrived(10_000_000)));
});
