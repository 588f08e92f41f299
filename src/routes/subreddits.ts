import { type Static, Type } from 'typebox';
import { toIso } from '../clock.js';
import { SUBREDDIT_STATES } from '../domain/cycle.js';
import { floorToMinute } from '../domain/window.js';
import type { SubredditDetail } from '../store/store.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import type { Result } from './reply.js';
import { Count, described, nullable, query, Time, words } from './schemas.js';

const Subreddits = Type.Object(
  {
    subreddits: Type.Array(Type.String()),
    count: Count,
    details: Type.Array(
      Type.Object({
        name: Type.String({ description: 'as configured' }),
        state: words(
          SUBREDDIT_STATES,
          "as of the last cycle that reached it, in Reddit's words; unknown: none did yet",
        ),
        last_success_at: described(
          nullable(Time),
          'when it was last collected completely; null: never. UTC, ISO 8601',
        ),
        watermark_at: described(
          nullable(Time),
          'when the newest item was written up to which nothing is missing; null: not collected yet',
        ),
        items_24h: described(
          Count,
          'posts and comments written in the last 24 hours that count: not those of AutoModerator, stickied or deleted ones',
        ),
        coverage_24h: described(
          nullable(Type.Number({ minimum: 0, maximum: 1 })),
          'share stored of the comments that Reddit counts under the posts of the last 24 whole hours; null: it counts none',
        ),
        gaps: described(
          Count,
          'gaps on record, whatever their status; /collections/gaps has them one by one',
        ),
      }),
    ),
  },
  { title: 'Subreddits' },
);

const WATCHED = describe({
  id: 'listSubreddits',
  tag: 'subreddits',
  summary: 'The watched subreddits with their state',
  kind: 'data',
});

/**
 * Lists what is configured, in that order, whether or not it has been collected yet. A
 * subreddit that is no longer configured is not listed; asked for by name, it still answers.
 */
export function subredditRoutes(api: Api, { config, store, clock, respond }: RouteContext): void {
  api.get(
    '/subreddits',
    { schema: { ...WATCHED, querystring: query({}), response: { 200: Subreddits } } },
    async (request, reply) => {
      const untilMs = floorToMinute(clock.now());
      const compute = async (): Promise<Result<Static<typeof Subreddits>>> => {
        const stored = await store.subreddits(toIso(untilMs));
        const byName = new Map(stored.map((detail) => [detail.name.toLowerCase(), detail]));
        const details = config.subreddits.map((name) => ({
          ...(byName.get(name.toLowerCase()) ?? NEVER_REACHED),
          name,
        }));
        return { value: { subreddits: config.subreddits, count: details.length, details } };
      };
      return respond(request, reply, { parameters: [], untilMs, compute });
    },
  );
}

const NEVER_REACHED: Omit<SubredditDetail, 'name'> = {
  state: 'unknown',
  last_success_at: null,
  watermark_at: null,
  items_24h: 0,
  coverage_24h: null,
  gaps: 0,
};
