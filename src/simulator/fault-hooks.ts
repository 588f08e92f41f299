import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.js';
import { ANSWERS, CONNECTION_KINDS, half, resetMidway } from './fault-answers.js';
import { changed } from './fault-changes.js';
import type { FaultKind, FaultRoute, Faults, Hit, ListedFault, Target } from './faults.js';
import { bearerToken, type Tokens } from './tokens.js';

/** Lets a request in (undefined) or answers it. */
type Gate = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined;

const ROUTES: Record<string, FaultRoute> = {
  '/api/v1/access_token': 'token',
  '/r/:sub/new': 'new',
  '/r/:sub/comments': 'comments',
  '/comments/:id': 'thread',
  '/r/:sub/comments/:id': 'thread',
  '/api/morechildren': 'thread',
  '/api/info': 'info',
  '/r/:sub/about': 'about',
};

/** What stands before Reddit's own servers, or is decided before a token is looked at. */
const IN_FRONT = new Set<FaultKind>([
  ...(['unauthorized', 'rate_limited', 'bad_gateway', 'unavailable', 'gateway_timeout'] as const),
  ...(['html', 'endless', 'reset', 'drip', 'silent'] as const),
]);

/**
 * Puts faults around a gate. Those in front of Reddit come before it; all others befall only
 * requests that it lets in, as Reddit looks at the token and the budget before all else.
 */
export function faultyGate(
  app: FastifyInstance,
  { faults, tokens, clock }: { faults: Faults; tokens: Tokens; clock: Clock },
  admit: Gate,
): Gate {
  const altering = new WeakMap<FastifyRequest, Hit>();
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    const hit = altering.get(request);
    done(null, hit === undefined ? payload : changed(hit.fault.kind, payload, hit.nth));
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const kind = altering.get(request)?.fault.kind;
    const whole = () => Buffer.from(String(payload));
    if (kind === 'truncated') done(null, half(whole()));
    // `done` is not called: the answer is already on its way, and the connection broken.
    else if (kind === 'reset_midway') void resetMidway(reply, faults, clock, whole());
    else done(null, payload);
  });

  function strike(
    fault: ListedFault,
    route: FaultRoute,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    const hit = faults.hit(fault);
    const connection = CONNECTION_KINDS[fault.kind];
    if (connection !== undefined) {
      connection(reply, faults, clock);
      return reply;
    }
    const answer = ANSWERS[fault.kind]?.(hit, route);
    if (answer !== undefined) {
      return reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .send(answer.body);
    }
    altering.set(request, hit);
    return undefined;
  }

  return (request, reply) => {
    const target = targetOf(request);
    const fault = target === null ? null : faults.match(target);
    if (target === null || fault === null) return admit(request, reply);
    if (fault.kind === 'token_expired') {
      if (tokens.revoke(bearerToken(request.headers.authorization) ?? '')) faults.hit(fault);
      return admit(request, reply);
    }
    if (!IN_FRONT.has(fault.kind)) {
      const refused = admit(request, reply);
      if (refused !== undefined) return refused;
    }
    return strike(fault, target.route, request, reply);
  };
}

function targetOf(request: FastifyRequest): Target | null {
  const route = ROUTES[request.routeOptions.url ?? ''];
  if (route === undefined) return null;
  const { sub } = request.params as { sub?: string };
  return { route, subreddit: sub ?? null };
}
