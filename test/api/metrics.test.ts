import { createHook } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'ava';
import { systemClock } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { createMetrics } from '../../src/metrics.js';
import type { Api } from '../../src/routes/context.js';
import { readVersion } from '../../src/version.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';

const PREFIX = 'sentimentagent_';

interface Exposed {
  /** Type of each metric, by name. */
  types: Map<string, string>;
  /** Every sample, as `name{labels}` without the prefix. */
  samples: Map<string, number>;
  labels: Map<string, Set<string>>;
}

async function scrape(app: Pick<Api, 'inject'>): Promise<Exposed> {
  const { body } = await app.inject('/metrics');
  const exposed: Exposed = { types: new Map(), samples: new Map(), labels: new Map() };
  for (const line of body.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\w+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) exposed.types.set(name, type);
    if (line.startsWith('#') || line === '') continue;
    const [, series = '', value = ''] = /^(\S+?(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    exposed.samples.set(series.slice(PREFIX.length), Number(value));
  }
  return exposed;
}

/** Waits, within a bound, for what happens right after an answer was given. */
async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await condition()) return true;
    await systemClock.sleep(20);
  }
  return false;
}

test('requests are counted by route pattern, method and status, never by URL', async (t) => {
  const { app, store } = await buildTestApp(t);
  await fillStore(store, new ManualClock(), { posts: [aPost()] });
  const asked: [method: 'GET' | 'POST' | 'HEAD', url: string][] = [
    ['GET', '/api/v1/posts/p1'],
    ['GET', '/api/v1/posts/p1?subreddit=aws'],
    ['GET', '/api/v1/posts/p2'],
    ['HEAD', '/api/v1/posts/p1'],
    ['GET', '/api/v1/posts/recent?limit=0'],
    ['GET', '/nowhere'],
    ['GET', '/api/v1/nowhere/at/all?x=1'],
    ['POST', '/health'],
    ['GET', `/${'x'.repeat(5000)}`],
  ];
  for (const [method, url] of asked) await app.inject({ method, url });
  const { samples } = await scrape(app);
  const counted = [...samples]
    .filter(([series]) => series.startsWith('http_request_duration_seconds_count'))
    .map(
      ([series, count]) => `${series.slice('http_request_duration_seconds_count'.length)} ${count}`,
    );
  const v1 = '/api/v1/posts';
  t.deepEqual(
    counted.sort(),
    [
      `{route="${v1}/:id",method="GET",status="200"} 2`,
      `{route="${v1}/:id",method="GET",status="404"} 1`,
      `{route="${v1}/:id",method="HEAD",status="200"} 1`,
      `{route="${v1}/recent",method="GET",status="400"} 1`,
      `{route="unknown",method="GET",status="404"} 2`,
      `{route="unknown",method="GET",status="414"} 1`,
      `{route="unknown",method="POST",status="405"} 1`,
    ].sort(),
  );
  t.is(samples.get('http_requests_in_flight'), 1, 'the scrape itself');
  t.is((await scrape(app)).samples.get('http_requests_in_flight'), 1);
});

test('a client that goes away leaves no request in flight', async (t) => {
  const { app, faulty } = await buildTestApp(t, { clock: systemClock });
  let answer = () => undefined as unknown;
  const waiting = new Promise<null>((resolve) => {
    answer = () => resolve(null);
  });
  faulty.post = () => waiting;
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /api/v1/posts/slow HTTP/1.1\r\nHost: x\r\n\r\n');
  const flying = async () => (await scrape(app)).samples.get('http_requests_in_flight');
  t.true(await until(async () => (await flying()) === 2));
  const outstanding = async () => (await scrape(app)).samples.get('store_calls_outstanding');
  t.true(await until(async () => (await outstanding()) === 1)); // statistics are loaded as well
  socket.destroy();
  t.true(await until(async () => (await flying()) === 1));
  const aborted =
    'http_request_duration_seconds_count{route="/api/v1/posts/:id",method="GET",status="aborted"}';
  t.is((await scrape(app)).samples.get(aborted), 1);
  answer();
  t.true(await until(async () => (await outstanding()) === 0));
});

