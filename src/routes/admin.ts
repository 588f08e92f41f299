import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { toIso } from '../clock.js';
import { cycleId } from '../domain/cycle.js';
import { pausedSince } from '../domain/pause.js';
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

const Paused = Type.Object({
  status: words(['paused']),
  message: Type.String(),
  timestamp: Time,
});

const Resumed = Type.Object({
  status: words(['resumed']),
  message: Type.String(),
  timestamp: Time,
});

const PauseBody = Type.Object(
  {
    reason: Type.Optional(
      Type.String({ maxLength: 200, description: 'said by /health, logs and refusals' }),
    ),
  },
  { additionalProperties: false },
);

const WITH_BODY = ['payload_too_large', 'unsupported_media_type'] as const;

export function adminRoutes(api: Api, context: RouteContext): void {
  // Before the body is read: a stranger learns nothing, and costs nothing.
  const onRequest = async (request: FastifyRequest) =>
    authorize(request.headers.authorization, context.adminToken);

  api.post(
    '/admin/collect',
    {
      onRequest,
      schema: {
        ...describe({
          id: 'collectNow',
          tag: 'admin',
          summary: 'Ask for a collection cycle now',
          description: 'The job runner begins within two seconds; its record is in /collections.',
          kind: 'live',
          token: true,
          refuses: [
            ...(['collection_off', 'collection_paused', 'collection_running'] as const),
            ...(['jobs_unavailable', ...WITH_BODY] as const),
          ],
        }),
        querystring: query({}),
        response: { 202: Triggered },
      },
    },
    async (_request, reply) => reply.code(202).send(await askForCycle(context)),
  );
  pauseRoutes(api, context, onRequest);
}

/** Both may be asked for again and again. */
function pauseRoutes(
  api: Api,
  { store, clock }: RouteContext,
  onRequest: (request: FastifyRequest) => Promise<void>,
): void {
  api.post(
    '/admin/pause',
    {
      onRequest,
      // It has no field that has to be there, so neither has it to be there itself.
      preValidation: async (request) => void (request.body ??= {}),
      schema: {
        ...describe({
          id: 'pauseCollection',
          tag: 'admin',
          summary: 'Keep collection from starting until it is resumed',
          description:
            'A running cycle finishes. Paused already: nothing changes. The pause outlives restarts.',
          kind: 'live',
          token: true,
          refuses: WITH_BODY,
        }),
        querystring: query({}),
        body: PauseBody,
        response: { 202: Paused },
      },
    },
    async (request, reply) => {
      const paused = await store.pause(request.body.reason?.trim() ?? '');
      return reply.code(202).send({
        status: 'paused' as const,
        message: pausedSince(paused),
        timestamp: toIso(clock.now()),
      });
    },
  );

  api.post(
    '/admin/resume',
    {
      onRequest,
      schema: {
        ...describe({
          id: 'resumeCollection',
          tag: 'admin',
          summary: 'Let collection go on after a pause',
          description:
            'A cycle that was missed is made up for at once, one for all; else the next is at its time.',
          kind: 'live',
          token: true,
          refuses: WITH_BODY,
        }),
        querystring: query({}),
        response: { 202: Resumed },
      },
    },
    async (_request, reply) => {
      const ended = await store.resume();
      return reply.code(202).send({
        status: 'resumed' as const,
        message:
          ended === null
            ? 'Collection was not paused'
            : `Collection goes on; it was paused since ${ended.since}`,
        timestamp: toIso(clock.now()),
      });
    },
  );
}

async function askForCycle({
  clock,
  store,
  config,
}: RouteContext): Promise<Static<typeof Triggered>> {
  if (config.reddit === null) {
    throw new AppError(
      'collection_off',
      'Collection is off: set REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET_FILE and REDDIT_USER_AGENT, then restart',
    );
  }
  const nowMs = clock.now();
  const { jobs, running_cycle, paused } = await store.healthFacts(toIso(nowMs));
  if (paused !== null) {
    throw new AppError('collection_paused', `${pausedSince(paused)}; POST /admin/resume first`, {
      details: { since: paused.since },
    });
  }
  requireRunner(jobs, nowMs);
  if (running_cycle !== null) throw alreadyRunning(running_cycle);
  const id = cycleId(toIso(nowMs), randomBytes(3).toString('hex'));
  const { accepted, cycle_id } = await store.requestCycle(id);
  if (!accepted) throw alreadyRunning(cycle_id);
  return {
    status: 'triggered',
    message: 'The job runner starts this cycle within two seconds; see /collections',
    cycle_id,
    timestamp: toIso(nowMs),
  };
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
