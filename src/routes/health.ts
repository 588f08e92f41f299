import { Type } from 'typebox';
import { toAppError, whyOf } from '../errors.js';
import { HEALTH_STATUSES } from '../health/assess.js';
import { CAUSE_CODES, type Cause, causeOf, SEVERITIES } from '../health/causes.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { Count, nullable, Time, words } from './schemas.js';

const CauseSchema = Type.Object(
  {
    code: words(CAUSE_CODES),
    severity: words(SEVERITIES),
    message: Type.String(),
    restart_would_help: Type.Boolean(),
  },
  { title: 'Cause' },
);

const Health = Type.Object(
  {
    status: words(HEALTH_STATUSES),
    timestamp: Time,
    process: Type.Optional(
      Type.Object({
        uptime_seconds: Type.Number(),
        memory_mb: Type.Number(),
        cpu_percent: Type.Number(),
        pid: Type.Integer(),
        event_loop_delay_ms: Type.Number(),
      }),
    ),
    application: Type.Optional(
      Type.Object({
        last_collection_at: nullable(Time),
        collections_succeeded: Count,
        collections_failed: Count,
        data_freshness_minutes: nullable(Type.Number()),
        running_cycle: nullable(Type.String()),
        subreddits_failing: Type.Array(Type.String()),
        gaps_open: Count,
        jobs_heartbeat_age_seconds: nullable(Type.Number()),
      }),
    ),
    database: Type.Optional(
      Type.Object({
        connected: Type.Boolean(),
        latency_ms: nullable(Type.Number()),
        checked_seconds_ago: nullable(Type.Number()),
      }),
    ),
    causes: Type.Optional(Type.Array(CauseSchema)),
  },
  { title: 'Health' },
);

const Alive = Type.Object({ status: words(['alive']) });
const Ready = Type.Object({ status: words(['ready']) });
const NotReady = Type.Object({
  status: words(['unavailable']),
  causes: Type.Array(CauseSchema),
});

/**
 * Probes take no parameters and ignore any, because some probers add one against caches, and
 * an outage must not be invented by that. `/health` and `/readyz` keep their own body with 503.
 */
export function healthRoutes(api: Api, context: RouteContext): void {
  const { health, closing } = context;

  api.get(
    '/health',
    {
      schema: {
        ...describe({
          id: 'getHealth',
          tag: 'operations',
          summary: 'Status, process, collection, database and causes; 503 when unhealthy',
          kind: 'probe',
        }),
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const report = health.report();
      reply.header('cache-control', 'no-store');
      return reply.code(report.status === 'unhealthy' ? 503 : 200).send(report);
    },
  );

  api.get(
    '/livez',
    {
      schema: {
        ...describe({
          id: 'getLiveness',
          tag: 'operations',
          summary: 'The process is alive, whatever else is not',
          kind: 'probe',
        }),
        response: { 200: Alive },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { status: 'alive' as const };
    },
  );

  api.get(
    '/readyz',
    {
      schema: {
        ...describe({
          id: 'getReadiness',
          tag: 'operations',
          summary: 'Ready to serve, asked of the database anew; 503 with the causes when not',
          kind: 'probe',
        }),
        response: { 200: Ready, 503: NotReady },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      const cause = closing.aborted ? causeOf('shutting_down', 'info') : await storeCause(context);
      if (cause === null) return reply.code(200).send({ status: 'ready' });
      return reply.code(503).send({ status: 'unavailable', causes: [cause] });
    },
  );
}

/**
 * Asked anew, unlike `/health`: whoever gates a deploy on it wants to know about now. A database
 * that has just come back answers before those who follow it have noticed; until then, reads fail.
 */
async function storeCause({ store, rollups }: RouteContext): Promise<Cause | null> {
  try {
    await store.ping();
    await rollups.revision();
    return null;
  } catch (error) {
    const failure = toAppError(error);
    const seen = { lastSuccessMs: null, failure: failure.code, why: whyOf(failure) };
    return causeOf('database_unreachable', 'critical', seen);
  }
}
