import { Type } from 'typebox';
import { toTimes, windowBefore, windowEndingAt } from '../domain/window.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { Count, hoursParameter, limitParameter, query, SubredditParameter } from './schemas.js';
import { resolveSubreddit } from './subreddit-names.js';

const Topics = Type.Array(
  Type.Object(
    {
      id: Type.String({ description: 'of the theme and the subreddit; the same in every answer' }),
      post_ids: Type.Array(Type.String(), {
        maxItems: 10,
        description: 'the fastest of its posts',
      }),
      theme: Type.String({ description: 'a word or a phrase of two' }),
      keywords: Type.Array(Type.String(), {
        maxItems: 5,
        description: 'the theme, then what rises in mostly the same posts',
      }),
      engagement_velocity: Type.Number({
        description:
          'sum over its posts of (upvotes + 3 × comments) per hour of age, at least one; × 1.5 ' +
          'under 6 hours of age, × 1.2 under 12',
      }),
      sentiment_distribution: Type.Object({ positive: Count, negative: Count, neutral: Count }),
      peak_time: Type.String({ description: 'start of the UTC hour with most mentions' }),
      created_at: Type.String({ description: 'when its first post in the window was created' }),
      mentions: Type.Integer({ minimum: 3, description: 'posts of the window with the theme' }),
      baseline: Type.Integer({ minimum: 0, description: 'the same of the window before' }),
      is_new: Type.Boolean({ description: 'not mentioned in the window before' }),
    },
    { title: 'Topic' },
  ),
);

const TrendingQuery = query({
  subreddit: SubredditParameter,
  hours: hoursParameter(168, 720),
  limit: limitParameter(20, 100),
});

const TRENDING = describe({
  id: 'listTrending',
  tag: 'topics',
  summary: 'What titles mention more often than in the window before, strongest first',
  description: 'The window is by `created_utc`; the baseline is the equally long window before.',
  kind: 'data',
  refuses: ['unknown_subreddit'],
});

/** What titles mention more often than in the equally long window before. */
export function trendingRoutes(api: Api, context: RouteContext): void {
  const { store, clock, config, respond } = context;
  api.get(
    '/trending',
    { schema: { ...TRENDING, querystring: TrendingQuery, response: { 200: Topics } } },
    async (request, reply) => {
      const { hours, limit } = request.query;
      const subreddit = await resolveSubreddit(request.query.subreddit, context);
      const window = windowEndingAt(clock.now(), hours);
      const compute = async () => {
        const { topics } = await store.trending({
          window: toTimes(window),
          baseline: toTimes(windowBefore(window)),
          names: config.subreddits,
          limit,
          ...(subreddit === undefined ? {} : { subreddit }),
        });
        return { value: topics };
      };
      return respond(request, reply, {
        parameters: [subreddit, hours, limit],
        untilMs: window.toMs,
        compute,
      });
    },
  );
}
