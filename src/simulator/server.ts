import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../clock.js';
import type { Kind } from '../domain/item.js';
import type { Log } from '../log.js';
import { controlRoutes, isControl, type Traffic } from './control.js';
import { DEEPEST, listingOf, moreOf, threadOf } from './envelopes.js';
import { CLOSED } from './fault-answers.js';
import { faultyGate } from './fault-hooks.js';
import { createFaults, type Faults } from './faults.js';
import { escapeHtml } from './objects.js';
import { type RateLimit, REDDIT_RATE_LIMIT, rateLimiter } from './rate-limit.js';
import { basicClient, bearerToken, createTokens, type Tokens } from './tokens.js';
import type { Closed } from './weather.js';
import type { Thread, World } from './world.js';

export interface SimulatorOptions {
  world: World;
  /** Moves the world, ends tokens and opens rate windows. */
  clock: Clock;
  tokenTtlMs: number;
  rateLimit?: RateLimit;
  /** What goes wrong; more can be added while it runs, here and by the control routes. */
  faults?: Faults;
  log?: Log;
}

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;
const DEFAULT_COMMENTS = 200;
export const MAX_COMMENTS = 500;
const PRIVATE = 'private, s-maxage=0, max-age=0, must-revalidate, no-store';
const TOKEN_ROUTE = '/api/v1/access_token';

/**
 * A server that speaks what a client of Reddit's API uses: tokens, listings, threads,
 * `/api/info`. It never listens by itself.
 */
export function buildSimulator(options: SimulatorOptions): FastifyInstance {
  const { world, clock, log, faults = createFaults() } = options;
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true },
    // Reddit serves every path with and without `.json`.
    rewriteUrl: (request) => (request.url ?? '/').replace(/\/?\.json(?=\?|$)/, ''),
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  const tokens = createTokens(clock, options.tokenTtlMs);
  const traffic: Traffic = { requests: 0, tokens_issued: 0, refused: 0 };
  const spend = rateLimiter(clock, options.rateLimit ?? REDDIT_RATE_LIMIT);
  const admit = faultyGate(app, { faults, tokens, clock }, gate(tokens, spend, traffic));
  const arrive = () => world.advanceTo(clock.now());

  // Every request passes here before anything is looked up: the place for faults.
  app.addHook('onRequest', async (request, reply) => {
    if (isControl(request.url)) return undefined;
    traffic.requests += 1;
    arrive();
    reply.headers({
      server: 'snooserv',
      'cache-control': 'max-age=0, must-revalidate',
      'content-type': 'application/json; charset=UTF-8',
    });
    return admit(request, reply);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    log?.debug({ method, url, status: reply.statusCode, ms: reply.elapsedTime }, 'answered');
  });
  app.setNotFoundHandler(async (_request, reply) => refuse(reply, 404, 'Not Found'));
  app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log?.error({ err: error }, 'the simulator failed');
    return refuse(reply, status, status < 500 ? 'Bad Request' : 'Internal Server Error');
  });
  tokenRoute(app, tokens, traffic);
  contentRoutes(app, world);
  threadRoutes(app, world);
  controlRoutes(app, { faults, world, traffic, arrive });
  return app;
}

/** Refuses who has no valid token or has used up the window; tells the others what is left. */
function gate(tokens: Tokens, spend: ReturnType<typeof rateLimiter>, traffic: Traffic) {
  return (request: FastifyRequest, reply: FastifyReply) => {
    if (request.routeOptions.url === TOKEN_ROUTE) return undefined;
    const client = tokens.clientOf(bearerToken(request.headers.authorization) ?? '');
    if (client === null) {
      reply.header('www-authenticate', 'Bearer realm="reddit", error="invalid_token"');
      return refuse(reply, 401, 'Unauthorized');
    }
    const spent = spend(client);
    reply.headers({
      'cache-control': PRIVATE,
      'x-ratelimit-remaining': spent.remaining.toFixed(1),
      'x-ratelimit-reset': String(spent.resetSeconds),
      'x-ratelimit-used': String(spent.used),
    });
    if (spent.allowed) return undefined;
    traffic.refused += 1;
    reply.header('retry-after', String(spent.resetSeconds));
    return refuse(reply, 429, 'Too Many Requests');
  };
}

function refuse(reply: FastifyReply, error: number, message: string): FastifyReply {
  return reply.code(error).send({ message, error });
}