test('calls of the store are counted with their failures, by call and code', async (t) => {
  const { app, faulty } = await buildTestApp(t);
  await app.inject('/api/v1/posts/p1');
  faulty.fault = () => new AppError('store_busy', 'locked');
  await app.inject('/api/v1/posts/p1');
  await app.inject('/api/v1/posts/p1');
  faulty.fault = () => new TypeError('a bug');
  await app.inject('/api/v1/posts/p1');
  const { samples } = await scrape(app);
  // Each question looks at the data's revision first; a store that fails there is asked no more.
  t.is(samples.get('store_call_duration_seconds_count{call="post"}'), 1);
  t.is(samples.get('store_call_duration_seconds_count{call="rollups"}'), 4);
  t.is(samples.get('store_call_errors_total{call="rollups",code="store_busy"}'), 2);
  t.is(samples.get('store_call_errors_total{call="rollups",code="internal"}'), 1);
  t.is(samples.get('store_calls_outstanding'), 0);
});

test('it answers at once while the store hangs, and says what is known', async (t) => {
  const clock = new ManualClock();
  const { app, store, faulty, health } = await buildTestApp(t, { clock });
  const fresh = await scrape(app);
  t.false(fresh.samples.has('data_freshness_minutes'), 'never collected');
  t.is(fresh.samples.get('health_status{status="healthy"}'), 1);
  await fillStore(store, clock, { posts: [aPost()] });
  await clock.advance(50 * 60_000);
  await health.check();
  const { data_version } = await store.ping();
  const degraded = (await scrape(app)).samples;
  t.is(degraded.get('data_freshness_minutes'), 50);
  t.is(degraded.get('data_version'), data_version);
  t.is(degraded.get('health_status{status="degraded"}'), 1);
  t.is(degraded.get('health_status{status="healthy"}'), 0);
  t.is(degraded.get('health_cause{code="data_stale"}'), 1);
  t.is(degraded.get('collections{outcome="succeeded"}'), 1);
  t.is(degraded.get('database_connected'), 1);

  faulty.fault = () => new AppError('store_unreachable', 'gone');
  await health.check();
  faulty.fault = 'hang';
  const calls = { ...faulty.calls };
  const reply = await app.inject('/metrics');
  t.deepEqual(faulty.calls, calls, 'nobody asked the store');
  t.is(reply.statusCode, 200);
  t.is(reply.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  t.is(reply.headers['cache-control'], 'no-store');
  const down = (await scrape(app)).samples;
  t.is(down.get('database_connected'), 0);
  t.is(down.get('health_status{status="unhealthy"}'), 1);
  t.is(down.get('health_cause{code="database_unreachable"}'), 1);
});

test('without health details only the status and the data version are shown', async (t) => {
  const { app } = await buildTestApp(t, { env: { HEALTH_CHECK_ENABLED: 'false' } });
  const { samples } = await scrape(app);
  t.is(samples.get('health_status{status="healthy"}'), 1);
  t.true(samples.has('data_version'));
  for (const name of ['database_connected', 'gaps_open', 'collection_running']) {
    t.false(samples.has(name), name);
  }
});

test('answers of the cache are counted by route and outcome', async (t) => {
  const { app } = await buildTestApp(t);
  for (let n = 0; n < 3; n += 1) await app.inject('/api/v1/collections');
  const { samples } = await scrape(app);
  t.is(samples.get('answers_total{route="/api/v1/collections",outcome="computed"}'), 1);
  t.is(samples.get('answers_total{route="/api/v1/collections",outcome="hit"}'), 2);
  t.is(samples.get('answers_kept'), 1);
  t.true((samples.get('answers_kept_bytes') ?? 0) > 0);
});

test.serial(
  'many apps in one process count apart, and share what belongs to the process',
  async (t) => {
    const made: string[] = [];
    const hook = createHook({ init: (_id, type) => void made.push(type) }).enable();
    t.teardown(() => hook.disable());
    const lasting = () => made.filter((type) => /^(ELDHISTOGRAM|Timeout|Timer)/.test(type));
    const all = Array.from({ length: 20 }, (_, n) => createMetrics({ version: `${n}` }));
    all[3]?.answer('/x', 'hit');
    t.deepEqual(lasting(), [], 'nothing before the first scrape');
    const bodies = await Promise.all(all.map((metrics) => metrics.expose()));
    t.deepEqual(lasting(), ['ELDHISTOGRAM'], 'one timer of the event loop delay for all');
    t.deepEqual(
      bodies.flatMap(({ body }, n) => (body.includes('answers_total{route="/x"') ? [n] : [])),
      [3],
    );
  },
);

test('what happened before the library was loaded is counted, however much', async (t) => {
  const metrics = createMetrics({ version: '1' });
  const about = { route: '/x', method: 'GET', status: 200, ms: 7 };
  for (let n = 0; n < 2500; n += 1) {
    metrics.request()(about);
    if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const { body } = await metrics.expose();
  const series = 'http_request_duration_seconds_count{route="/x",method="GET",status="200"}';
  t.true(body.includes(`${series} 2500\n`));
  metrics.request()(about);
  t.true((await metrics.expose()).body.includes(`${series} 2501\n`));
});

test('what calls of the account cost is counted by their shape and who asked', async (t) => {
  const metrics = createMetrics({ version: '1' });
  metrics.storeCharge('heads', 2.83, null);
  metrics.storeCharge('hour', 1, '/posts/recent');
  metrics.storeCharge('heads', 3, null);
  const { body } = await metrics.expose();
  const series = `${PREFIX}store_request_units_total`;
  t.true(body.includes(`# TYPE ${series} counter`));
  t.true(body.includes(`${series}{call="heads",route="none"} 5.83\n`));
  t.true(body.includes(`${series}{call="hour",route="/posts/recent"} 1\n`));
});

const page = readFileSync('deployment/METRICS.md', 'utf8');
const documented = [...page.matchAll(/^\| `(sentimentagent_\w+)` \| (\w+) \|([^|]*)\|/gm)];

/** The monitor's own are test/unit/monitor-metrics.test.ts's. */
const ofTheApi = documented.filter(([, name = '']) => !name.startsWith('sentimentagent_monitor_'));

test('METRICS.md names what is exposed, with type and labels, and nothing else', async (t) => {
  const { app, faulty } = await buildTestApp(t);
  faulty.fault = () => new AppError('store_busy', 'locked');
  await app.inject('/api/v1/collections'); // so that every label has a value
  faulty.fault = 'none';
  await app.inject('/api/v1/collections');
  const { types, samples } = await scrape(app);
  t.deepEqual(
    ofTheApi.map(([, name, type]) => `${name} ${type}`).sort(),
    [...types].map(([name, type]) => `${name} ${type}`).sort(),
  );
  for (const [, name = '', , cell = ''] of ofTheApi) {
    const series = [...samples.keys()].find((key) =>
      new RegExp(`^${name.slice(PREFIX.length)}(_count)?(\\{|$)`).test(key),
    );
    if (series === undefined) continue; // nothing to show at this moment
    const labels = [...series.matchAll(/(\w+)="/g)].map(([, label]) => label);
    t.deepEqual(
      [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      labels,
      name,
    );
  }
  const named = `build_info{version="1.2.3",node="${process.version}"}`;
  t.is(samples.get(named), 1);
  t.regex(readVersion(), /^\d+\.\d+\.\d+/);
});

test('the alert rules ask only for metrics that exist', (t) => {
  const rules = readFileSync('deployment/alerts.yml', 'utf8');
  const names = new Set(documented.map(([, name]) => name));
  const asked = [...rules.matchAll(/sentimentagent_\w+/g)].map(([name]) => name);
  t.true(asked.length >= 8);
  for (const name of asked) {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    t.true(names.has(name) || names.has(base), name);
  }
  for (const [, alert] of rules.matchAll(/^ *- alert: (\w+)$/gm))
    t.regex(alert ?? '', /^Sentiment/);
});
