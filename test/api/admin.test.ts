import test, { type ExecutionContext } from 'ava';
import { buildTestApp, type TestAppOptions } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { beginTestCycle } from '../support/store.js';

const TOKEN = 'a-long-random-token';
const URL = '/api/v1/admin/collect';

interface Answer {
  status: number | string;
  code: string;
  detail: string;
  cycle_id: string;
  message: string;
  timestamp: string;
}

async function setUp(t: ExecutionContext, options: TestAppOptions = {}) {
  const clock = new ManualClock();
  const testApp = await buildTestApp(t, { clock, adminToken: TOKEN, ...options });
  const beat = () =>
    testApp.store.heartbeat({ holder: 'h:1:2:3', pid: 1, memory_mb: 50, runs_skipped: 0 });
  const collect = (authorization: string | null = `Bearer ${TOKEN}`, rest: object = {}) =>
    testApp.app.inject({
      method: 'POST',
      url: URL,
      headers: authorization === null ? {} : { authorization },
      ...rest,
    });
  return { ...testApp, clock, beat, collect };
}

test('a trigger is written for the runner to pick up', async (t) => {
  const { collect, beat, store } = await setUp(t);
  await beat();
  const reply = await collect();
  t.is(reply.statusCode, 202);
  const body = reply.json<Answer>();
  t.is(body.status, 'triggered');
  t.regex(body.cycle_id, /^20260115T120000Z-[0-9a-f]{6}$/);
  t.is(body.timestamp, '2026-01-15T12:00:00.000Z');
  t.true(body.message.length > 0);
  t.deepEqual(await store.takeRequest(), { cycle_id: body.cycle_id });
});

test('a second trigger is refused with the id of the first', async (t) => {
  const { collect, beat } = await setUp(t);
  await beat();
  const first = (await collect()).json<Answer>();
  const second = await collect();
  t.is(second.statusCode, 409);
  t.like(second.json<Answer>(), { code: 'collection_running', cycle_id: first.cycle_id });
  t.truthy(second.headers['retry-after']);
});

test('a running cycle refuses the trigger with its id', async (t) => {
  const { collect, beat, store, clock } = await setUp(t);
  await beat();
  await beginTestCycle(store, clock, { id: 'running-one' });
  const reply = await collect();
  t.is(reply.statusCode, 409);
  t.like(reply.json<Answer>(), { code: 'collection_running', cycle_id: 'running-one' });
});

test('without a token file the route says how to enable it', async (t) => {
  const { collect } = await setUp(t, { adminToken: null });
  const reply = await collect('Bearer null');
  t.is(reply.statusCode, 403);
  t.is(reply.json<Answer>().code, 'admin_disabled');
  t.regex(reply.json<Answer>().detail, /ADMIN_TOKEN_FILE/);
});

