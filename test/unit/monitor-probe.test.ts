import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createHost } from '../../monitor/observe/host.js';
import { observe, probeHealth, type ProbeOptions } from '../../monitor/observe/probe.js';
import type { Supervisor } from '../../monitor/observe/supervisor.js';
import { systemClock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { managed } from '../support/observations.js';

/** For what never answers; a test waits for it. */
const SHORT_MS = 300;
/** For what answers at once, also on a very busy machine. */
const LONG_MS = 20_000;
/** Far below what a monitor without a deadline would take, far above what ours should. */
const SLACK_MS = 4000;

async function serve(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
}

async function serveTcp(t: ExecutionContext, onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
}

const probe = (healthUrl: string, timeoutMs = LONG_MS) =>
  probeHealth({ healthUrl, timeoutMs, clock: systemClock });

const json = (status: number, body: unknown): RequestListener => {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
};

test('the age of the heartbeat of jobs is taken from the report, null when it has none', async (t) => {
  const ages: [unknown, number | null][] = [
    [{ jobs_heartbeat_age_seconds: 7.5 }, 7.5],
    [{ jobs_heartbeat_age_seconds: null }, null],
    [{ jobs_heartbeat_age_seconds: 'long' }, null],
    ['none', null],
    [undefined, null],
  ];
  for (const [application, expected] of ages) {
    const url = await serve(t, json(200, { status: 'healthy', application }));
    t.like(await probe(url), { kind: 'answered', jobsHeartbeatAgeS: expected });
  }
});

test('a 503 with a health report is an answer, with its causes', async (t) => {
  const url = await serve(
    t,
    json(503, {
      status: 'unhealthy',
      process: { pid: 4711, memory_mb: 90 },
      causes: [
        {
          code: 'database_unreachable',
          severity: 'unhealthy',
          message: 'refused',
          restart_would_help: false,
        },
        {
          code: 'memory_over_limit',
          severity: 'unhealthy',
          message: '510 MB',
          restart_would_help: true,
        },
      ],
    }),
  );
  const outcome = await probe(url);
  t.like(outcome, { kind: 'answered', status: 'unhealthy', httpStatus: 503, pid: 4711 });
  if (outcome.kind !== 'answered') return t.fail();
  t.deepEqual(
    outcome.causes.map((one) => [one.code, one.restartWouldHelp]),
    [
      ['database_unreachable', false],
      ['memory_over_limit', true],
    ],
  );
});

test('a report without details (HEALTH_CHECK_ENABLED=false) or with odd ones is still an answer', async (t) => {
  const bare = await serve(t, json(200, { status: 'healthy', timestamp: 'now' }));
  t.like(await probe(bare), { kind: 'answered', status: 'healthy', causes: [], pid: null });
  const odd = await serve(
    t,
    json(200, { status: 'degraded', process: 7, causes: [null, 'x', { code: 'gap_open' }] }),
  );
  t.like(await probe(odd), { kind: 'answered', status: 'degraded', pid: null });
});

test('texts from outside are cut short', async (t) => {
  const causes = Array.from({ length: 100 }, () => ({
    code: 'x'.repeat(1000),
    message: 'y'.repeat(20),
  }));
  const url = await serve(t, json(200, { status: 'degraded', causes: causes.slice(0, 50) }));
  const outcome = await probe(url);
  if (outcome.kind !== 'answered') return t.fail();
  t.true(outcome.causes.length <= 20);
  t.true(outcome.causes.every((one) => one.code.length <= 301));
});

test('a server that never answers is a time-out within the deadline', async (t) => {
  const url = await serve(t, () => undefined);
  const began = systemClock.monotonic();
  t.like(await probe(url, SHORT_MS), { kind: 'no_answer', reason: 'timeout' });
  t.true(systemClock.monotonic() - began < SHORT_MS + SLACK_MS);
});

test('an answer that drips byte by byte is a time-out', async (t) => {
  let drip: NodeJS.Timeout | undefined;
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    drip = setInterval(() => response.write(' '), 20);
  });
  t.teardown(() => clearInterval(drip));
  t.like(await probe(url, SHORT_MS), { kind: 'no_answer', reason: 'timeout' });
});

