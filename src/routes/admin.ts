import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Type } from 'typebox';
import { toIso } from '../clock.js';
import { cycleId } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { JobsHeartbeat } from '../store/store.js';
import { describe } from '../openapi/describe.js';
import type { Api, RouteContext } from './context.js';
import { query, Time, words } from './schemas.js';

const Triggered = Type.Object({
  status: words(['triggered']),
  message: Type.String(),
  cycle_id: Type.String(),
  timestamp: Time,
});

/** A runner that lives beats far more often; an older beat means nobody would take the request. */
const HEARTBEAT_MAX_AGE_MS = 20_000;

export function adminRoutes(api: Api, context: RouteContext): void {
  const { clock, store, config } = context;

  api.post(
    '/admin/collect',
    {
      // Before the body is read: a stranger learns nothing, and costs nothing.
      onRequest: async (request) => authorize(request.headers.authorization, context.adminToken),
      schema: {
        ...describe({
          id: 'collectNow',
          tag: 'admin',
          summary: 'Ask for a collection cycle now',
          description: 'The job runner begins within two seconds; its record is in /collections.',
          kind: 'live',
          token: true,
          refuses: [
            ...(['collection_off', 'collection_running', 'jobs_unavailable'] as const),
            ...(['payload_too_large', 'unsupported_media_type'] as const),
          ],
        }),
        querystring: query({}),
        response: { 202: Triggered },
      },
    },
    async (_request, reply) => {
      if (config.reddit === null) {
        throw new AppError(
          'collection_off',
          'Collection is off: set REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET_FILE and REDDIT_USER_AGENT, then restart',
        );
      }
      const nowMs = clock.now();
      const { jobs, running_cycle } = await store.healthFacts(toIso(nowMs));
      requireRunner(jobs, nowMs);
      if (running_cycle !== null) throw alreadyRunning(running_cycle);
      const id = cycleId(toIso(nowMs), randomBytes(3).toString('hex'));
      const { accepted, cycle_id } = await store.requestCycle(id);
      if (!accepted) throw alreadyRunning(cycle_id);
      return reply.code(202).send({
        status: 'triggered' as const,
        message: 'The job runner starts this cycle within two seconds; see /collections',
        cycle_id,
        timestamp: toIso(nowMs),
      });
    },
  );
}

/** @throws AppError `admin_disabled` or `unauthorized`. */
function authorize(header: string | undefined, token: string | null): void {
  if (token === null) {
    throw new AppError(
      'admin_disabled',
      'Admin routes are disabled: put a long random token into a file, name it in ADMIN_TOKEN_FILE, and restart the API',
    );
  }
  const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (given === undefined) {
    throw new AppError('unauthorized', 'This route needs the header Authorization: Bearer TOKEN');
  }
  if (!equalInConstantTime(given, token)) {
    throw new AppError('unauthorized', 'The bearer token is not the one in ADMIN_TOKEN_FILE');
  }
}

/** Digests have one length, so neither the length nor a common prefix shows in the time taken. */
function equalInConstantTime(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function requireRunner(jobs: JobsHeartbeat | null, nowMs: number): void {
  if (jobs !== null && Math.abs(nowMs - Date.parse(jobs.at)) <= HEARTBEAT_MAX_AGE_MS) return;
  throw new AppError(
    'jobs_unavailable',
    jobs === null
      ? 'The jobs process has never reported: start it (pm2 start jobs)'
      : `The jobs process has not reported since ${jobs.at}: see pm2 logs jobs`,
  );
}

function alreadyRunning(cycleIdOfOther: string): AppError {
  return new AppError('collection_running', `Cycle ${cycleIdOfOther} is running or requested`, {
    details: { cycle_id: cycleIdOfOther },
  });
}
