import { type Static, Type } from 'typebox';
import { toIso } from '../clock.js';
import { figuresOf } from '../domain/statistics.js';
import { GRANULARITIES, trendBuckets } from '../domain/trends.js';
import { windowBefore, windowEndingAt, withinRetention } from '../domain/window.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import type { Result } from './reply.js';
import {
  Count,
  described,
  Figures,
  hoursParameter,
  nullable,
  query,
  SubredditParameter,
  Time,
  words,
} from './schemas.js';
import { resolveSubreddit } from './subreddit-names.js';

const WindowFigures = {
  ...Figures,
  posts: Count,
  comments: Count,
  last_item_at: nullable(Time),
};

const Stats = Type.Object(
  {
    subreddit: Type.String({ description: 'or "all"' }),
    time_window_hours: Type.Integer(),
    statistics: Type.Object({ ...WindowFigures, previous: nullable(Type.Object(WindowFigures)) }),
    timestamp: Time,
  },
  { title: 'Stats' },
);

const Trends = Type.Object(
  {
    subreddit: Type.String({ description: 'or "all"' }),
    time_window_hours: Type.Integer(),
    granularity: words(GRANULARITIES),
    trend_data: Type.Array(
      Type.Object({
        ...{ start: Time, ...Figures },
        coverage: described(
          nullable(Type.Number({ minimum: 0, maximum: 1 })),
          'share stored of the comments that Reddit counts under the posts of its whole hours; null: it counts none',
        ),
      }),
    ),
    timestamp: Time,
  },
  { title: 'Trends' },
);

const StatsQuery = query({ subreddit: SubredditParameter, hours: hoursParameter(24) });

const TrendsQuery = query({
  subreddit: SubredditParameter,
  hours: hoursParameter(168),
  granularity: Type.Unsafe<(typeof GRANULARITIES)[number]>({
    ...words(GRANULARITIES, 'length of a bucket'),
    default: 'hour',
  }),
});

const STATS = describe({
  id: 'getStats',
  tag: 'sentiment',
  summary: 'Counts and mean of a window, and of the one before',
  description: 'The window is by `created_utc`; `timestamp` is its end.',
  kind: 'data',
  refuses: ['unknown_subreddit'],
});

const TRENDS = describe({
  id: 'getTrends',
  tag: 'sentiment',
  summary: 'Counts and mean of a window as a series; empty buckets are there with zeros',
  description: 'The window is by `created_utc`; `timestamp` is its end.',
  kind: 'data',
  refuses: ['unknown_subreddit'],
});

/** Windows are by `created_utc`, end at the current minute and start `hours` earlier. */
export function sentimentRoutes(api: Api, context: RouteContext): void {
  const { respond, rollups, clock, config } = context;

  api.get(
    '/sentiment/stats',
    { schema: { ...STATS, querystring: StatsQuery, response: { 200: Stats } } },
    async (request, reply) => {
      const { hours } = request.query;
      const subreddit = await resolveSubreddit(request.query.subreddit, context);
      const window = windowEndingAt(clock.now(), hours);
      const before = windowBefore(window);
      const kept = withinRetention(before, window.toMs, config.collection.retentionDays);
      const compute = async (): Promise<Result<Static<typeof Stats>>> => {
        const counts = await rollups.count(kept ? [window, before] : [window], subreddit);
        return {
          value: {
            subreddit: subreddit ?? 'all',
            time_window_hours: hours,
            statistics: {
              ...figuresOf(counts[0] ?? []),
              previous: kept ? figuresOf(counts[1] ?? []) : null,
            },
            timestamp: toIso(window.toMs),
          },
        };
      };
      return respond(request, reply, {
        parameters: [subreddit, hours],
        untilMs: window.toMs,
        compute,
      });
    },
  );

  api.get(
    '/sentiment/trends',
    { schema: { ...TRENDS, querystring: TrendsQuery, response: { 200: Trends } } },
    async (request, reply) => {
      const { hours, granularity } = request.query;
      const subreddit = await resolveSubreddit(request.query.subreddit, context);
      const window = windowEndingAt(clock.now(), hours);
      const compute = async (): Promise<Result<Static<typeof Trends>>> => {
        const [counts = []] = await rollups.count([window], subreddit);
        return {
          value: {
            subreddit: subreddit ?? 'all',
            time_window_hours: hours,
            granularity,
            trend_data: trendBuckets(counts, window, granularity),
            timestamp: toIso(window.toMs),
          },
        };
      };
      return respond(request, reply, {
        parameters: [subreddit, hours, granularity],
        untilMs: window.toMs,
        compute,
      });
    },
  );
}
