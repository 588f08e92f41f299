import test from 'ava';
import { FAULT_KINDS, type Fault, type FaultKind } from '../../src/simulator/faults.js';
import { ManualClock } from '../support/clock.js';
import { headerOf, rawRequest } from '../support/raw-http.js';
import { control, started, until } from '../support/simulator-client.js';

/** What arrives on the wire under each kind, seen by a client that only reads bytes. */

const KINDS = Object.keys(FAULT_KINDS) as FaultKind[];
const FORBIDDEN = '"message":"Forbidden","error":403}';
const ANSWERED: [Fault, number, string | RegExp][] = [
  [{ kind: 'unauthorized' }, 401, '{"message":"Unauthorized","error":401}'],
  [{ kind: 'forbidden' }, 403, '{"message":"Forbidden","error":403}'],
  [{ kind: 'private' }, 403, `{"reason":"private",${FORBIDDEN}`],
  [{ kind: 'gated' }, 403, /^\{"reason":"gated",.*"message":"Forbidden","error":403\}$/],
  [{ kind: 'quarantined' }, 403, /^\{"reason":"quarantined","quarantine_message_html":.*403\}$/],
  [{ kind: 'banned' }, 404, '{"reason":"banned","message":"Not Found","error":404}'],
  [{ kind: 'not_found' }, 404, '{"message":"Not Found","error":404}'],
  [{ kind: 'rate_limited' }, 429, /^<!doctype html><html><title>Too Many Requests<.*<\/html>\n$/],
  [{ kind: 'server_error' }, 500, '{"message":"Internal Server Error","error":500}'],
  [{ kind: 'bad_gateway' }, 502, /^<!doctype html>.*<\/html>\n$/],
  [{ kind: 'unavailable' }, 503, /^<!doctype html>.*<\/html>\n$/],
  [{ kind: 'gateway_timeout' }, 504, /^<!doctype html>.*<\/html>\n$/],
  [{ kind: 'html' }, 200, /^<!doctype html>.*<\/html>\n$/],
  [{ kind: 'error_inside' }, 200, '{"message":"Internal Server Error","error":500}'],
  [
    { kind: 'errors_inside' },
    200,
    /^\{"json":\{"errors":\[\["RATELIMIT","[^"]+","ratelimit"\]\]\}\}$/,
  ],
  [{ kind: 'empty' }, 200, ''],
];

test('an answer in place of the right one arrives whole, on every route', async (t) => {
  const { faults, got, post, world } = await started(t);
  const id = world.truth().posts[0]?.data.id ?? '';
  const paths = [`/comments/${id}`, '/api/info?id=t3_x', '/r/aws/comments', '/r/aws/about'];
  for (const [fault, status, body] of ANSWERED) {
    faults.add(fault);
    const seen = [await got(), ...(await Promise.all(paths.map(got)))];
    const token = post();
    await token.over;
    t.deepEqual(new Set([...seen, token].map((answer) => answer.status())), new Set([status]));
    const [first] = seen;
    const text = first?.body().toString() ?? '';
    if (typeof body === 'string') t.is(text, body);
    else t.regex(text, body);
    const head = first?.head() ?? '';
    t.is(headerOf(head, 'content-length'), String(Buffer.byteLength(text)));
    const type = text.startsWith('<') ? 'text/html' : 'application/json';
    t.is(headerOf(head, 'content-type'), `${type}; charset=UTF-8`);
    t.is(headerOf(head, 'server'), 'snooserv');
    t.is(faults.list()[0]?.hits, paths.length + 2);
    faults.clear();
  }
  t.is((await got()).status(), 200, 'healed');
});

test('401 names the realm that refuses; 429 says how long only when it is told to', async (t) => {
  const { faults, got, post } = await started(t);
  const both = async () => {
    const token = post();
    await token.over;
    return [(await got()).head(), token.head(), token.body().toString()] as const;
  };
  faults.add({ kind: 'unauthorized' });
  const [content, token] = await both();
  t.is(headerOf(content, 'www-authenticate'), 'Bearer realm="reddit", error="invalid_token"');
  t.is(headerOf(token, 'www-authenticate'), 'Basic realm="reddit"');
  for (const retry_after of [undefined, 4]) {
    faults.clear();
    faults.add({ kind: 'rate_limited', ...(retry_after && { retry_after }) });
    const [page, refused, body] = await both();
    t.is(body, '{"message":"Too Many Requests","error":429}');
    for (const head of [page, refused]) {
      t.is(headerOf(head, 'retry-after'), retry_after === undefined ? null : '4');
      t.notRegex(head, /x-ratelimit/i);
    }
  }
});

test('502, 503 and 504 come in turn with a page and with nothing', async (t) => {
  const { faults, got } = await started(t);
  for (const kind of ['bad_gateway', 'unavailable', 'gateway_timeout'] as const) {
    faults.clear();
    faults.add({ kind });
    const sizes = [await got(), await got(), await got()].map((answer) => answer.body().length);
    t.deepEqual(
      sizes.map((size) => size > 0),
      [true, false, true],
    );
  }
});

test('a truncated answer is the right one, cut in the middle, and complete as a message', async (t) => {
  const { faults, got } = await started(t);
  const right = (await got()).body();
  faults.add({ kind: 'truncated' });
  const cut = await got();
  t.is(cut.status(), 200);
  t.true(cut.body().equals(right.subarray(0, right.length >> 1)));
  t.is(headerOf(cut.head(), 'content-length'), String(right.length >> 1));
  t.throws(() => JSON.parse(cut.body().toString()) as unknown);
});

test('a reset comes before anything, or after headers and half of the body', async (t) => {
  const clock = new ManualClock();
  const { faults, get, got, post } = await started(t, { clock });
  const right = (await got()).body();
  faults.add([
    { kind: 'reset', route: 'new', count: 1 },
    { kind: 'reset', route: 'token', count: 1 },
    { kind: 'reset_midway', count: 1 },
  ]);
  for (const nothing of [get(), post()]) {
    t.is(await nothing.over, 'reset');
    t.is(nothing.bytes(), 0);
  }
  const half = get();
  while (half.body().length < right.length >> 1) await half.arrived(half.bytes() + 1);
  await clock.advance(50);
  t.is(await half.over, 'reset');
  t.is(half.status(), 200);
  t.is(headerOf(half.head(), 'content-length'), String(right.length));
  t.true(half.body().equals(right.subarray(0, right.length >> 1)));
  t.true((await got()).body().equals(right), 'the next one is served');
  t.is(faults.held(), 0);
});

test('silent, drip and endless are held; healing ends them, and others are served meanwhile', async (t) => {
  const { faults, get, got, post, url } = await started(t);
  faults.add([
    { kind: 'silent', route: 'new' },
    { kind: 'silent', route: 'token' },
    { kind: 'drip', route: 'comments' },
    { kind: 'endless', route: 'info' },
  ]);
  const silent = [get(), get('/r/Cursor/new'), post()];
  const drip = get('/r/aws/comments');
  const endless = get('/api/info');
  await endless.arrived(5_000_000);
  await drip.arrived(1);
  const started_ = drip.bytes();
  await drip.arrived(started_ + 2);
  t.regex(drip.body().toString('latin1'), /\{"message": "\r\n(1\r\na\r\n)+$/);
  await until(() => faults.held() === 5);
  t.is((await got('/r/aws/about')).status(), 200);
  t.is((await control(url, 'GET', 'requests')).status, 200);
  t.deepEqual(
    silent.map((held) => held.bytes()),
    [0, 0, 0],
  );

  t.deepEqual(await control(url, 'DELETE', 'faults'), { status: 200, body: { faults: [] } });
  await Promise.all([...silent, drip, endless].map((held) => held.over));
  t.deepEqual(
    silent.map((held) => held.bytes()),
    [0, 0, 0],
  );
  t.is(faults.held(), 0);
  t.is((await got()).status(), 200);
});

test('a client that goes away leaves nothing behind', async (t) => {
  const { faults, get, got } = await started(t);
  for (const kind of ['silent', 'drip', 'endless'] as const) {
    faults.clear();
    faults.add({ kind });
    const clients = Array.from({ length: 20 }, () => get());
    await until(() => faults.held() === 20);
    for (const { socket } of clients) socket.destroy();
    await until(() => faults.held() === 0);
  }
  faults.clear();
  t.is((await got()).status(), 200);
});

test('closing the server does not wait for what is held', async (t) => {
  const { faults, get, close } = await started(t);
  faults.add([{ kind: 'silent', count: 2 }, { kind: 'drip', count: 2 }, { kind: 'endless' }]);
  const clients = Array.from({ length: 6 }, () => get());
  await until(() => faults.held() === 6);
  await close();
  await Promise.all(clients.map((client) => client.over));
  t.is(faults.held(), 0);
});

test('an expired token is revoked, so a new one is needed; others stay good', async (t) => {
  const { faults, got, post, url } = await started(t);
  faults.add({ kind: 'token_expired', count: 1 });
  const stranger = rawRequest(t, `${url}/r/aws/new`, { headers: { authorization: 'bearer x' } });
  await stranger.over;
  t.is(stranger.status(), 401);
  t.is(faults.list()[0]?.hits, 0, 'nothing to revoke');
  const refused = await got();
  t.is(refused.status(), 401);
  t.is(
    headerOf(refused.head(), 'www-authenticate'),
    'Bearer realm="reddit", error="invalid_token"',
  );
  t.is((await got()).status(), 401, 'revoked for good');
  t.is(faults.list()[0]?.hits, 1);
  const renewed = post();
  await renewed.over;
  const { access_token } = JSON.parse(renewed.body().toString()) as { access_token: string };
  const headers = { authorization: `bearer ${access_token}` };
  const again = rawRequest(t, `${url}/r/aws/new`, { headers });
  await again.over;
  t.is(again.status(), 200);
});

test('who has no token, or no budget left, meets only the faults in front of Reddit', async (t) => {
  const { faults, got, url } = await started(t, { rateLimit: { requests: 2, windowMs: 600_000 } });
  faults.add({ kind: 'private', count: 2 });
  const stranger = rawRequest(t, `${url}/r/aws/new`);
  await stranger.over;
  t.is(stranger.status(), 401);
  t.is((await got()).status(), 403);
  t.is(headerOf((await got()).head(), 'x-ratelimit-used'), '2');
  faults.clear();
  faults.add({ kind: 'private' });
  t.is((await got()).status(), 429, 'by the limiter');
  t.is(faults.list()[0]?.hits, 0);
  faults.clear();
  faults.add([{ kind: 'unavailable', count: 1 }]);
  t.is((await got()).status(), 503);
  t.deepEqual((await control(url, 'GET', 'requests')).body, {
    requests: 6,
    tokens_issued: 1,
    refused: 1,
  });
});

test('no kind leaves a listing as it is', async (t) => {
  const { faults, got, get } = await started(t);
  const right = (await got()).body();
  for (const kind of KINDS) {
    if (kind === 'token_expired') continue; // whose token would be missing below
    faults.add({ kind, route: 'new', count: 1 });
    const exchange = get();
    if (kind === 'silent') await until(() => faults.held() === 1);
    else if (kind === 'endless' || kind === 'drip') await exchange.arrived(1);
    else await exchange.over;
    t.false(exchange.body().equals(right), kind);
    t.is(faults.list()[0]?.hits, 1, kind);
    faults.clear();
    await until(() => faults.held() === 0);
  }
});
