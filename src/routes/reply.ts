import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fresh from 'fresh';
import type { Answers, Kept } from '../answers.js';
import { AppError } from '../errors.js';
import { createUnsent } from './unsent.js';

/** What a route computes for a question: the value its schema describes. */
export interface Result<T> {
  value: T;
  headers?: Record<string, string>;
}

export interface Asked<T> {
  /** Everything the answer depends on besides the data and the time. */
  parameters: readonly (string | number | null | undefined)[];
  /** End of the window, or another time the answer depends on. */
  untilMs?: number;
  compute: () => Promise<Result<T>>;
}

/** Answers a question from memory or anew, with what HTTP has for answers that repeat. */
export type Respond = <T>(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked<T>,
) => Promise<FastifyReply>;

/** Smaller bodies do not gain from compression (they fit into one packet anyway). */
const MIN_COMPRESSED_BYTES = 1024;

const CODINGS: Record<string, (body: Buffer) => Promise<Buffer>> = {
  br: (body) => brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (body) => promisify(gzip)(body),
};
const brotli = promisify(brotliCompress);
const CODING_NAMES = [...Object.keys(CODINGS), 'identity'];

/**
 * Answers that clients have asked for and not taken yet. Beyond this nothing more is given: a
 * hundred clients that never read would otherwise take the process with them.
 */
const MAX_UNSENT_BYTES = 96 * 1024 * 1024;

export function respondFrom(answers: Answers): Respond {
  const unsent = createUnsent();
  return async (request, reply, { parameters, untilMs = 0, compute }) => {
    if (unsent.bytes > MAX_UNSENT_BYTES) {
      throw new AppError('overloaded', 'Too much is waiting to be taken by other clients');
    }
    const question = {
      route: request.routeOptions.url ?? '',
      parameters: parameters.map((parameter) => parameter ?? null),
      untilMs,
    };
    const { kept, outcome, staleMs } = await answers.answer(question, async () => {
      const { value, headers } = await compute();
      return { body: serialize(reply, value), ...(headers === undefined ? {} : { headers }) };
    });
    const coding = codingFor(request.headers['accept-encoding'], kept);
    // A coding is another representation, and a strong tag names exactly one (RFC 9110, 8.8.3).
    const etag = `"${kept.tag}${coding === null ? '' : `-${coding}`}"`;
    reply.headers({ ...kept.headers, etag, 'cache-control': 'no-cache' });
    if (outcome === 'stale') {
      // Not to be kept: a later 304 would leave these headers on what a browser has stored.
      reply.headers({ age: String(Math.floor(staleMs / 1000)), 'x-data-stale': 'true' });
      reply.header('cache-control', 'no-store');
    }
    reply.header(
      'vary',
      [reply.getHeader('vary'), 'Accept-Encoding'].flat().filter(Boolean).join(', '),
    );
    if (outcome !== 'stale' && fresh(request.headers, { etag })) return reply.code(304).send();
    reply.type('application/json; charset=utf-8');
    if (coding !== null) reply.header('content-encoding', coding);
    const body = coding === null ? kept.body : await encode(kept, coding);
    unsent.hold(reply, body.length);
    return reply.send(body);
  };
}

/** By the schema that the route has for 200, which is the status until something else is set. */
function serialize(reply: FastifyReply, value: unknown): string {
  return reply.serialize(value) as string;
}

/** The coding the client prefers; null: none, because it takes none or the body is too small. */
function codingFor(accepted: string | undefined, { body }: Kept): string | null {
  if (accepted === undefined || body.length < MIN_COMPRESSED_BYTES) return null;
  const coding = negotiate(accepted, CODING_NAMES);
  return coding === 'identity' ? null : coding;
}

/** Compressed once for everybody; a failure is not kept. */
function encode({ body, encoded }: Kept, coding: string): Promise<Buffer> {
  let bytes = encoded.get(coding);
  if (bytes === undefined) {
    bytes = (CODINGS[coding] as (body: Buffer) => Promise<Buffer>)(body);
    bytes.catch(() => encoded.delete(coding));
    encoded.set(coding, bytes);
  }
  return bytes;
}
