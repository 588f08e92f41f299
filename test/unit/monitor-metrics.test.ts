import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createMonitorMetrics, type MonitorFigures } from '../../monitor/figures/metrics.js';
import { type MetricsServer, startMetricsServer } from '../../monitor/figures/metrics-server.js';
import { watchSelf } from '../../monitor/figures/self.js';
import { systemClock } from '../../src/clock.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog, silentLog } from '../support/log.js';
import { answered, managed, noAnswer, observation } from '../support/observations.js';
import { eventually } from '../support/pm2.js';

const PREFIX = 'sentimentagent_monitor_';
const calm: MonitorFigures = {
  incidents: [],
  budgetLeft: { api: 3, jobs: 3 },
  forecastS: {},
  noticesQueued: 0,
  own: { memoryMb: 60, loopDelayMs: 2 },
};
const spent: MonitorFigures = {
  ...calm,
  incidents: [
    {
      id: '20260115T120000Z-api',
      subject: 'api',
      cause: 'timeout',
      since: '2026-01-15T12:00:00.000Z',
      escalated: true,
      restarts: 3,
      budgetLeft: 0,
    },
  ],
  budgetLeft: { api: 0, jobs: 3 },
  forecastS: { api: 7200 },
  noticesQueued: 2,
};

async function samples(metrics: ReturnType<typeof createMonitorMetrics>) {
  const { body } = await metrics.expose();
  const found = [...body.matchAll(/^sentimentagent_monitor_(\S+) (\S+)$/gm)];
  return new Map(found.map(([, series, value]) => [series, Number(value)]));
}

test('what the loop pushes is what programs read', async (t) => {
  const metrics = createMonitorMetrics();
  t.is(metrics.state(), '{"observed":null}\n');
  t.is((await samples(metrics)).get('notices_total{kind="alert"}'), 0);
  const instances = [managed('api', { memoryMb: 100 }), managed('api', { memoryMb: 212.5 })];
  metrics.observe(observation(0, noAnswer(), instances), spent);
  metrics.restarted('api', 'timeout');
  metrics.notified({ kind: 'escalation' });
  const read = await samples(metrics);
  t.deepEqual(
    [
      ...['api_up', 'pm2_reachable', 'open_incidents{subject="api"}', 'escalated_incidents'],
      ...['notices_queued', 'memory_bytes{process="api"}', 'restart_budget_left{process="api"}'],
      ...['forecast_seconds_to_limit{process="api"}', 'probes_total{outcome="timeout"}'],
      ...['restarts_total{process="api",cause="timeout"}', 'notices_total{kind="escalation"}'],
      ...['last_probe_timestamp_seconds', 'event_loop_delay_seconds', 'probe_seconds'],
    ].map((name) => read.get(name)),
    [0, 1, 1, 1, 2, 212.5 * 1024 * 1024, 0, 7200, 1, 1, 1, 1768478400, 0.002, 5],
  );
  t.like(JSON.parse(metrics.state()), {
    observed: '2026-01-15T12:00:00.000Z',
    outcome: 'timeout',
    escalated: true,
    restart_budget_left: { api: 0, jobs: 3 },
    incidents: [{ incident: '20260115T120000Z-api', escalated: true, restarts: 3, budget_left: 0 }],
  });
});

test('what is over, or not known any more, is absent', async (t) => {
  const metrics = createMonitorMetrics();
  metrics.observe(observation(0, noAnswer()), spent);
  await metrics.expose();
  metrics.observe(observation(15_000, answered(), null), calm);
  const read = await samples(metrics);
  t.is(read.get('api_up'), 1);
  t.is(read.get('pm2_reachable'), 0);
  t.is(read.get('probes_total{outcome="timeout"}'), 1);
  const gone = /^(open_incidents|memory_bytes|forecast)/;
  t.deepEqual(
    [...read.keys()].filter((name) => gone.test(name ?? '')),
    [],
  );
  t.like(JSON.parse(metrics.state()), { escalated: false, incidents: [] });
});

test('causes that never end do not fill the memory', async (t) => {
  const metrics = createMonitorMetrics();
  for (let n = 0; n < 500; n += 1) metrics.restarted('api', `cause_${n}`);
  const read = await samples(metrics);
  const series = [...read.keys()].filter((name) => name?.startsWith('restarts_total'));
  t.is(series.length, 51);
  t.is(read.get('restarts_total{process="api",cause="other"}'), 450);
});

