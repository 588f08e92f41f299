import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import type { OpenApiDocument } from '../../src/openapi/types.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost } from '../support/items.js';

const TOKEN = 'a-long-random-token';
const CLIENT = 'test/client/client.ts';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: [],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
};

/** Below `dist`, where both the compiler and Node find this project's packages. */
function workFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(resolve('dist/client-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What the strict compiler says of each file, in one run; it also writes the JavaScript. */
function compile(files: string[]): string[][] {
  const program = ts.createProgram(files, OPTIONS);
  program.emit();
  const general = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
  return files.map((file) =>
    [...general, ...ts.getPreEmitDiagnostics(program, program.getSourceFile(file))].map(
      ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '),
    ),
  );
}

const WRONG: [what: string, instead: string, says: RegExp][] = [
  ['hours: 24, label', 'hour: 24, label', /'hour' does not exist/],
  ["'/api/v1/subreddits'", "'/api/v1/subreddit'", /not assignable/],
  ['one.sentiment.score', 'one.sentiment.mark', /'mark' does not exist/],
  ["status: 'succeeded'", "status: 'done'", /"done"' is not assignable/],
];

async function liveApi(t: ExecutionContext) {
  const clock = new ManualClock();
  const { app, store, health } = await buildTestApp(t, {
    clock,
    adminToken: TOKEN,
    env: { SUBREDDITS: 'aws,claude' },
  });
  const posts = ['p1', 'p2', 'p3'].map((id) => aPost({ id, subreddit: 'aws' }));
  await fillStore(store, clock, { posts, comments: [aComment()] });
  await store.heartbeat({ holder: 'h:1:2:3', pid: 1, memory_mb: 50, runs_skipped: 0 });
  await health.check();
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  return { url, document };
}

test('a client written from the document alone compiles and works', async (t) => {
  const { url, document } = await liveApi(t);
  const folder = workFolder(t);
  writeFileSync(join(folder, 'api.ts'), astToString(await openapiTS(JSON.stringify(document))));
  const text = readFileSync(CLIENT, 'utf8');
  const sources = [text, ...WRONG.map(([what, instead]) => text.replace(what, instead))];
  const files = sources.map((source, at) => {
    const file = join(folder, `client-${at}.ts`);
    writeFileSync(file, source);
    return file;
  });
  const [right, ...wrong] = compile(files);
  t.deepEqual(right, []);
  for (const [at, [what, instead, says]] of WRONG.entries()) {
    t.true(text.includes(what));
    t.true(
      wrong[at]?.some((error) => says.test(error)),
      `${instead}: ${wrong[at]?.join('; ')}`,
    );
  }
  for (const path of Object.keys(document.paths)) t.true(text.includes(`'${path}'`), path);

  const client = (await import(pathToFileURL(join(folder, 'client-0.js')).href)) as {
    tour(url: string, token: string): Promise<unknown>;
  };
  t.deepEqual(await client.tour(url, TOKEN), {
    health: 'healthy',
    healthV1: 1,
    alive: ['alive', 'alive'],
    ready: ['ready', 'ready'],
    posts: ['p3', 'p2', 'p1'],
    post: ['p3', 0.5],
    metrics: true,
    comments: [1, 't3_p1'],
    trending: 'title',
    gaps: 0,
    stats: ['all', 4, true, 0],
    trends: 4,
    subreddits: [2, 'string'],
    cycle: [
      ['aws', 3],
      ['claude', 0],
    ],
    collect: 'triggered',
    again: '409 collection_running',
    stranger: '401 unauthorized',
    paused: ['paused', true],
    resumed: 'resumed',
    hours: '400 invalid_request',
    unknown: '404 unknown_subreddit',
    missing: '404 not_found',
    cursor: '400 invalid_request',
  });
});
