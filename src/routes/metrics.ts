import type { AsyncLocalStorage } from 'node:async_hooks';
import { Type } from 'typebox';
import { HEALTH_STATUSES } from '../health/assess.js';
import type { Metrics } from '../metrics.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';

/** Whatever no route was found for. */
const UNKNOWN_ROUTE = 'unknown';
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts every request that reaches the app, refused ones included. Call before other hooks. */
export function measureRequests(app: Api, metrics: Pick<Metrics, 'request'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const ended = metrics.request();
    // Fastify's onResponse would miss the requests whose client went away.
    reply.raw.once('close', () => {
      ended({
        route: request.routeOptions.url ?? UNKNOWN_ROUTE,
        method: METHODS.has(request.method) ? request.method : 'OTHER',
        status: reply.raw.writableEnded ? reply.raw.statusCode : 'aborted',
        ms: reply.elapsedTime,
      });
    });
    done();
  });
}

/** Tells whatever a request leads to by which route it came. */
export function tellRoutes(app: Api, asking: AsyncLocalStorage<string>): void {
  // The last hook before the handler: reading a body would lose what was told before.
  app.addHook('preHandler', (request, _reply, done) => {
    asking.run(request.routeOptions.url ?? UNKNOWN_ROUTE, done);
  });
}

/** For Prometheus. Nothing here asks the store: it answers whatever the store does. */
export function metricsRoute(api: Api, context: Pick<RouteContext, 'health' | 'metrics'>): void {
  const { metrics } = context;
  healthGauges(context);
  api.get(
    '/metrics',
    {
      schema: {
        ...describe({
          id: 'getMetrics',
          tag: 'operations',
          summary: 'Figures for Prometheus, in its text format',
          kind: 'probe',
        }),
        produces: ['text/plain'],
        response: { 200: Type.String({ description: "Prometheus' text format, version 0.0.4" }) },
      },
    },
    async (_request, reply) => {
      const { contentType, body } = await metrics.expose();
      return reply.header('cache-control', 'no-store').type(contentType).send(body);
    },
  );
}

/** With HEALTH_CHECK_ENABLED=false only the status and the data version are known. */
function healthGauges({ health, metrics }: Pick<RouteContext, 'health' | 'metrics'>): void {
  const report = () => health.report();
  const application = () => report().application;

  metrics.gauges(
    'health_status',
    '1 for the status that /health reports, 0 for the others',
    'status',
    () => {
      const { status } = report();
      return HEALTH_STATUSES.map((name) => [name, name === status ? 1 : 0] as const);
    },
  );
  metrics.gauges('health_cause', '1 for each cause that /health names', 'code', () =>
    (report().causes ?? []).map(({ code }) => [code, 1] as const),
  );
  metrics.gauge(
    'data_freshness_minutes',
    'Minutes since the end of the last successful collection',
    () => application()?.data_freshness_minutes ?? null,
  );
  metrics.gauge('data_version', 'Data version, as of the last health check', () =>
    health.dataVersion(),
  );
  metrics.gauges('collections', 'Collection cycles on record', 'outcome', () => {
    const figures = application();
    if (figures === undefined) return [];
    const { collections_succeeded, collections_failed } = figures;
    return [
      ['succeeded', collections_succeeded],
      ['failed', collections_failed],
    ] as const;
  });
  metrics.gauge('collection_running', '1 while a cycle runs', () =>
    flag(application(), ({ running_cycle }) => running_cycle !== null),
  );
  metrics.gauge(
    'subreddits_failing',
    'Subreddits that failed in each of the last three cycles',
    () => application()?.subreddits_failing.length ?? null,
  );
  metrics.gauge('gaps_open', 'Open gaps', () => application()?.gaps_open ?? null);
  metrics.gauge(
    'jobs_heartbeat_age_seconds',
    'Seconds since the jobs process last reported',
    () => application()?.jobs_heartbeat_age_seconds ?? null,
  );
  metrics.gauge('database_connected', '1 while the store answers the health check', () =>
    flag(report().database, ({ connected }) => connected),
  );
  metrics.gauge(
    'database_latency_seconds',
    'Duration of the last successful health check of the store',
    () => {
      const ms = report().database?.latency_ms ?? null;
      return ms === null ? null : ms / 1000;
    },
  );
}

function flag<T>(figures: T | undefined, isSet: (figures: T) => boolean): number | null {
  return figures === undefined ? null : Number(isSet(figures));
}
