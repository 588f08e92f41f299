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

/** The answer that a fault gives in place of the right one; null for the kinds that do more. */
export function answerOf({ fault, nth }: Hit, route: FaultRoute): Answer | null {
  const token = route === 'token';
  switch (fault.kind) {
    case 'unauthorized':
      return {
        ...json(401, { message: 'Unauthorized', error: 401 }),
        headers: {
          'www-authenticate': token
            ? 'Basic realm="reddit"'
            : 'Bearer realm="reddit", error="invalid_token"',
        },
      };
    case 'forbidden':
      return json(403, { message: 'Forbidden', error: 403 });
    case 'private':
    case 'gated':
    case 'quarantined':
      return json(403, {
        reason: fault.kind,
        ...notice(fault.kind),
        message: 'Forbidden',
        error: 403,
      });
    case 'banned':
      return json(404, { reason: 'banned', message: 'Not Found', error: 404 });
    case 'not_found':
      return json(404, { message: 'Not Found', error: 404 });
    case 'rate_limited':
      return tooMany(fault.retry_after, token);
    case 'server_error':
      return json(500, { message: 'Internal Server Error', error: 500 });
    case 'bad_gateway':
      return edge(502, nth, 'the server behind this one gave no proper answer');
    case 'unavailable':
      return edge(503, nth, 'every server is busy, please come back in a minute');
    case 'gateway_timeout':
      return edge(504, nth, 'the server behind this one took too long');
    case 'html':
      return { status: 200, headers: HTML, body: page('Down for maintenance', 'back soon') };
    case 'error_inside':
      return json(200, { message: 'Internal Server Error', error: 500 });
    case 'errors_inside':
      return json(200, {
        json: { errors: [['RATELIMIT', 'slow down, try again in 9 minutes', 'ratelimit']] },
      });
    case 'empty':
      return { status: 200, body: '' };
    default:
      return null;
  }
}

/** What Reddit puts around the reason; of these only `quarantined` is on record. */
function notice(kind: 'private' | 'gated' | 'quarantined'): Record<string, string> {
  const text = 'This community is not for everybody.';
  const html = `<!-- SC_OFF --><div class="md"><p>${text}</p>\n</div><!-- SC_ON -->`;
  if (kind === 'private') return {};
  if (kind === 'quarantined') return { quarantine_message_html: html, quarantine_message: text };
  return { interstitial_warning_message_html: html, interstitial_warning_message: text };
}

/** On record: JSON where tokens are issued, a page of HTML elsewhere. */
function tooMany(retryAfterSeconds: number | undefined, token: boolean): Answer {
  const headers =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  if (token) return { ...json(429, { message: 'Too Many Requests', error: 429 }), headers };
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

function json(status: number, body: object): Answer {
  return { status, body };
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
export function resetMidway(reply: FastifyReply, body: Buffer): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(reply.statusCode, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-length': body.length,
  });
  // The callback comes when the kernel has it: a reset before would throw it away.
  raw.write(half(body), () => raw.socket?.resetAndDestroy());
}

/** Cut at a byte, so perhaps inside a character. */
export function half(body: Buffer): Buffer {
  return body.subarray(0, body.length >> 1);
}