function tokenRoute(app: FastifyInstance, tokens: Tokens, traffic: Traffic): void {
  app.post(TOKEN_ROUTE, async (request, reply) => {
    const client = basicClient(request.headers.authorization);
    if (client === null) {
      reply.header('www-authenticate', 'Basic realm="reddit"');
      return refuse(reply, 401, 'Unauthorized');
    }
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    if (!['client_credentials', 'password'].includes(form.get('grant_type') ?? '')) {
      return reply.send({ error: 'unsupported_grant_type' }); // with status 200, as Reddit does
    }
    const { token, expiresInSeconds } = tokens.issue(client);
    traffic.tokens_issued += 1;
    return reply.send({
      access_token: token,
      token_type: 'bearer',
      expires_in: expiresInSeconds,
      scope: '*',
    });
  });
}

type Query = Record<string, string | string[] | undefined>;
type Request = FastifyRequest<{ Params: { sub: string; id: string }; Querystring: Query }>;

function contentRoutes(app: FastifyInstance, world: World): void {
  const list = (kind: Kind) => async (request: Request, reply: FastifyReply) => {
    const { sub: subreddit } = request.params;
    const closed = world.closed(subreddit);
    if (closed !== null) return refuseClosed(reply, closed);
    const page = world.listing({
      subreddit,
      kind,
      after: first(request.query.after) || null,
      limit: whole(first(request.query.limit), DEFAULT_LIMIT, MAX_LIMIT),
    });
    if (page === null) return refuse(reply, 404, 'Not Found');
    return answer(request, reply, listingOf(page.children, page.children.length, page.after));
  };
  app.get('/r/:sub/new', list('post'));
  app.get('/r/:sub/comments', list('comment'));
  app.get('/r/:sub/about', async (request: Request, reply) => {
    const closed = world.closed(request.params.sub);
    if (closed !== null) return refuseClosed(reply, closed);
    const about = world.about(request.params.sub);
    return about === null ? refuse(reply, 404, 'Not Found') : answer(request, reply, about);
  });
  app.get('/api/info', async (request: Request, reply) => {
    const found = world.info(names(request.query.id).slice(0, MAX_LIMIT));
    return answer(request, reply, listingOf(found, found.length));
  });
}

function threadRoutes(app: FastifyInstance, world: World): void {
  const closedTo = (thread: Thread) => world.closed(String(thread.post.data.subreddit));
  const thread = async (request: Request, reply: FastifyReply) => {
    const found = world.thread(request.params.id);
    const sub: string | undefined = request.params.sub;
    const elsewhere = sub !== undefined && !sameName(sub, found?.post.data.subreddit);
    if (found === null || elsewhere) return refuse(reply, 404, 'Not Found');
    const closed = closedTo(found);
    if (closed !== null) return refuseClosed(reply, closed);
    const bounds = {
      limit: whole(first(request.query.limit), DEFAULT_COMMENTS, MAX_COMMENTS),
      depth: whole(first(request.query.depth), DEEPEST, DEEPEST),
    };
    return answer(request, reply, threadOf(found, bounds));
  };
  app.get('/comments/:id', thread);
  app.get('/r/:sub/comments/:id', thread);
  app.get('/api/morechildren', async (request: Request, reply) => {
    const found = world.thread(first(request.query.link_id).replace(/^t3_/, ''));
    const closed = found === null ? null : closedTo(found);
    if (closed !== null) return refuseClosed(reply, closed);
    const ids = names(request.query.children).slice(0, MAX_LIMIT);
    return answer(request, reply, moreOf(found, ids, { limit: MAX_LIMIT, depth: DEEPEST }));
  });
}

/** As the fault of the same name does. */
function refuseClosed(reply: FastifyReply, closed: Closed): FastifyReply {
  const { status, body } = CLOSED[closed];
  return reply.code(status).send(body);
}

/** Without `raw_json=1` Reddit escapes `&`, `<` and `>` in every text. */
function answer(request: Request, reply: FastifyReply, body: unknown): FastifyReply {
  return reply.send(first(request.query.raw_json) === '1' ? body : escaped(body));
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeHtml(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, escaped(held)]));
}

/** A number from 1 to `most`; `usual` where none is given. */
function whole(given: string, usual: number, most: number): number {
  const number = /^\d+$/.test(given) ? Number(given) : 0;
  return number === 0 ? usual : Math.min(number, most);
}

/** Names separated by commas. */
function names(given: string | string[] | undefined): string[] {
  return first(given)
    .split(',')
    .filter((name) => name !== '');
}

/** The first value of a parameter that may be given more than once. */
function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function sameName(asked: string, real: unknown): boolean {
  return typeof real === 'string' && real.toLowerCase() === asked.toLowerCase();
}
