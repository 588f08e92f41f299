import { AppError, ERROR_CODES, type ErrorCode } from '../errors.js';
import { PROBLEM_TYPE } from '../routes/problem.js';
import type { Description } from './describe.js';
import type { Header, Parameter, Response, Schema } from './types.js';

const EVERY_ROUTE: readonly ErrorCode[] = ['invalid_request', 'uri_too_long', 'internal'];
const THE_STORE: readonly ErrorCode[] = [
  ...([
    'store_unusable',
    'store_unreachable',
    'store_timeout',
    'store_busy',
    'overloaded',
  ] as const),
  'deadline_exceeded',
];
const THE_TOKEN: readonly ErrorCode[] = ['unauthorized', 'admin_disabled'];

const integer = (description: string): Header => ({
  description,
  schema: { type: 'integer', minimum: 0 },
});
const text = (description: string): Header => ({ description, schema: { type: 'string' } });

const RETRY_AFTER = integer('Seconds after which trying again is worth it');

const ETag = text(
  'Strong validator: send it in If-None-Match to get 304 while nothing has changed',
);

const DATA_HEADERS: Record<string, Header> = {
  ETag,
  Age: integer('Seconds since the answer was last known to be right; there with X-Data-Stale'),
  'X-Data-Stale': {
    description: 'The database does not answer: these are the data as they last were',
    schema: { type: 'string', enum: ['true'] },
  },
};

export const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The ETag of an answer that the client has',
  schema: { type: 'string' },
};

/** RFC 9457; what a problem has beside these depends on its code. */
export const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string', pattern: '^urn:sentimentagent:problem:[a-z_]+$' },
    title: { type: 'string', description: 'the kind of problem, always the same for a code' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'what was wrong and what would be right' },
    instance: { type: 'string', description: 'the path that was asked for' },
    code: { type: 'string', enum: [...ERROR_CODES] },
    closest: { type: 'string', description: 'the nearest name that exists' },
    since: { type: 'string', description: 'when it was paused' },
    cycle_id: { type: 'string', description: 'the cycle that is in the way' },
    request_id: { type: 'string', description: 'under which the log has more' },
  },
};

/** The ways in which a route may refuse. */
function refusalsOf({ kind, token = false, refuses = [] }: Description): ErrorCode[] {
  const codes = [
    ...EVERY_ROUTE,
    ...refuses,
    ...(kind === 'probe' ? [] : ['rate_limited' as const, ...THE_STORE]),
    ...(token ? THE_TOKEN : []),
  ];
  return ERROR_CODES.filter((code) => codes.includes(code));
}

/** Every problem document a route may answer, by status. */
export function problemAnswers(description: Description): Record<string, Response> {
  const byStatus = new Map<number, AppError[]>();
  for (const code of refusalsOf(description)) {
    const error = new AppError(code, '');
    byStatus.set(error.httpStatus, [...(byStatus.get(error.httpStatus) ?? []), error]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, errors]) => [String(status), problemAnswer(status, errors)]),
  );
}

function problemAnswer(status: number, errors: readonly AppError[]): Response {
  const headers: Record<string, Header> = {
    ...(status === 429 || status === 503
      ? { 'Retry-After': { ...RETRY_AFTER, required: true } }
      : {}),
    ...(status === 409 ? { 'Retry-After': RETRY_AFTER } : {}),
    ...(status === 401 ? { 'WWW-Authenticate': { ...text('The scheme'), required: true } } : {}),
  };
  const narrowed: Schema = {
    type: 'object',
    properties: {
      status: { const: status },
      code: { type: 'string', enum: errors.map(({ code }) => code) },
    },
    required: ['status', 'code'],
  };
  return {
    description: errors.map(({ title }) => title).join('; '),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: {
      [PROBLEM_TYPE]: { schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, narrowed] } },
    },
  };
}

/** What is added to the answers of a route when all goes well. */
export function withHeaders(
  responses: Record<string, Response>,
  { kind, paged = false, summary }: Description,
): Record<string, Response> {
  const added: Record<string, Header> = {
    ...(kind === 'data' ? DATA_HEADERS : {}),
    ...(paged
      ? { Link: text('RFC 8288: the next page, with rel="next"; absent on the last') }
      : {}),
  };
  const described = Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      {
        ...response,
        description: response.description === 'Default Response' ? summary : response.description,
        ...(status === '200' && Object.keys(added).length > 0 ? { headers: added } : {}),
      },
    ]),
  );
  const unchanged: Response = {
    description: 'Nothing has changed since',
    headers: { ETag },
  };
  return { ...described, ...(kind === 'data' ? { '304': unchanged } : {}) };
}
