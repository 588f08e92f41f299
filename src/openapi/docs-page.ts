import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyInstance, fastify } from 'fastify';
import { AppError } from '../errors.js';
import { SECURITY_HEADERS } from '../http/security-headers.js';
import type { Log } from '../log.js';
import { sendProblem } from '../routes/problem.js';
import type { OpenApiDocument } from './types.js';

/** Scripts, styles and requests of this server only; images may be inline, as the page's logo is. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Swagger UI as a server of its own that never listens: it is handed requests. */
export async function docsPage(
  document: OpenApiDocument,
  prefix: string,
  { log, closing }: { log: Log; closing: AbortSignal },
): Promise<FastifyInstance> {
  const app = fastify();
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'content-security-policy': PAGE_POLICY });
    if (closing.aborted) reply.header('connection', 'close');
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, log));
  app.setNotFoundHandler(() => {
    throw new AppError('not_found', `There is nothing here: the documentation is at ${prefix}`);
  });
  // The document is complete; the plug-in's own types ask for a finer grain than ours.
  const specification = { document: document as unknown as Record<string, never> };
  await app.register(swagger, { mode: 'static', specification } as never);
  await app.register(swaggerUi, {
    routePrefix: prefix,
    theme: { title: 'SentimentAgent API' },
    // Without the bar that asks for another document's address: the policy would refuse it.
    uiConfig: {
      docExpansion: 'list',
      deepLinking: true,
      layout: 'BaseLayout',
      showCommonExtensions: true,
    },
  });
  await app.ready();
  return app;
}
