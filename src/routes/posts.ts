import { Type } from 'typebox';
import { toIso } from '../clock.js';
import { LABELS } from '../domain/item.js';
import { HOUR_MS } from '../domain/window.js';
import { AppError } from '../errors.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { pathOf } from './problem.js';
import {
  hoursParameter,
  limitParameter,
  Post,
  query,
  SubredditParameter,
  words,
} from './schemas.js';
import { resolveSubreddit } from './subreddit-names.js';

const RecentQuery = query({
  subreddit: SubredditParameter,
  hours: hoursParameter(24),
  limit: limitParameter(100, 1000),
  label: Type.Optional(words(LABELS, 'only posts with this sentiment')),
  cursor: Type.Optional(
    Type.String({
      description: 'the cursor of the Link header of the page before',
      minLength: 1,
      maxLength: 200,
    }),
  ),
});

const PostParams = Type.Object({
  id: Type.String({
    description: "Reddit's id of a post: 1 to 16 lower-case letters and digits, without t3_",
    pattern: '^[a-z0-9]{1,16}$',
  }),
});

const PostQuery = query({
  subreddit: Type.Optional(
    Type.String({
      description: 'accepted for clients that send it, and not needed: an id names one post',
      minLength: 1,
      maxLength: 64,
    }),
  ),
});

export function postRoutes(api: Api, context: RouteContext): void {
  const { store, clock } = context;

  api.get(
    '/posts/recent',
    {
      schema: {
        ...describe({
          id: 'listRecentPosts',
          tag: 'posts',
          summary: 'The posts collected last, newest first',
          description: 'The window is by `collected_at`. Pages neither skip nor repeat a post.',
          kind: 'data',
          paged: true,
          refuses: ['unknown_subreddit'],
        }),
        querystring: RecentQuery,
        response: { 200: Type.Array(Post) },
      },
    },
    async (request, reply) => {
      const { hours, limit, label, cursor } = request.query;
      const after = cursor === undefined ? undefined : decodeCursor(cursor);
      const subreddit = await resolveSubreddit(request.query.subreddit, context);
      const posts = await store.recentPosts({
        since: toIso(clock.now() - hours * HOUR_MS),
        limit: limit + 1, // the one more tells whether there is a next page
        ...(subreddit === undefined ? {} : { subreddit }),
        ...(label === undefined ? {} : { label }),
        ...(after === undefined ? {} : { after }),
      });
      const page = posts.slice(0, limit);
      const last = page.at(-1);
      if (posts.length > limit && last !== undefined) {
        reply.header('link', `<${nextPage(request.url, encodeCursor(last))}>; rel="next"`);
      }
      return page;
    },
  );

  api.get(
    '/posts/:id',
    {
      schema: {
        ...describe({
          id: 'getPost',
          tag: 'posts',
          summary: 'One post with its sentiment',
          kind: 'data',
          refuses: ['not_found'],
        }),
        params: PostParams,
        querystring: PostQuery,
        response: { 200: Post },
      },
    },
    async ({ params: { id } }) => {
      const post = await store.post(id);
      if (post === null) throw new AppError('not_found', `No post with the id "${id}" is stored`);
      return post;
    },
  );
}

/** The same question, from the cursor on; a relative reference, so it holds behind any proxy. */
function nextPage(url: string, cursor: string): string {
  const path = pathOf(url);
  const parameters = new URLSearchParams(url.slice(path.length + 1));
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}
