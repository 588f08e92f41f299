import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';
import type { Fault, Faults } from './faults.js';
import type { World } from './world.js';

/** Totals since the start. Requests to the control routes are in none of them. */
export interface Traffic {
  requests: number;
  tokens_issued: number;
  /** Answered 429 by the rate limiter itself, not by a fault. */
  refused: number;
}

const PREFIX = '/simulator';

export function isControl(url: string): boolean {
  return url === PREFIX || url.startsWith(`${PREFIX}/`);
}

export interface ControlDeps {
  faults: Faults;
  world: World;
  traffic: Readonly<Traffic>;
  /** Lets the world's time come. */
  arrive: () => void;
}

const ROUTES = [
  ...['POST /simulator/faults', 'GET /simulator/faults', 'DELETE /simulator/faults'],
  ...['GET /simulator/listed', 'GET /simulator/requests'],
];

/**
 * Routes of the simulator's own, beside Reddit's and without a token: faults, what a
 * complete collection has now, and how much was asked.
 */
export function controlRoutes(app: FastifyInstance, deps: ControlDeps): void {
  const { faults, world, traffic, arrive } = deps;
  const all = () => ({ faults: faults.list() });
  void app.register(
    async (control) => {
      takeJson(control);
      control.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
        const status = error instanceof AppError ? error.httpStatus : (error.statusCode ?? 500);
        if (status >= 500) throw error;
        return reply.code(status).send({ error: status, message: error.message });
      });
      control.setNotFoundHandler(async (_request, reply) => {
        const message = `the control routes are ${ROUTES.join(', ')}`;
        return reply.code(404).send({ error: 404, message });
      });
      control.post('/faults', async (request) => {
        faults.add(request.body as Fault | Fault[]); // which checks it
        return all();
      });
      control.get('/faults', async () => all());
      control.delete('/faults', async () => {
        faults.clear();
        return all();
      });
      control.get('/listed', async () => {
        arrive();
        return listedIds(world);
      });
      control.get('/requests', async () => traffic);
    },
    { prefix: PREFIX },
  );
}

/** Whatever the header says: a plain `curl -d` will do. No body is none, so DELETE may have a type. */
function takeJson(control: FastifyInstance): void {
  control.removeAllContentTypeParsers();
  control.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      const message =
        'the body is not JSON: it is one fault or an array, as in {"kind": "silent", "count": 3}';
      done(new AppError('invalid_request', message));
    }
  });
}

/** Bare ids, sorted, of what paging every listing reaches now. */
export function listedIds(world: World): { posts: string[]; comments: string[] } {
  const ids = (items: { data: { id: string }; listed: boolean }[]) =>
    items.flatMap(({ data, listed }) => (listed ? [data.id] : [])).sort();
  const { posts, comments } = world.truth();
  return { posts: ids(posts), comments: ids(comments) };
}
