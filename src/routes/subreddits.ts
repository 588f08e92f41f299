import { type Static, Type } from 'typebox';
import { toIso } from '../clock.js';
import { SUBREDDIT_STATES } from '../domain/cycle.js';
import { floorToMinute } from '../domain/window.js';
import type { SubredditDetail } from '../store/store.js';
import type { Api, RouteContext } from './context.js';
import type { Result } from './reply.js';
import { Count, nullable, query, Time, words } from './schemas.js';

const Subreddits = Type.Object({
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
});

/**
 * Lists what is configured, in that order, whether or not it has been collected yet. A
 * subreddit that is no longer configured is not listed; asked for by name, it still answers.
 */
export function subredditRoutes(api: Api, { config, store, clock, respond }: RouteContext): void {
  api.get(
    '/subreddits',
    { schema: { querystring: query({}), response: { 200: Subreddits } } },
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
