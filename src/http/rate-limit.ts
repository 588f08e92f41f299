import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import type { Api } from '../routes/context.js';
import { pathOf } from '../routes/problem.js';
import { clientKey, isLoopback } from './client-address.js';

/** Clients remembered at once; the one not seen longest is forgotten. */
const MOST_CLIENTS = 10_000;
const WINDOW_MS = 60_000;

/** Whoever watches the system must see it most when it is under load. */
const PROBES = /^(\/api\/v1)?\/(health|livez|readyz|metrics)$/;

/**
 * Refuses an address that asks more than `perMinute` times in a minute, unknown routes included.
 * Each API process counts for itself. 0 is off.
 */
export async function limitRate(app: Api, perMinute: number): Promise<void> {
  if (perMinute === 0) return;
  await app.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: WINDOW_MS,
    cache: MOST_CLIENTS,
    keyGenerator: ({ ip }) => clientKey(ip),
  });
  const count = app.createRateLimit();
  app.addHook('onRequest', (request, reply, done) => {
    if (isExempt(request)) {
      done();
      return;
    }
    count(request).then(
      (state) => {
        if (state.isAllowed || !state.isExceeded) {
          done();
          return;
        }
        const seconds = Math.max(1, state.ttlInSeconds);
        reply.header('retry-after', String(seconds));
        done(refusal(perMinute, seconds));
      },
      (error: Error) => done(error),
    );
  });
}

function isExempt({ raw, headers, url }: FastifyRequest): boolean {
  // Nobody stands between: the operator, the monitor or a benchmark on this very machine.
  if (headers['x-forwarded-for'] === undefined && isLoopback(raw.socket.remoteAddress)) return true;
  return PROBES.test(pathOf(url));
}

function refusal(perMinute: number, seconds: number): AppError {
  return new AppError(
    'rate_limited',
    `More than ${perMinute} requests in a minute came from this address: try again in ${seconds} s`,
  );
}
