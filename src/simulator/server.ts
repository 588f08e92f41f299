import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../clock.js';
import type { Kind } from '../domain/item.js';
import type { Log } from '../log.js';
import { controlRoutes, isControl, type Traffic } from './control.js';
import { faultyGate } from './fault-hooks.js';
import { createFaults, type Faults } from './faults.js';
import { escapeHtml } from './objects.js';
import { type RateLimit, REDDIT_RATE_LIMIT, rateLimiter } from './rate-limit.js';
import { basicClient, bearerToken, createTokens, type Tokens } from './tokens.js';
import type { Thing, ThreadComment, World } from './world.js';

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
    const page = world.listing({
      subreddit: request.params.sub,
      kind,
      after: first(request.query.after) || null,
      limit: limitOf(first(request.query.limit)),
    });
    if (page === null) return refuse(reply, 404, 'Not Found');
    return answer(request, reply, listing(page.children, page.children.length, page.after));
  };
  const thread = async (request: Request, reply: FastifyReply) => {
    const found = world.thread(request.params.id);
    const sub: string | undefined = request.params.sub;
    const elsewhere = sub !== undefined && !sameName(sub, found?.post.data.subreddit);
    if (found === null || elsewhere) return refuse(reply, 404, 'Not Found');
    const replies = nested(found.replies);
    return answer(request, reply, [listing([found.post], 1), listing(replies, null)]);
  };
  app.get('/r/:sub/new', list('post'));
  app.get('/r/:sub/comments', list('comment'));
  app.get('/comments/:id', thread);
  app.get('/r/:sub/comments/:id', thread);
  app.get('/r/:sub/about', async (request: Request, reply) => {
    const about = world.about(request.params.sub);
    return about === null ? refuse(reply, 404, 'Not Found') : answer(request, reply, about);
  });
  app.get('/api/info', async (request: Request, reply) => {
    const fullnames = first(request.query.id)
      .split(',')
      .filter((fullname) => fullname !== '');
    const found = world.info(fullnames.slice(0, MAX_LIMIT));
    return answer(request, reply, listing(found, found.length));
  });
}

/** Reddit's envelope of several things. */
function listing(children: Thing[], dist: number | null, after: string | null = null) {
  const data = { after, dist, modhash: null, geo_filter: '', children, before: null };
  return { kind: 'Listing', data };
}

function nested(replies: ThreadComment[]): Thing[] {
  return replies.map(({ comment, replies: answers }) => ({
    kind: comment.kind,
    data: Object.assign({}, comment.data, {
      replies: answers.length === 0 ? '' : listing(nested(answers), null),
    }),
  }));
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

function limitOf(given: string): number {
  const limit = /^\d+$/.test(given) ? Number(given) : 0;
  return limit === 0 ? DEFAULT_LIMIT : Math.min(limit, MAX_LIMIT);
}

/** The first value of a parameter that may be given more than once. */
function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function sameName(asked: string, real: unknown): boolean {
  return typeof real === 'string' && real.toLowerCase() === asked.toLowerCase();
}
