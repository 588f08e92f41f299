import { Type } from 'typebox';
import { CYCLE_STATUSES } from '../domain/cycle.js';
import type { Api, RouteContext } from './context.js';
import { Cycle, limitParameter, query, words } from './schemas.js';

const CollectionsQuery = query({
  limit: limitParameter(20, 200),
  status: Type.Optional(words(CYCLE_STATUSES, 'only cycles with this outcome')),
});

/** Cycle records, newest first. */
export function collectionRoutes(api: Api, { store, respond }: RouteContext): void {
  api.get(
    '/collections',
    { schema: { querystring: CollectionsQuery, response: { 200: Type.Array(Cycle) } } },
    async (request, reply) => {
      const { limit, status } = request.query;
      return respond(request, reply, {
        parameters: [limit, status],
        compute: async () => ({
          value: await store.cycles(status === undefined ? { limit } : { limit, status }),
        }),
      });
    },
  );
}
