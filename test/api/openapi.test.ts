import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import type { OpenApiDocument, Operation } from '../../src/openapi/types.js';
import type { Api } from '../../src/routes/context.js';
import { buildTestApp } from '../support/app.js';
import { type Examples, realExamples } from '../support/examples.js';

const documentOf = async (app: Api, url = '/openapi.json') =>
  (await app.inject(url)).json<OpenApiDocument>();

const operationsOf = ({ paths }: OpenApiDocument): [route: string, operation: Operation][] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

test('the document is valid OpenAPI 3.1, by a judge that is not ours', async (t) => {
  const { app } = await buildTestApp(t);
  const reply = await app.inject('/openapi.json');
  t.is(reply.headers['content-type'], 'application/json; charset=utf-8');
  const validator = new Validator();
  const { valid, errors } = await validator.validate(reply.json<Record<string, unknown>>());
  t.true(valid, JSON.stringify(errors)?.slice(0, 2000));
  t.is(validator.version, '3.1');
  const { info } = reply.json<OpenApiDocument>();
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.is(info.version, version);
  t.is((await app.inject('/api/v1/openapi.json')).body, reply.body);
  const broken = { ...reply.json<OpenApiDocument>(), paths: { '/x': { get: { responses: 3 } } } };
  t.false((await validator.validate(broken)).valid, 'the judge can say no');
});

/** Not routes of the API: what describes it; and HEAD, which answers what GET does. */
const UNDESCRIBED = /^(HEAD|OPTIONS) |^GET (\/api\/v1)?\/openapi\.json$|^GET \/docs\/?\*?$/;

test('the routes and the document are the same set', async (t) => {
  const { app } = await buildTestApp(t);
  const described = operationsOf(await documentOf(app)).map(([route]) => route);
  t.deepEqual(
    registeredRoutes(app).filter((route) => !UNDESCRIBED.test(route)),
    described.sort(),
  );
  t.true(described.length >= 13);
});

/** From the router itself, which prints a tree: `├── /path (GET, HEAD)`, indented by its parents. */
function registeredRoutes(app: Api): string[] {
  const parents: string[] = [];
  const routes: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods] =
      /^([│ ]*)[├└]── (\S*)(?: \((.*)\))?$/u.exec(line) ?? [];
    if (part === '') continue;
    const depth = indent.length / 4;
    const path = (parents[depth - 1] ?? '') + part;
    parents[depth] = path;
    const url = path.replaceAll(/:(\w+)/g, '{$1}');
    routes.push(...(methods?.split(', ') ?? []).map((method) => `${method} ${url}`));
  }
  return routes.sort();
}

test('every operation says what it is, takes and answers', async (t) => {
  const { app } = await buildTestApp(t);
  const document = await documentOf(app);
  const operations = operationsOf(document);
  const tags = document.tags.map(({ name }) => name);
  t.is(new Set(operations.map(([, { operationId }]) => operationId)).size, operations.length);
  for (const [route, operation] of operations) {
    t.regex(operation.operationId, /^[a-z][A-Za-z0-9]+$/, route);
    t.regex(operation.summary, /^[A-Z].{10,100}[^.]$/, route);
    t.true(operation.tags.length === 1 && tags.includes(operation.tags[0] ?? ''), route);
    for (const { name, description, schema } of operation.parameters ?? []) {
      t.regex(description ?? '', /.{5,}/, `${route} ${name}`);
      if (schema.type !== 'integer') continue;
      t.true('minimum' in schema && 'maximum' in schema && 'default' in schema, `${route} ${name}`);
    }
    const path = route.split(' ')[1] ?? '';
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const inPath = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
    t.deepEqual(
      inPath.map(({ name }) => name),
      named as string[],
      route,
    );
    t.true('400' in operation.responses && '500' in operation.responses, route);
    t.is('security' in operation, route.includes('/admin/'), route);
    for (const [status, { description }] of Object.entries(operation.responses)) {
      t.regex(description, /^[A-Z]/, `${route} ${status}`);
      t.not(description, 'Default Response');
    }
  }
});

test('every documented example is what the API answers', async (t) => {
  const { app } = await buildTestApp(t);
  const operations = operationsOf(await documentOf(app));
  const documented: Examples = {};
  for (const [route, { operationId, responses }] of operations) {
    const mine = Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).flatMap(({ examples }) =>
        examples === undefined ? [] : [[status, examples] as const],
      ),
    );
    // Prometheus' figures are those of this very process and moment.
    const has = mine.some(([status]) => status.startsWith('2'));
    t.is(has, operationId !== 'getMetrics', `${route}: npm run examples`);
    if (!has) continue;
    documented[operationId.replace(/V1$/, '')] = Object.fromEntries(mine);
  }
  t.deepEqual(await realExamples(t), documented, 'npm run examples rewrites them');
});

test('what has a name is described once; null is a type beside another', async (t) => {
  const { app } = await buildTestApp(t);
  const { paths, components } = await documentOf(app);
  const names = Object.keys(components.schemas);
  for (const name of ['Problem', 'Post', 'Cycle', 'Health']) t.true(names.includes(name), name);
  const all = JSON.stringify({ paths, components });
  for (const [, name = ''] of all.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    t.true(names.includes(name), name);
  }
  t.false(/"nullable":|x-description/.test(all));
  t.like(components.schemas.Cycle, { properties: { finished_at: { type: ['string', 'null'] } } });
});
