import { Type } from 'typebox';
import { CYCLE_STATUSES } from '../domain/cycle.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { Cycle, limitParameter, query, words } from './schemas.js';

const CollectionsQuery = query({
  limit: limitParameter(20, 200),
  status: Type.Optional(words(CYCLE_STATUSES, 'only cycles with this outcome')),
});

/** Cycle records, newest first. */
export function collectionRoutes(api: Api, { store }: RouteContext): void {
  api.get(
    '/collections',
    {
      schema: {
        ...describe({
          id: 'listCollections',
          tag: 'collections',
          summary: 'Records of collection cycles, newest first',
          kind: 'data',
        }),
        querystring: CollectionsQuery,
        response: { 200: Type.Array(Cycle) },
      },
    },
    async ({ query: { limit, status } }) =>
      store.cycles(status === undefined ? { limit } : { limit, status }),
  );
}