test('a missing or wrong token is refused before anything else', async (t) => {
  const { collect, faulty } = await setUp(t);
  const before = { ...faulty.calls };
  for (const header of [
    null,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    TOKEN,
    'Bearer wrong',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN} ${TOKEN}`,
  ]) {
    const reply = await collect(header, {
      payload: '{broken',
      headers: { 'content-type': 'application/json', ...(header ? { authorization: header } : {}) },
    });
    t.is(reply.statusCode, 401, String(header));
    t.is(reply.headers['www-authenticate'], 'Bearer realm="admin"');
    t.is(reply.json<Answer>().code, 'unauthorized');
    t.false(reply.body.includes(TOKEN));
  }
  t.deepEqual(faulty.calls, before);
});

test('collection that is off is told apart', async (t) => {
  const { collect, beat } = await setUp(t, { collectionOn: false });
  await beat();
  const reply = await collect();
  t.is(reply.statusCode, 409);
  t.is(reply.json<Answer>().code, 'collection_off');
  t.regex(reply.json<Answer>().detail, /REDDIT_CLIENT_ID/);
});

test('a runner that was never there, or is silent for over 20 s, is unavailable', async (t) => {
  const { collect, beat, clock } = await setUp(t);
  const never = await collect();
  t.is(never.statusCode, 503);
  t.like(never.json<Answer>(), { code: 'jobs_unavailable' });
  t.regex(never.json<Answer>().detail, /never reported/);
  t.is(never.headers['retry-after'], '20');
  await beat();
  await clock.advance(20_001);
  t.is((await collect()).statusCode, 503, 'just over 20 s');
  await beat();
  await clock.advance(20_000);
  t.is((await collect()).statusCode, 202, 'at 20 s');
});

test('a JSON body is tolerated, a broken one is 400, another type 415, a large one 413', async (t) => {
  const { collect, beat } = await setUp(t);
  await beat();
  const send = (type: string, payload: string) =>
    collect(null, { payload, headers: { 'content-type': type, authorization: `Bearer ${TOKEN}` } });
  t.is((await send('application/json', '{broken')).statusCode, 400);
  t.is((await send('application/xml', '<x/>')).statusCode, 415);
  const large = await send('application/json', JSON.stringify({ x: 'x'.repeat(20_000) }));
  t.is(large.statusCode, 413);
  t.is(large.json<Answer>().code, 'payload_too_large');
  t.is((await send('application/json', '{}')).statusCode, 202);
});

test('an empty body under a JSON content type triggers as well', async (t) => {
  const { app, beat } = await setUp(t);
  await beat();
  const reply = await app.inject({
    method: 'POST',
    url: URL,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
  });
  t.is(reply.statusCode, 202, reply.body);
});

async function pausing(t: ExecutionContext, options: TestAppOptions = {}) {
  const world = await setUp(t, options);
  const ask = (what: 'pause' | 'resume', payload?: object) =>
    world.app.inject({
      method: 'POST',
      url: `/api/v1/admin/${what}`,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(payload === undefined ? {} : { payload }),
    });
  return { ...world, ask };
}

test('paused: a trigger is refused with the moment, until collection is resumed', async (t) => {
  const { ask, beat, collect, clock, store } = await pausing(t);
  await beat();
  const paused = await ask('pause', { reason: ' the disk is full ' });
  t.is(paused.statusCode, 202);
  t.deepEqual(paused.json(), {
    status: 'paused',
    message: 'Collection is paused since 2026-01-15T12:00:00.000Z: the disk is full',
    timestamp: '2026-01-15T12:00:00.000Z',
  });
  await clock.advance(1000);
  t.regex((await ask('pause', { reason: 'another' })).json<Answer>().message, /12:00:00.000Z: the/);
  const refused = await collect();
  t.is(refused.statusCode, 409);
  t.like(refused.json(), { code: 'collection_paused', since: '2026-01-15T12:00:00.000Z' });
  t.regex(refused.json<Answer>().detail, /the disk is full/);
  t.is(await store.takeRequest(), null);
  t.like((await ask('resume')).json(), { status: 'resumed' });
  t.is((await ask('resume')).json<Answer>().message, 'Collection was not paused');
  await beat();
  t.is((await collect()).statusCode, 202);
});

test('a pause needs no body, and takes nothing else in it', async (t) => {
  const { ask } = await pausing(t);
  t.is((await ask('pause')).statusCode, 202);
  for (const payload of [{ reason: 'x'.repeat(201) }, { why: 'x' }, { reason: { x: 1 } }, []]) {
    t.is((await ask('pause', payload)).statusCode, 400, JSON.stringify(payload));
  }
});

test('pause and resume need the token', async (t) => {
  const { app, store } = await pausing(t);
  for (const what of ['pause', 'resume']) {
    const reply = await app.inject({ method: 'POST', url: `/api/v1/admin/${what}` });
    t.is(reply.statusCode, 401);
  }
  t.is(await store.pauseState(), null);
});