test('METRICS.md names what the monitor exposes, with type and labels, and nothing else', async (t) => {
  const metrics = createMonitorMetrics();
  metrics.observe(observation(0), spent);
  metrics.restarted('api', 'timeout');
  const { body } = await metrics.expose();
  const types = [...body.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, ...own]) => own);
  const page = readFileSync('deployment/METRICS.md', 'utf8');
  const rows = [...page.matchAll(/^\| `(sentimentagent_monitor_\w+)` \| (\w+) \|([^|]*)\|/gm)];
  t.deepEqual(
    rows.map(([, name, type]) => `${name} ${type}`).sort(),
    types.map(([name, type]) => `${name} ${type}`).sort(),
  );
  for (const [, name = '', , cell = ''] of rows) {
    const [, labels = ''] = new RegExp(`^${name}(?:\\{(.*)\\})? `, 'm').exec(body) ?? [];
    t.deepEqual(
      [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label),
      name,
    );
  }
});

test('the monitor watches itself', (t) => {
  const self = watchSelf();
  const { memoryMb, loopDelayMs } = self.sample();
  self.close();
  t.true(memoryMb > 10 && loopDelayMs >= 0);
});

async function served(t: ExecutionContext): Promise<{ url: string; server: MetricsServer }> {
  const metrics = createMonitorMetrics();
  metrics.observe(observation(0), calm);
  // Port 0 is none to the server: it is given one that is free.
  const port = await freePort();
  const server = startMetricsServer({ port, metrics, clock: systemClock, log: silentLog });
  t.teardown(() => server.close());
  await eventually('it listens', () => server.port() === port);
  return { url: `http://127.0.0.1:${port}`, server };
}

async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
  const { port } = holder.address() as AddressInfo;
  await new Promise((done) => holder.close(done));
  return port;
}

test('GET and HEAD of two addresses are answered, and nothing else', async (t) => {
  const { url } = await served(t);
  const metrics = await fetch(`${url}/metrics?x=1`);
  t.is(metrics.status, 200);
  t.regex(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  t.is(metrics.headers.get('connection'), 'close');
  t.regex(await metrics.text(), new RegExp(`^${PREFIX}api_up 1$`, 'm'));
  const state = await fetch(`${url}/state`);
  t.like(await state.json(), { outcome: 'healthy', incidents: [] });
  const head = await fetch(`${url}/state`, { method: 'HEAD' });
  t.deepEqual([head.status, await head.text()], [200, '']);
  t.is((await fetch(`${url}/`)).status, 404);
  const post = await fetch(`${url}/state`, { method: 'POST', body: 'x' });
  t.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
});

/** Sends bytes and answers what came back until the other side hung up. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
}

test('clients that send too much, too little or too often are cut off', async (t) => {
  const { url, server } = await served(t);
  const port = server.port() ?? 0;
  const long = `GET /state HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`;
  t.regex(await raw(port, long), /^HTTP\/1\.1 431/);
  t.regex(await raw(port, 'rubbish\r\n\r\n'), /^HTTP\/1\.1 400/);
  const slow = Array.from({ length: 100 }, () => raw(port, 'GET /state HTTP/1.1\r\n'));
  await Promise.all(slow); // by the connection cap or by the deadline: none stays
  t.is((await fetch(`${url}/state`)).status, 200);
});

test('it listens on loopback alone, and closing ends open connections', async (t) => {
  const { server } = await served(t);
  const port = server.port() ?? 0;
  await t.throwsAsync(fetch(`http://127.0.0.2:${port}/state`)); // an address of its own on Linux
  const open = raw(port, '');
  await server.close();
  await server.close();
  t.is(await open, '');
  t.is(server.port(), null);
});

test('a port that is taken is warned of once, and had when it is free', async (t) => {
  const holder = createServer();
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
  const { port } = holder.address() as AddressInfo;
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const server = startMetricsServer({ port, metrics: createMonitorMetrics(), clock, log });
  t.teardown(() => server.close());
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await eventually('it waits', () => clock.sleeping === 1);
    await clock.advance(300_000);
  }
  await eventually('it waits', () => clock.sleeping === 1);
  t.is(lines.length, 1);
  t.like(lines[0], { level: 'warn', code: 'EADDRINUSE', port });
  t.regex(lines[0]?.msg ?? '', /set MONITOR_METRICS_PORT to a free port, or to 0/);
  await new Promise((done) => holder.close(done));
  await clock.advance(300_000);
  await eventually('it listens', () => server.port() === port);
  t.is((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200);
});

test('closing while a port is waited for ends the waiting; 0 is no port', async (t) => {
  const holder = createServer();
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
  t.teardown(() => void holder.close());
  const { port } = holder.address() as AddressInfo;
  const clock = new ManualClock();
  const metrics = createMonitorMetrics();
  const server = startMetricsServer({ port, metrics, clock, log: silentLog });
  await eventually('it waits', () => clock.sleeping === 1);
  await server.close();
  t.is(clock.sleeping, 0);
  const none = startMetricsServer({ port: 0, metrics, clock, log: silentLog });
  t.is(none.port(), null);
  await none.close();
});
