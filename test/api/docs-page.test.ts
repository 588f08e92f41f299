import test from 'ava';
import { buildTestApp } from '../support/app.js';

test('the documentation is a page that loads nothing from elsewhere', async (t) => {
  const { app } = await buildTestApp(t);
  const page = await app.inject('/docs');
  t.is(page.statusCode, 200);
  t.is(page.headers['content-type'], 'text/html; charset=utf-8');
  const policy = String(page.headers['content-security-policy']);
  t.regex(policy, /^default-src 'none'; script-src 'self'; /);
  t.false(/unsafe|\*|https?:/.test(policy), policy);
  t.is(page.headers['x-content-type-options'], 'nosniff');
  const parts = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url);
  t.true(parts.length >= 5);
  for (const url of parts) {
    t.regex(url, /^\/docs\/static\//, 'ours');
    const part = await app.inject(url);
    t.is(part.statusCode, 200, url);
    t.is(part.headers['content-security-policy'], policy);
    t.true(part.body.length > 100);
  }
  t.false(/<script>|style="|onload=/.test(page.body), 'nothing that the policy would stop');
  t.deepEqual((await app.inject('/docs/json')).json(), (await app.inject('/openapi.json')).json());
});

test('what is not there is a problem, and nothing beside the page can be read', async (t) => {
  const { app } = await buildTestApp(t);
  for (const url of [
    '/docs/nothing',
    '/docs/static/nothing.js',
    '/docs/static/..%2f..%2fpackage.json',
  ]) {
    const reply = await app.inject(url);
    t.is(reply.statusCode, url.includes('..') ? reply.statusCode : 404, url);
    t.true(reply.statusCode >= 400 && reply.statusCode < 500, url);
    t.is(reply.headers['content-type'], 'application/problem+json', url);
    t.is(reply.headers['x-content-type-options'], 'nosniff');
  }
  t.is((await app.inject({ method: 'POST', url: '/docs' })).statusCode, 405);
});

test('asked for by many at once it is made once, over real connections, and closes with the API', async (t) => {
  const { app, close } = await buildTestApp(t);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const pages = await Promise.all(Array.from({ length: 10 }, () => fetch(`${url}/docs`)));
  for (const page of pages) t.regex(await page.text(), /SentimentAgent API/);
  close.abort();
  t.is((await fetch(`${url}/docs`)).headers.get('connection'), 'close');
  await app.close();
  await t.throwsAsync(fetch(`${url}/docs`));
});
