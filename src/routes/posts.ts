import { Type } from 'typebox';
import { LABELS } from '../domain/item.js';
import { isoTime, windowEndingAt } from '../domain/window.js';
import { AppError } from '../errors.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { cursorsOf, ITEM_ID, TIME } from './cursor.js';
import { pageOf, withOneMore } from './paging.js';
import {
  cursorParameter,
  described,
  hoursParameter,
  limitParameter,
  Post,
  PostParams,
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
  cursor: cursorParameter,
});

const PostQuery = query({
  subreddit: Type.Optional(
    described(
      SubredditParameter,
      'accepted for clients that send it, and not needed: an id names one post',
    ),
  ),
});

/** `since`: where the first page's window began; the later pages' must not lose its end. */
const recentCursors = cursorsOf<{ since: string; collected_at: string; id: string }>({
  since: TIME,
  collected_at: TIME,
  id: ITEM_ID,
});

const RECENT = describe({
  id: 'listRecentPosts',
  tag: 'posts',
  summary: 'The posts collected last, newest first',
  description: 'The window is by `collected_at`. Pages neither skip nor repeat a post.',
  kind: 'data',
  paged: true,
  refuses: ['unknown_subreddit'],
});

const ONE = describe({
  id: 'getPost',
  tag: 'posts',
  summary: 'One post with its sentiment',
  kind: 'data',
  refuses: ['not_found'],
});

export function postRoutes(api: Api, context: RouteContext): void {
  const { store, clock, respond } = context;

  api.get(
    '/posts/recent',
    { schema: { ...RECENT, querystring: RecentQuery, response: { 200: Type.Array(Post) } } },
    async (request, reply) => {
      const { hours, limit, label, cursor } = request.query;
      const name = (request.query.subreddit ?? 'all').toLowerCase();
      const question = ['posts/recent', name, label, hours];
      const after = cursor === undefined ? undefined : recentCursors.decode(cursor, question);
      const subreddit = await resolveSubreddit(request.query.subreddit, context);
      const window = windowEndingAt(clock.now(), hours);
      const since = after?.since ?? isoTime(window.fromMs);
      const compute = async () => {
        const posts = await store.recentPosts({
          since,
          limit: withOneMore(limit),
          ...(subreddit === undefined ? {} : { subreddit }),
          ...(label === undefined ? {} : { label }),
          ...(after === undefined ? {} : { after }),
        });
        return pageOf(posts, limit, request.url, ({ collected_at, id }) =>
          recentCursors.encode({ since, collected_at, id }, question),
        );
      };
      return respond(request, reply, {
        parameters: [subreddit, hours, limit, label, cursor],
        untilMs: after === undefined ? window.toMs : 0, // later pages do not move with the window
        compute,
      });
    },
  );

  api.get(
    '/posts/:id',
    { schema: { ...ONE, params: PostParams, querystring: PostQuery, response: { 200: Post } } },
    async (request, reply) => {
      const { id } = request.params;
      const compute = async () => {
        const post = await store.post(id);
        if (post === null) throw new AppError('not_found', `No post with the id "${id}" is stored`);
        return { value: post };
      };
      return respond(request, reply, { parameters: [id], compute });
    },
  );
}
