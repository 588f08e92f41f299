import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../clock.js';
import type { FaultKind, Faults, FaultRoute, Hit } from './faults.js';

/** An answer that is not Reddit's right one. */
interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body: string | object;
}

const HTML = { 'content-type': 'text/html; charset=UTF-8' };
const JSON_START = Buffer.from('{"message": "');
/** Sent again and again: the memory that an endless body takes is this. */
const CHUNK = Buffer.alloc(64 * 1024, 'a');
const DRIP_EVERY_MS = 250;
const TAKE_HALF_MS = 50;

/** What closes a subreddit: also where no fault says so, but the world. */
export const CLOSED = {
  private: closed('private', {}),
  banned: { status: 404, body: { reason: 'banned', message: 'Not Found', error: 404 } },
} as const;

/** The kinds that answer in place of Reddit. Bodies as recorded, the sentences are ours. */
export const ANSWERS: Partial<Record<FaultKind, (hit: Hit, route: FaultRoute) => Answer>> = {
  unauthorized: (_hit, route) => ({
    status: 401,
    headers: { 'www-authenticate': CHALLENGES[route === 'token' ? 'basic' : 'bearer'] },
    body: { message: 'Unauthorized', error: 401 },
  }),
  forbidden: () => ({ status: 403, body: { message: 'Forbidden', error: 403 } }),
  private: () => CLOSED.private,
  gated: () =>
    closed('gated', {
      interstitial_warning_message_html: NOTICE_HTML,
      interstitial_warning_message: NOTICE,
    }),
  quarantined: () =>
    closed('quarantined', { quarantine_message_html: NOTICE_HTML, quarantine_message: NOTICE }),
  banned: () => CLOSED.banned,
  not_found: () => ({ status: 404, body: { message: 'Not Found', error: 404 } }),
  rate_limited: ({ fault }, route) => tooMany(fault.retry_after, route),
  server_error: () => ({ status: 500, body: { message: 'Internal Server Error', error: 500 } }),
  bad_gateway: ({ nth }) => edge(502, nth, 'the server behind this one gave no proper answer'),
  unavailable: ({ nth }) => edge(503, nth, 'every server is busy, please come back in a minute'),
  gateway_timeout: ({ nth }) => edge(504, nth, 'the server behind this one took too long'),
  html: () => ({ status: 200, headers: HTML, body: page('Down for maintenance', 'back soon') }),
  error_inside: () => ({ status: 200, body: { message: 'Internal Server Error', error: 500 } }),
  errors_inside: () => ({
    status: 200,
    body: { json: { errors: [['RATELIMIT', 'slow down, try again in 9 minutes', 'ratelimit']] } },
  }),
  empty: () => ({ status: 200, body: '' }),
};

const CHALLENGES = {
  basic: 'Basic realm="reddit"',
  bearer: 'Bearer realm="reddit", error="invalid_token"',
};
const NOTICE = 'This community is not for everybody.';
const NOTICE_HTML = `<!-- SC_OFF --><div class="md"><p>${NOTICE}</p>\n</div><!-- SC_ON -->`;

/** Only the quarantined one is on record. */
function closed(reason: string, notice: Record<string, string>): Answer {
  return { status: 403, body: { reason, ...notice, message: 'Forbidden', error: 403 } };
}

/** JSON where tokens are issued, a page of HTML elsewhere. */
function tooMany(retryAfterSeconds: number | undefined, route: FaultRoute): Answer {
  const headers =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  if (route === 'token') {
    return { status: 429, headers, body: { message: 'Too Many Requests', error: 429 } };
  }
  const body = page('Too Many Requests', 'this address sent more than we take from a program');
  return { status: 429, headers: { ...HTML, ...headers }, body };
}

/** What stands before Reddit's servers sends both: a page, and nothing at all. */
function edge(status: number, nth: number, sentence: string): Answer {
  if (nth % 2 === 1) return { status, body: '' };
  return { status, headers: HTML, body: page(`Error ${status}`, sentence) };
}

function page(title: string, sentence: string): string {
  return `<!doctype html><html><title>${title}</title><h2>${sentence}</h2></html>\n`;
}

/** The kinds that keep the connection, or break it, before Reddit has said a thing. */
export const CONNECTION_KINDS: Partial<Record<FaultKind, typeof reset>> = {
  silent: held,
  endless: (reply, faults) => {
    const gone = held(reply, faults);
    begin(reply);
    pour(reply.raw, gone);
  },
  drip: (reply, faults, clock) => {
    const gone = held(reply, faults);
    begin(reply);
    void drip(reply.raw, clock, gone);
  },
  reset,
};

function reset(reply: FastifyReply, _faults: Faults, _clock: Clock): void {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
}

/** Takes the connection until the client goes, faults are healed or the server closes. */
function held(reply: FastifyReply, faults: Faults): AbortSignal {
  reply.hijack();
  const gone = new AbortController();
  const release = faults.hold(() => reply.raw.destroy());
  reply.raw.once('close', () => {
    release();
    gone.abort();
  });
  return gone.signal;
}

function begin(reply: FastifyReply): void {
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  reply.raw.write(JSON_START);
}

/** One chunk a turn of the loop, and none while the client does not take what is there. */
function pour(raw: ServerResponse, gone: AbortSignal): void {
  if (gone.aborted) return;
  const next = () => setImmediate(() => pour(raw, gone));
  if (raw.write(CHUNK)) next();
  else raw.once('drain', next);
}

async function drip(raw: ServerResponse, clock: Clock, gone: AbortSignal): Promise<void> {
  while (!gone.aborted) {
    if (!raw.writableNeedDrain) raw.write('a');
    await clock.sleep(DRIP_EVERY_MS, gone);
  }
}

/** Headers for the whole, half of it, and the end of the connection. */
export async function resetMidway(
  reply: FastifyReply,
  faults: Faults,
  clock: Clock,
  body: Buffer,
): Promise<void> {
  const gone = held(reply, faults);
  const { raw } = reply;
  raw.writeHead(reply.statusCode, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-length': body.length,
  });
  raw.write(half(body));
  // A client that finds both at once takes the reset for an ordinary end.
  await clock.sleep(TAKE_HALF_MS, gone);
  raw.socket?.resetAndDestroy();
}

/** Cut at a byte, so perhaps inside a character. */
export function half(body: Buffer): Buffer {
  return body.subarray(0, body.length >> 1);
}
