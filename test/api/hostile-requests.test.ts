import test from 'ava';
import type { OpenApiDocument } from '../../src/openapi/types.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { hostileRequests, isProbe } from '../support/hostile-requests.js';
import { aPost } from '../support/items.js';

const TOKEN = 'a-long-random-token';
const headers = { authorization: `Bearer ${TOKEN}` };

async function aFilledApp(t: Parameters<typeof buildTestApp>[0]) {
  const clock = new ManualClock();
  const { app, store, health } = await buildTestApp(t, { clock, adminToken: TOKEN });
  await fillStore(store, clock, { posts: [aPost()] });
  await health.check();
  const document = (await app.inject('/openapi.json')).json<OpenApiDocument>();
  return { app, document };
}

test('every route refuses every wrong way to ask, and says what would be right', async (t) => {
  const { app, document } = await aFilledApp(t);
  const requests = hostileRequests(document);
  for (const { method, url, what, status, says } of requests) {
    const shown = `${what}: ${method} ${url.slice(0, 120)}`;
    const reply = await app.inject({ method, url, headers });
    t.regex(String(reply.statusCode), status, shown);
    t.is(reply.headers['content-type'], 'application/problem+json', shown);
    const { detail, instance } = reply.json<{ detail: string; instance: string }>();
    t.regex(detail, says, shown);
    t.true(detail.length < 700 && instance.length <= 200, shown);
  }
  const asked = new Set(requests.map(({ url }) => url.split('?')[0]));
  for (const [path, methods] of Object.entries(document.paths)) {
    const probes = Object.values(methods).every(isProbe);
    t.is(asked.has(path.replace(/\{\w+\}/g, 'p1')), !probes, path);
  }
  t.true(requests.length > 150, String(requests.length));
});

test('the same requests are accepted when nothing is wrong with them', async (t) => {
  const { app, document } = await aFilledApp(t);
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined) continue;
    const query = (get.parameters ?? []).filter((parameter) => parameter.in === 'query');
    const [base, values] = [path.replace(/\{\w+\}/g, 'p1'), new URLSearchParams()];
    for (const { name, schema } of query) {
      const {
        type,
        enum: words,
        maximum,
      } = schema as {
        type: string;
        enum?: string[];
        maximum?: number;
      };
      if (name === 'subreddit') values.set(name, 'ALL');
      else if (words !== undefined) values.set(name, String(words.at(-1)));
      else if (type === 'integer') values.set(name, String(maximum));
    }
    const reply = await app.inject(`${base}?${values.toString()}`);
    t.is(reply.statusCode, 200, `${base}?${values.toString()}`);
  }
});

test('a probe takes any parameter: an outage must not be invented by that', async (t) => {
  const { app, document } = await aFilledApp(t);
  const probes = Object.entries(document.paths).filter(([, { get }]) => get && isProbe(get));
  t.true(probes.length >= 6);
  for (const [path] of probes) {
    t.is((await app.inject(`${path}?nocache=1&nocache=2&x=%00`)).statusCode, 200, path);
  }
});
