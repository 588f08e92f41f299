import { connect } from 'node:net';
import test from 'ava';
import { fastify } from 'fastify';
import { clientKey, isLoopback } from '../../src/http/client-address.js';
import { limitRate } from '../../src/http/rate-limit.js';
import { SECURITY_HEADERS } from '../../src/http/security-headers.js';
import type { Api } from '../../src/routes/context.js';
import { buildTestApp } from '../support/app.js';

const STATS = '/api/v1/sentiment/stats';
const PROBES = ['/health', '/livez', '/readyz', '/api/v1/health', '/api/v1/livez'];
/** A client on another machine, behind a proxy on this one. */
const from = (address: string) => ({ 'x-forwarded-for': address });

test('every answer carries the security headers, whatever it answers', async (t) => {
  const { app } = await buildTestApp(t, { env: { API_RATE_LIMIT: '1' } });
  const asked = [
    { url: STATS },
    { url: '/livez' },
    { url: `${STATS}?hours=0` },
    { url: '/nowhere' },
    { url: '/%zz' },
    { url: '/api/v1/subreddits', method: 'DELETE' as const },
    { url: '/api/v1/admin/collect', method: 'POST' as const },
    { url: `/${'x'.repeat(5000)}` },
    { url: STATS, headers: from('203.0.113.1') },
    { url: STATS, headers: from('203.0.113.1') },
  ];
  const statuses = [];
  for (const request of asked) {
    const { headers, statusCode } = await app.inject(request);
    t.like(headers, SECURITY_HEADERS, request.url);
    t.is(headers.server ?? headers['x-powered-by'], undefined);
    statuses.push(statusCode);
  }
  t.deepEqual(statuses, [200, 200, 400, 404, 400, 405, 403, 414, 200, 429]);
});

test('what is no HTTP is refused with the security headers as well', async (t) => {
  const { app } = await buildTestApp(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  const raw = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('this is no HTTP\r\n\r\n'));
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
  });
  t.regex(raw, /^HTTP\/1\.1 400 /);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    t.true(raw.includes(`\r\n${name}: ${value}\r\n`), name);
  }
});

test('without configured origins no page of another origin can read', async (t) => {
  const { app } = await buildTestApp(t);
  const { headers } = await app.inject({ url: STATS, headers: { origin: 'https://a.example' } });
  t.is(headers['access-control-allow-origin'], undefined);
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: STATS,
    headers: { origin: 'https://a.example', 'access-control-request-method': 'GET' },
  });
  t.is(preflight.statusCode, 405);
});

test('a configured origin can read, errors and waiting times too; another cannot', async (t) => {
  const env = { API_CORS_ORIGINS: 'https://a.example, http://localhost:3000', API_RATE_LIMIT: '2' };
  const { app } = await buildTestApp(t, { env });
  const origin = 'http://localhost:3000';
  const client = from('203.0.113.2');
  for (const [url, status] of [
    [STATS, 200],
    [`${STATS}?hours=0`, 400],
    [STATS, 429],
  ] as const) {
    const { headers, statusCode } = await app.inject({ url, headers: { origin, ...client } });
    t.is(statusCode, status);
    t.is(headers['access-control-allow-origin'], origin);
    t.is(headers['access-control-expose-headers'], 'Link, ETag, Age, X-Data-Stale, Retry-After');
    t.is(headers['access-control-allow-credentials'], undefined);
    t.regex(String(headers.vary), /^Origin\b/);
  }
  for (const other of ['https://a.example.evil', 'https://A.example', 'null', 'http://a.example']) {
    const { headers, statusCode } = await app.inject({ url: STATS, headers: { origin: other } });
    t.is(statusCode, 200);
    t.is(headers['access-control-allow-origin'], undefined, other);
    t.regex(String(headers.vary), /^Origin\b/);
  }
});

test('a preflight is answered for reads only; any other OPTIONS is refused as before', async (t) => {
  const { app } = await buildTestApp(t, { env: { API_CORS_ORIGINS: 'https://a.example' } });
  const ask = (origin: string | undefined, url = STATS) =>
    app.inject({
      method: 'OPTIONS',
      url,
      headers: {
        ...(origin === undefined ? {} : { origin }),
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'if-none-match',
      },
    });
  const good = await ask('https://a.example');
  t.is(good.statusCode, 204);
  t.like(good.headers, {
    'access-control-allow-origin': 'https://a.example',
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': 'If-None-Match',
    'access-control-max-age': '600',
  });
  t.is((await ask('https://b.example')).statusCode, 405);
  t.is((await ask(undefined)).statusCode, 405);
  const unknown = await ask(undefined, '/nowhere');
  t.is(unknown.statusCode, 404);
  t.regex(unknown.json<{ detail: string }>().detail, /There is no route/);
});

