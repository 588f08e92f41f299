import { Type } from 'typebox';
import { toIso } from '../clock.js';
import { SUBREDDIT_STATES } from '../domain/cycle.js';
import type { SubredditDetail } from '../store/store.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { Count, nullable, query, Time, words } from './schemas.js';

const Subreddits = Type.Object(
  {
    subreddits: Type.Array(Type.String()),
    count: Count,
    details: Type.Array(
      Type.Object({
        name: Type.String(),
        state: words(SUBREDDIT_STATES),
        last_success_at: nullable(Time),
        watermark_at: nullable(Time),
        items_24h: Count,
        coverage_24h: nullable(Type.Number()),
        gaps: Count,
      }),
    ),
  },
  { title: 'Subreddits' },
);

/**
 * Lists what is configured, in that order, whether or not it has been collected yet. A
 * subreddit that is no longer configured is not listed; asked for by name, it still answers.
 */
export function subredditRoutes(api: Api, { config, store, clock }: RouteContext): void {
  api.get(
    '/subreddits',
    {
      schema: {
        ...describe({
          id: 'listSubreddits',
          tag: 'subreddits',
          summary: 'The watched subreddits with their state',
          kind: 'data',
        }),
        querystring: query({}),
        response: { 200: Subreddits },
      },
    },
    async () => {
      const stored = await store.subreddits(toIso(clock.now()));
      const byName = new Map(stored.map((detail) => [detail.name.toLowerCase(), detail]));
      return {
        subreddits: config.subreddits,
        count: config.subreddits.length,
        details: config.subreddits.map((name) => ({
          ...(byName.get(name.toLowerCase()) ?? NEVER_REACHED),
          name,
        })),
      };
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
