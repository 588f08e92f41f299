import type { Config } from '../config.js';
import type { Api } from '../routes/context.js';
import { allowOrigins } from './cors.js';
import { limitRate } from './rate-limit.js';
import { SECURITY_HEADERS } from './security-headers.js';

/**
 * What surrounds every route: headers first, so that refusals have them too, then who may read
 * from where, then how often. Call before any other hook or route is added.
 */
export async function surroundRoutes(
  app: Api,
  { corsOrigins, rateLimit }: Config['api'],
): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done();
  });
  await allowOrigins(app, corsOrigins);
  await limitRate(app, rateLimit);
}