test('a reset connection, and one closed without a word, are broken', async (t) => {
  const reset = await serveTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  t.like(await probe(reset), { kind: 'no_answer', reason: 'broken' });
  const closed = await serveTcp(t, (socket) => socket.once('data', () => socket.end()));
  t.like(await probe(closed), { kind: 'no_answer', reason: 'broken' });
});

test('a body cut off in the middle is broken', async (t) => {
  const url = await serveTcp(t, (socket) =>
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"status":'),
    ),
  );
  t.like(await probe(url), { kind: 'no_answer', reason: 'broken' });
});

test('what is no HTTP is broken', async (t) => {
  const url = await serveTcp(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  t.like(await probe(url), { kind: 'no_answer', reason: 'broken' });
});

test('nobody listening is refused', async (t) => {
  const url = await serveTcp(t, () => undefined);
  const closed = new URL(url);
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closed.port = String((server.address() as AddressInfo).port);
  await new Promise((resolve) => server.close(resolve));
  t.like(await probe(closed.href), { kind: 'no_answer', reason: 'refused' });
});

test('HTML, other JSON and a redirect are not our health report', async (t) => {
  const html = await serve(t, (_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<html><body>status: healthy</body></html>');
  });
  t.like(await probe(html), { kind: 'no_answer', reason: 'foreign' });
  const other = await serve(t, json(404, { status: 404, title: 'Not found' }));
  t.like(await probe(other), { kind: 'no_answer', reason: 'foreign' });
  const goal = await serve(t, json(200, { status: 'healthy' }));
  const redirect = await serve(t, (_request, response) => {
    response.writeHead(302, { location: goal }).end();
  });
  t.like(await probe(redirect), { kind: 'no_answer', reason: 'foreign' });
});

test('a 500 without a report says that the server is in trouble', async (t) => {
  const url = await serve(t, json(500, { status: 500, title: 'Internal error' }));
  t.like(await probe(url), { kind: 'no_answer', reason: 'server_error' });
});

test('a huge body is left unread', async (t) => {
  let written = 0;
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const more = (): void => {
      while (written < 512 && !response.destroyed) {
        written += 1;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end('{"status":"healthy"}');
    };
    more();
  });
  t.like(await probe(url), { kind: 'no_answer', reason: 'foreign' });
  t.true(written < 512, `${written} chunks of 64 KiB were sent`);
});

const options = (healthUrl: string, supervisor: Supervisor): ProbeOptions => {
  const host = createHost({ clock: systemClock, healthUrl, folders: [] });
  return { healthUrl, timeoutMs: LONG_MS, clock: systemClock, supervisor, host };
};

test('an observation never throws: the supervisor may be gone', async (t) => {
  const healthUrl = await serve(t, json(200, { status: 'healthy' }));
  const supervisor = {
    daemon: async () => null,
    list: async () => Promise.reject(new AppError('supervisor_unreachable', 'no daemon')),
    restart: async () => undefined,
  };
  const seen = await observe(options(healthUrl, supervisor));
  t.like(seen, {
    outcome: { kind: 'answered', status: 'healthy' },
    supervisor: { reachable: false, reason: 'no daemon' },
  });
});

test('memory of a live process is measured, of a dead one it is unknown', async (t) => {
  const healthUrl = await serve(t, json(200, { status: 'healthy' }));
  const supervisor = {
    daemon: async () => null,
    list: async () => [
      managed('api', { pid: process.pid }),
      managed('jobs', { pid: 2 ** 22 + 1 }), // above the highest pid Linux gives
      managed('monitor', { pid: 0 }),
    ],
    restart: async () => undefined,
  };
  const seen = await observe(options(healthUrl, supervisor));
  if (!seen.supervisor.reachable) return t.fail();
  const [live, dead, none] = seen.supervisor.processes;
  t.true((live?.memoryMb ?? 0) > 10);
  t.is(dead?.memoryMb, null);
  t.is(none?.memoryMb, null);
});
