import { Type } from 'typebox';
import { AppError } from '../errors.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { cursorsOf, ITEM_ID, TIME } from './cursor.js';
import { pageOf, withOneMore } from './paging.js';
import { Comment, cursorParameter, limitParameter, PostParams, query } from './schemas.js';

const CommentsQuery = query({ limit: limitParameter(100, 1000), cursor: cursorParameter });

/** `asOf`: what the first page knew of; see the store. */
const commentCursors = cursorsOf<{ asOf: string; created_utc: string; id: string }>({
  asOf: TIME,
  created_utc: TIME,
  id: ITEM_ID,
});

const COMMENTS = describe({
  id: 'listComments',
  tag: 'posts',
  summary: 'The comments of a post in the order they were written',
  description: 'Also of a post that is not stored itself. Pages show what the first one knew of.',
  kind: 'data',
  paged: true,
  refuses: ['not_found'],
});

/** The comments of a post in the order they were written, also of a post that is not stored. */
export function commentRoutes(api: Api, { store, respond }: RouteContext): void {
  api.get(
    '/posts/:id/comments',
    {
      schema: {
        ...COMMENTS,
        params: PostParams,
        querystring: CommentsQuery,
        response: { 200: Type.Array(Comment) },
      },
    },
    async (request, reply) => {
      const { id: postId } = request.params;
      const { limit, cursor } = request.query;
      const question = ['comments', postId];
      const after = cursor === undefined ? undefined : commentCursors.decode(cursor, question);
      const compute = async () => {
        const found = await store.comments({
          postId,
          limit: withOneMore(limit),
          ...(after === undefined ? {} : { after, asOf: after.asOf }),
        });
        if (found === null) throw unknownPost(postId);
        const { comments, asOf } = found;
        return pageOf(comments, limit, request.url, ({ created_utc, id }) =>
          commentCursors.encode({ asOf, created_utc, id }, question),
        );
      };
      return respond(request, reply, { parameters: [postId, limit, cursor], compute });
    },
  );
}

function unknownPost(id: string): AppError {
  return new AppError('not_found', `Neither a post "${id}" nor a comment of it is stored`);
}
