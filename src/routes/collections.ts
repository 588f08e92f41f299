import { Type } from 'typebox';
import { CYCLE_STATUSES, type Cycle as CycleRecord, GAP_STATUSES } from '../domain/cycle.js';
import type { GapPlace } from '../store/store.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { cursorsOf, TIME } from './cursor.js';
import { pageOf, withOneMore } from './paging.js';
import { Cycle, cursorParameter, GapOnRecord, limitParameter, query, words } from './schemas.js';

const CollectionsQuery = query({
  limit: limitParameter(20, 200),
  status: Type.Optional(words(CYCLE_STATUSES, 'only cycles with this outcome')),
  cursor: cursorParameter,
});

const GapsQuery = query({
  limit: limitParameter(20, 200),
  status: Type.Optional(words(GAP_STATUSES, 'only gaps in this state')),
  cursor: cursorParameter,
});

const cycleCursors = cursorsOf<{ started_at: string; id: string }>({
  started_at: TIME,
  id: /^[\w.:-]{1,64}$/,
});

const gapCursors = cursorsOf<GapPlace>({
  found_at: TIME,
  subreddit: /^\w{1,64}$/,
  kind: /^(post|comment)$/,
  from: TIME,
  to: TIME,
});

const CYCLES = describe({
  id: 'listCollections',
  tag: 'collections',
  summary: 'Records of collection cycles, newest first',
  kind: 'data',
  paged: true,
});

const GAPS = describe({
  id: 'listGaps',
  tag: 'collections',
  summary: 'Stretches in which items are missing, newest first',
  kind: 'data',
  paged: true,
});

/** Records of collection, newest first. */
export function collectionRoutes(api: Api, { store, respond }: RouteContext): void {
  api.get(
    '/collections',
    { schema: { ...CYCLES, querystring: CollectionsQuery, response: { 200: Type.Array(Cycle) } } },
    async (request, reply) => {
      const { limit, status, cursor } = request.query;
      const question = ['collections', status];
      const after = cursor === undefined ? undefined : cycleCursors.decode(cursor, question);
      const asked = {
        limit: withOneMore(limit),
        ...(status === undefined ? {} : { status }),
        ...(after === undefined ? {} : { after }),
      };
      const cursorAfter = (last: CycleRecord) => cycleCursors.encode(last, question);
      return respond(request, reply, {
        parameters: [limit, status, cursor],
        compute: async () => pageOf(await store.cycles(asked), limit, request.url, cursorAfter),
      });
    },
  );

  api.get(
    '/collections/gaps',
    { schema: { ...GAPS, querystring: GapsQuery, response: { 200: Type.Array(GapOnRecord) } } },
    async (request, reply) => {
      const { limit, status, cursor } = request.query;
      const question = ['gaps', status];
      const after = cursor === undefined ? undefined : gapCursors.decode(cursor, question);
      const asked = {
        limit: withOneMore(limit),
        ...(status === undefined ? {} : { status }),
        ...(after === undefined ? {} : { after }),
      };
      const cursorAfter = (last: GapPlace) => gapCursors.encode(last, question);
      return respond(request, reply, {
        parameters: [limit, status, cursor],
        compute: async () => pageOf(await store.gaps(asked), limit, request.url, cursorAfter),
      });
    },
  );
}