test('* lets any page read, and never with credentials', async (t) => {
  const { app } = await buildTestApp(t, { env: { API_CORS_ORIGINS: '*' } });
  const { headers } = await app.inject({ url: STATS, headers: { origin: 'https://b.example' } });
  t.is(headers['access-control-allow-origin'], '*');
  t.is(headers['access-control-allow-credentials'], undefined);
});

test('an address that asks too often is told when to come again; others are not held up', async (t) => {
  const { app } = await buildTestApp(t, { env: { API_RATE_LIMIT: '5' } });
  const ask = (address: string, url = STATS) => app.inject({ url, headers: from(address) });
  for (let at = 0; at < 5; at += 1) {
    t.is(
      (await ask('203.0.113.3', at % 2 === 0 ? STATS : '/nowhere')).statusCode,
      at % 2 === 0 ? 200 : 404,
    );
  }
  for (const url of [STATS, '/nowhere', '/openapi.json']) {
    const refused = await ask('203.0.113.3', url);
    t.is(refused.statusCode, 429, url);
    t.is(refused.headers['content-type'], 'application/problem+json');
    const seconds = Number(refused.headers['retry-after']);
    t.true(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds));
    const { code, detail } = refused.json<{ code: string; detail: string }>();
    t.is(code, 'rate_limited');
    t.regex(detail, /^More than 5 requests in a minute .* try again in \d+ s$/);
    const others = Object.keys(refused.headers).filter((name) => name.includes('ratelimit'));
    t.deepEqual(others, []);
  }
  t.is((await ask('203.0.113.4')).statusCode, 200);
  for (const url of PROBES) t.true((await ask('203.0.113.3', url)).statusCode < 429, url);
  for (let at = 0; at < 20; at += 1) t.is((await app.inject(STATS)).statusCode, 200, 'loopback');
});

test('a client is an address, and in IPv6 a /64; nobody invents himself others', async (t) => {
  const { app } = await buildTestApp(t, { env: { API_RATE_LIMIT: '1' } });
  const ask = async (address: string, remoteAddress = '127.0.0.1') =>
    (await app.inject({ url: STATS, headers: from(address), remoteAddress })).statusCode;
  t.is(await ask('2001:db8:1:2::1'), 200);
  t.is(await ask('2001:db8:1:2:ffff::9'), 429, 'the same /64');
  t.is(await ask('2001:db8:1:3::1'), 200, 'the next one');
  t.is(await ask('203.0.113.5'), 200);
  t.is(await ask('198.51.100.1, 203.0.113.5'), 429, 'only what our proxy adds counts');
  t.is(await ask('127.0.0.1'), 200);
  t.is(await ask('127.0.0.1'), 429, 'who names himself loopback is counted');
  t.is(await ask('unknown'), 200);
  t.is(await ask('x'.repeat(3000)), 429, 'what is no address is one client');
  t.is(await ask('203.0.113.6', '198.51.100.7'), 200);
  t.is(await ask('203.0.113.7', '198.51.100.7'), 429, 'a stranger is not believed');
});

test('0 turns the limit off', async (t) => {
  const { app } = await buildTestApp(t, { env: { API_RATE_LIMIT: '0' } });
  for (let at = 0; at < 30; at += 1) {
    t.is((await app.inject({ url: '/livez', headers: from('203.0.113.8') })).statusCode, 200);
  }
});

test('clients by their addresses', (t) => {
  const keys: [address: string | undefined, key: string][] = [
    ['203.0.113.1', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['2001:0DB8:0:0:a::1', '2001:db8::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
    ['', 'no address'],
    [undefined, 'no address'],
    ['203.0.113.256', 'no address'],
    [`::1%${'a'.repeat(9000)}`, '::'],
  ];
  for (const [address, key] of keys) t.is(clientKey(address), key, address?.slice(0, 50));
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    t.true(isLoopback(address), address);
  }
  for (const address of ['128.0.0.1', '::2', '::ffff:10.0.0.1', '1127.0.0.1', '', undefined]) {
    t.false(isLoopback(address), String(address));
  }
});

test('however many addresses ask, only the last ten thousand are remembered', async (t) => {
  const app: Api = fastify({ trustProxy: 'loopback' });
  await limitRate(app, 1);
  app.get('/', async () => 'here');
  t.teardown(() => app.close());
  const ask = async (at: number) => {
    const address = `198.${18 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
    const { statusCode } = await app.inject({ url: '/', headers: from(address) });
    if (at % 100 === 0) await new Promise(setImmediate); // else nothing of all this is collected
    return statusCode;
  };
  t.is(await ask(0), 200);
  for (let at = 1; at < 100; at += 1) await ask(at);
  t.not(await ask(0), 200, 'still known');
  for (let at = 100; at < 10_100; at += 1) await ask(at);
  t.is(await ask(0), 200, 'forgotten');
});
