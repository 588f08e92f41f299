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

/**
 * Routes of the simulator's own, beside Reddit's and without a token: faults, what a
 * complete collection has now, and how much was asked. `arrive` lets the world's time come.
 */
export function controlRoutes(
  app: FastifyInstance,
  {
    faults,
    world,
    traffic,
    arrive,
  }: {
    faults: Faults;
    world: World;
    traffic: Readonly<Traffic>;
    arrive: () => void;
  },
): void {
  const known = [
    ...['POST /simulator/faults', 'GET /simulator/faults', 'DELETE /simulator/faults'],
    ...['GET /simulator/listed', 'GET /simulator/requests'],
  ];
  const all = () => ({ faults: faults.list() });
  void app.register(
    async (control) => {
      control.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
        const status = error instanceof AppError ? error.httpStatus : (error.statusCode ?? 500);
        if (status >= 500) throw error;
        const cure = error instanceof AppError ? '' : '; send one fault or an array, as JSON';
        return reply.code(400).send({ error: 400, message: `${error.message}${cure}` });
      });
      control.setNotFoundHandler(async (_request, reply) =>
        reply.code(404).send({ error: 404, message: `the control routes are ${known.join(', ')}` }),
      );
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

/** Bare ids, sorted, of what paging every listing reaches now. */
export function listedIds(world: World): { posts: string[]; comments: string[] } {
  const ids = (items: { data: { id: string }; listed: boolean }[]) =>
    items.flatMap(({ data, listed }) => (listed ? [data.id] : [])).sort();
  const { posts, comments } = world.truth();
  return { posts: ids(posts), comments: ids(comments) };
}
