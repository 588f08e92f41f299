import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode, toAppError } from '../errors.js';
import type { Log } from '../log.js';
import { nearest, quoted } from './nearest.js';

/** RFC 9457, with our error code, and the request's id where the log has more. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  [extension: string]: unknown;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds after which trying again is worth it. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  store_unusable: 60,
  store_unreachable: 5,
  store_timeout: 5,
  store_busy: 1,
  deadline_exceeded: 5,
  jobs_unavailable: 20,
  collection_running: 60,
  overloaded: 1,
  shutting_down: 5,
};

export function problemOf(error: AppError, instance: string): Problem {
  return {
    ...(error.httpStatus < 500 ? error.details : {}),
    type: `urn:sentimentagent:problem:${error.code}`,
    title: error.title,
    status: error.httpStatus,
    detail: publicDetail(error),
    instance: instance.slice(0, 200),
    code: error.code,
  };
}

const TOLD_AS_THEY_ARE: ReadonlySet<ErrorCode> = new Set([
  'jobs_unavailable',
  'overloaded',
  'shutting_down',
] as const);

/** Messages of our own fours are written for the client; what failed inside stays in the log. */
function publicDetail(error: AppError): string {
  if (TOLD_AS_THEY_ARE.has(error.code)) return error.message;
  if (error.httpStatus < 500) {
    return error.cure === undefined ? error.message : `${error.message}: ${error.cure}`;
  }
  if (error.code.startsWith('store_') || error.code === 'deadline_exceeded') {
    return 'The database does not answer at the moment; /health names the cause';
  }
  return 'An unexpected error occurred; the log has it under this request_id';
}

/** The only place where an error of a request is logged, and it is logged once. */
export async function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): Promise<FastifyReply> {
  const error = fromFastify(thrown, request) ?? toAppError(thrown);
  const problem = problemOf(error, pathOf(request.url));
  if (problem.status >= 500) {
    problem.request_id = request.id;
    const { method, url } = request;
    const about = { req_id: request.id, method, url: url.slice(0, 500), code: error.code };
    const err = error.code === 'internal' ? (error.cause ?? error) : undefined;
    const line = err === undefined ? about : { ...about, err };
    // In an outage of the store the health monitor tells its beginning and its end, once each;
    // what is refused under load is in the metrics, and a line for each would be more load.
    const expected = error.code.startsWith('store_') || error.code === 'overloaded';
    const level = expected ? 'debug' : 'error';
    log[level](line, `request failed: ${error.message}`);
  }
  const retryAfter = RETRY_AFTER_SECONDS[error.code];
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="admin"');
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
}

export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

const BY_STATUS: Record<number, ErrorCode> = {
  413: 'payload_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
};

/** Fastify's own 4xx errors in our words; null for anything else. */
function fromFastify(thrown: unknown, request: FastifyRequest): AppError | null {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return null;
  const { validation, validationContext, statusCode = 500, code } = thrown as FastifyError;
  if (validation !== undefined) {
    return new AppError('invalid_request', invalidDetail(validation, validationContext, request));
  }
  if (statusCode < 400 || statusCode > 499) return null;
  const known = BY_STATUS[statusCode];
  if (known !== undefined) return new AppError(known, FASTIFY_DETAILS[known] ?? thrown.message);
  if (code === 'FST_ERR_BAD_URL') {
    return new AppError('invalid_request', 'The path is not validly percent-encoded');
  }
  return new AppError('invalid_request', thrown.message.replace(/\s+/g, ' ').slice(0, 300));
}

const FASTIFY_DETAILS: Partial<Record<ErrorCode, string>> = {
  payload_too_large: 'The body is larger than this API takes',
  uri_too_long: 'The path is longer than any of this API',
  unsupported_media_type: 'Bodies are accepted as application/json only',
};

interface Violation {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  message?: string;
  /** ajv's `verbose` adds these two. */
  parentSchema?: ParameterSchema & { properties?: Record<string, unknown> };
  data?: unknown;
}

interface ParameterSchema {
  type?: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  description?: string;
}

function invalidDetail(
  violations: NonNullable<FastifyError['validation']>,
  context: string | undefined,
  request: FastifyRequest,
): string {
  const violation = violations[0] as Violation | undefined;
  if (violation === undefined) return 'The request is not valid';
  if (violation.keyword === 'additionalProperties') return unknownParameter(violation);
  const name = violation.instancePath.slice(1).split('/')[0] ?? '';
  if (name === '') return `The ${context ?? 'request'} ${violation.message ?? 'is not valid'}`;
  const given = (request.query as Record<string, unknown> | undefined)?.[name] ?? violation.data;
  if (Array.isArray(given)) return `${name} is given more than once: give it once`;
  return `${name}=${quoted(given)} is not accepted: ${accepted(violation.parentSchema ?? {})}`;
}

/**
 * Coercion would take Infinity, 1e3 and 0x10 for whole numbers, and let the first past every
 * bound. @throws AppError `invalid_request`
 */
export function refuseOddNumbers(request: FastifyRequest): void {
  const { querystring } = (request.routeOptions.schema ?? {}) as {
    querystring?: { properties?: Record<string, ParameterSchema> };
  };
  const given = (request.query ?? {}) as Record<string, unknown>;
  for (const [name, schema] of Object.entries(querystring?.properties ?? {})) {
    const value = given[name];
    if (schema.type !== 'integer' || typeof value !== 'string') continue;
    if (/^-?\d{1,15}$/.test(value)) continue;
    throw new AppError(
      'invalid_request',
      `${name}=${quoted(value)} is not accepted: ${accepted(schema)}`,
    );
  }
}

function unknownParameter({ params, parentSchema }: Violation): string {
  const given = String(params.additionalProperty);
  const known = Object.keys(parentSchema?.properties ?? {});
  const near = nearest(given, known);
  const takes =
    known.length === 0
      ? 'this route takes none'
      : near === null
        ? `this route takes ${known.join(', ')}`
        : `did you mean ${near}?`;
  return `${quoted(given)} is not a parameter of this route: ${takes}`;
}

/** What a parameter takes, in words. */
function accepted(schema: ParameterSchema): string {
  if (schema.enum) return `it takes one of ${schema.enum.join(', ')}`;
  if (schema.type === 'integer') {
    return `it takes a whole number from ${schema.minimum ?? 'any'} to ${schema.maximum ?? 'any'}`;
  }
  return `it takes ${schema.description ?? 'a text'}`;
}
