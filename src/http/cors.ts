import type { Api } from '../routes/context.js';

/** What a page of another origin may read of an answer, beside the few that any may. */
export const EXPOSED_HEADERS = ['Link', 'ETag', 'Age', 'X-Data-Stale', 'Retry-After'];

/** A preflight holds so long. */
const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of these origins read. Never with credentials, and reads only: the admin routes are
 * for tools, not for pages of other origins. Nothing is registered when no origin is allowed.
 */
export async function allowOrigins(app: Api, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  const { default: cors } = await import('@fastify/cors');
  const any = origins.includes('*');
  await app.register(cors, {
    // False leaves a request as it would be without this plugin: OPTIONS is then refused by name.
    origin: (origin, decide) => {
      const known = origin !== undefined && (any || origins.includes(origin));
      decide(null, known && any ? '*' : known);
    },
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['If-None-Match'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
    // The plugin would answer an incomplete preflight itself, in a form that is not ours.
    strictPreflight: false,
  });
}
