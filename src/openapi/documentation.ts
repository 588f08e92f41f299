import type { FastifyInstance, RouteOptions } from 'fastify';
import { once } from '../once.js';
import type { Api, RouteContext } from '../routes/context.js';
import type { OpenApiDocument } from './types.js';

const DOCS = '/docs';
/** The document changes only with the program. */
const CACHED = 'public, max-age=60';

/**
 * `/openapi.json`, at the root and below the prefix, and `/docs`. Nothing of them is loaded or
 * computed before somebody asks. Call before the routes are added: it notes each of them.
 */
export function documentation(
  app: Api,
  prefix: string,
  { log, closing }: Pick<RouteContext, 'log' | 'closing'>,
): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  const text = once(async () => {
    const { openApiDocument } = await import('./document.js');
    return JSON.stringify(await openApiDocument(routes));
  });
  const page = once(async (): Promise<FastifyInstance> => {
    const { docsPage } = await import('./docs-page.js');
    const document = JSON.parse(await text.get()) as OpenApiDocument;
    return docsPage(document, DOCS, { log, closing });
  });

  for (const url of ['/openapi.json', `${prefix}/openapi.json`]) {
    app.get(url, { schema: { hide: true } }, async (_request, reply) =>
      reply
        .header('cache-control', CACHED)
        .type('application/json; charset=utf-8')
        .send(await text.get()),
    );
  }
  for (const url of [DOCS, `${DOCS}/*`]) {
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const server = await page.get();
      reply.hijack();
      server.routing(request.raw, reply.raw);
    });
  }
  app.addHook('onClose', async () => {
    await (await page.made())?.close();
  });
}
