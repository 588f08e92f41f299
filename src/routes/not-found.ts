import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { nearest, quoted } from './nearest.js';
import { pathOf } from './problem.js';

/** Every route as it was registered: `/api/v1/posts/:id` with its methods. */
export type RouteTable = Map<string, Set<string>>;

/**
 * Tells a wrong method (405, with `Allow`) from an unknown path (404, with the closest route).
 * @throws AppError always; the error handler answers it.
 */
export function refuseUnknown(
  routes: RouteTable,
  request: FastifyRequest,
  reply: FastifyReply,
  prefix: string,
): never {
  const path = pathOf(request.url);
  const methods = methodsOf(routes, path);
  if (methods.length > 0) {
    reply.header('allow', methods.join(', '));
    throw new AppError(
      'method_not_allowed',
      `${path} takes ${methods.join(', ')}, not ${request.method}`,
    );
  }
  const near = closestRoute(routes, path, prefix);
  throw new AppError(
    'not_found',
    `There is no route ${quoted(path)}` + (near === null ? '' : `: did you mean ${near}?`),
    { details: near === null ? {} : { closest: near } },
  );
}

function methodsOf(routes: RouteTable, path: string): string[] {
  const found = [...routes].filter(([pattern]) => fits(pattern, path));
  return [...new Set(found.flatMap(([, methods]) => [...methods]))].sort();
}

function fits(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith(':') ? given[at] !== '' : part === given[at]))
  );
}

/** A forgotten prefix is the commonest slip; then spelling. */
function closestRoute(routes: RouteTable, path: string, prefix: string): string | null {
  const patterns = [...routes.keys()];
  const trimmed = path.replace(/\/+$/, '').toLowerCase();
  const meant = patterns.find(
    (pattern) => fits(pattern, trimmed) || fits(pattern, `${prefix}${trimmed}`),
  );
  return meant ?? nearest(trimmed, patterns);
}
