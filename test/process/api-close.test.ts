import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import test from 'ava';
import { startApi } from '../support/api-process.js';

interface Answer {
  status: number;
  connection: string | undefined;
}

/** One GET over an agent of node:http, which keeps its connections; rejects when it fails. */
function get(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test.serial('SIGTERM under keep-alive load fails no request and ends with 0', async (t) => {
  const api = startApi(t, {});
  const base = await api.listening;
  const agents = Array.from({ length: 10 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  t.teardown(() => {
    for (const agent of agents) agent.destroy();
  });
  const statuses: number[] = [];
  const failures: string[] = [];
  let closeSeen = 0;
  let stopped = 0;
  // Each client goes on until a reply asks it to close: then a load balancer takes over.
  const clients = agents.map(async (agent) => {
    for (let n = 0; n < 100_000; n += 1) {
      try {
        const { status, connection } = await get(`${base}/api/v1/sentiment/stats`, agent);
        statuses.push(status);
        if (connection === 'close') {
          closeSeen += 1;
          return;
        }
      } catch (error) {
        failures.push(String(error));
        return;
      }
      await pause(5);
    }
    stopped += 1;
  });
  await pause(500);
  api.child.kill('SIGTERM');
  await Promise.all(clients);
  t.deepEqual(failures, []);
  t.deepEqual([...new Set(statuses)], [200]);
  t.is(closeSeen, agents.length);
  t.is(stopped, 0);
  t.is((await api.exited).code, 0);
  const last = api.lines().slice(-3);
  t.deepEqual(
    last.map(({ msg }) => msg),
    ['shutting down', 'store closed', 'shut down'],
  );
});

test.serial('a request whose headers arrive after the signal is answered', async (t) => {
  const api = startApi(t, {});
  const { port } = new URL(await api.listening);
  const socket = connect(Number(port), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise((resolve) => socket.on('close', resolve));
  socket.write('GET /api/v1/subreddits HTTP/1.1\r\nHost: x\r\n');
  await pause(100);
  api.child.kill('SIGTERM');
  await pause(700); // the listener is closed by now
  socket.write('\r\n');
  await ended;
  t.regex(text, /^HTTP\/1\.1 200 OK/);
  t.regex(text, /connection: close/i);
  t.regex(text, /"count":14/);
  t.is((await api.exited).code, 0);
});

test.serial('connections left open do not hold the exit', async (t) => {
  const api = startApi(t, {});
  const { port } = new URL(await api.listening);
  const silent = connect(Number(port), '127.0.0.1');
  const used = connect(Number(port), '127.0.0.1');
  t.teardown(() => {
    silent.destroy();
    used.destroy();
  });
  for (const socket of [silent, used]) socket.on('error', () => undefined);
  used.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => used.once('data', resolve));
  const began = performance.now();
  api.child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
  // 300 ms pause, 1 s for silent connections, 400 ms to settle; requestTimeout would be 15 s.
  t.true(performance.now() - began < 8000, `${performance.now() - began} ms`);
});

test.serial('two signals end it once, with 0', async (t) => {
  const api = startApi(t, {});
  await api.listening;
  api.child.kill('SIGINT');
  await pause(50);
  api.child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
  t.is(api.lines().filter(({ msg }) => msg === 'shutting down').length, 1);
});

test.serial('a short deadline cuts connections before it passes', async (t) => {
  const api = startApi(t, { SHUTDOWN_DEADLINE_SECONDS: '2' });
  const { port } = new URL(await api.listening);
  const slow = connect(Number(port), '127.0.0.1');
  t.teardown(() => slow.destroy());
  slow.on('error', () => undefined);
  slow.write('POST /api/v1/admin/collect HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n');
  await pause(100);
  api.child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
  t.false(api.output().includes('shutdown deadline passed'));
});
