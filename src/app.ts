import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { fastify } from 'fastify';
import { createAnswers } from './answers.js';
import { AppError } from './errors.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { surroundRoutes } from './http/surface.js';
import { documentation } from './openapi/documentation.js';
import { adminRoutes } from './routes/admin.js';
import { boundedStore } from './store/bounded.js';
import { collectionRoutes } from './routes/collections.js';
import { commentRoutes } from './routes/comments.js';
import type { Api, RouteContext } from './routes/context.js';
import { healthRoutes } from './routes/health.js';
import { measureRequests, metricsRoute, tellRoutes } from './routes/metrics.js';
import { type RouteTable, refuseUnknown } from './routes/not-found.js';
import { postRoutes } from './routes/posts.js';
import { PROBLEM_TYPE, problemOf, refuseOddNumbers, sendProblem } from './routes/problem.js';
import { respondFrom } from './routes/reply.js';
import { sentimentRoutes } from './routes/sentiment.js';
import { subredditRoutes } from './routes/subreddits.js';
import { trendingRoutes } from './routes/trending.js';

export interface AppDeps extends Omit<RouteContext, 'respond'> {
  /** Holds the route's pattern for whatever a request leads to, where somebody wants to know. */
  asking?: AsyncLocalStorage<string>;
}

export const API_PREFIX = '/api/v1';

const BODY_LIMIT_BYTES = 16 * 1024;
const URL_LIMIT = 4096;
const HEADERS_LIMIT_BYTES = 16 * 1024;
const PARAM_LIMIT = 100;
const KEEP_ALIVE_MS = 5000;
const REQUEST_TIMEOUT_MS = 15_000;
/** A connection that sends or takes nothing for so long is closed. */
const SILENT_CONNECTION_MS = 20_000;

/**
 * The API as a Fastify instance. It never listens and never reads the environment; whoever
 * built `deps` also ends them. Every store call gets the deadline of the request path.
 */
export async function buildApp(deps: AppDeps): Promise<Api> {
  const { log, clock, config } = deps;
  const app: Api = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: PARAM_LIMIT },
    // Without a Host header Node would answer by itself, in its own form.
    http: { maxHeaderSize: HEADERS_LIMIT_BYTES, requireHostHeader: false },
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: SILENT_CONNECTION_MS,
    // A client whose request arrives while we close gets its answer (PITFALLS, PM2 reload).
    return503OnClosing: false,
    // Idle ones are closed at once; src/closing.ts ends the others at its deadline.
    forceCloseConnections: 'idle',
    // A proxy on this machine may say for whom it asks; anybody else who says so is not believed.
    trustProxy: 'loopback',
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, verbose: true } },
    frameworkErrors: (error, request, reply) => {
      reply.headers(SECURITY_HEADERS); // no hook runs for these
      void sendProblem(error, request, reply, log);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  });

  const routes: RouteTable = new Map();
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*') return; // the preflights of src/http/cors.ts
    const methods = routes.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    routes.set(url, methods);
  });
  measureRequests(app, deps.metrics);
  await surroundRoutes(app, config.api);
  addHooks(app, deps);
  if (deps.asking !== undefined) tellRoutes(app, deps.asking);
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => refuseUnknown(routes, request, reply, API_PREFIX));
  takeEmptyJson(app);
  documentation(app, API_PREFIX, deps);

  const { rollups, metrics } = deps;
  const answers = createAnswers({
    revision: () => rollups.revision(),
    clock,
    onAnswer: (route, outcome) => metrics.answer(route, outcome),
  });
  metrics.gauge('answers_kept', 'Answers in memory', () => answers.size().answers);
  metrics.gauge('answers_kept_bytes', 'Memory of kept answers', () => answers.size().bytes);
  const context: RouteContext = {
    ...deps,
    store: boundedStore(deps.store, clock, config.store.timeoutMs),
    respond: respondFrom(answers),
  };
  healthRoutes(app, context);
  metricsRoute(app, context);
  await app.register(
    async (api: Api) => {
      healthRoutes(api, context);
      postRoutes(api, context);
      commentRoutes(api, context);
      sentimentRoutes(api, context);
      trendingRoutes(api, context);
      subredditRoutes(api, context);
      collectionRoutes(api, context);
      adminRoutes(api, context);
    },
    { prefix: API_PREFIX },
  );
  await app.ready();
  return app;
}

function addHooks(app: Api, { log, closing }: AppDeps): void {
  app.addHook('onRequest', async ({ url, headers, raw }) => {
    if (headers.host === undefined && raw.httpVersion === '1.1') {
      throw new AppError('invalid_request', 'HTTP/1.1 requires a Host header');
    }
    if (url.length <= URL_LIMIT) return;
    throw new AppError(
      'uri_too_long',
      `The URL has ${url.length} characters; at most ${URL_LIMIT} are taken`,
    );
  });
  app.addHook('preValidation', async (request) => refuseOddNumbers(request));
  app.addHook('onSend', async (_request, reply) => {
    if (closing.aborted) reply.header('connection', 'close');
  });
  if (!log.isLevelEnabled('debug')) return; // an idle hook still costs every request
  app.addHook('onResponse', async (request, reply) => {
    const { id: req_id, method, url } = request;
    const ms = Math.round(reply.elapsedTime);
    log.debug({ req_id, method, url, status: reply.statusCode, ms }, 'request');
  });
}

/** Many clients send the content type without a body; no route of ours needs one. */
function takeEmptyJson(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') done(null, undefined);
      else void parse(request, body, done);
    },
  );
}

/** What is not HTTP never reaches a route, but is answered in the same form, and cut off. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(brokenRequest(error.code), '');
  const body = JSON.stringify(problem);
  const headers = Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nConnection: close\r\n${headers.join('')}` +
      `Content-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function brokenRequest(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const limit = `at most ${HEADERS_LIMIT_BYTES} bytes are taken`;
    return new AppError('headers_too_large', `The URL and headers are too large: ${limit}`);
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError('request_timeout', 'The request was not sent completely in time');
  }
  return new AppError('invalid_request', 'What was sent is no valid HTTP request');
}
