import { type Agent, fetch } from 'undici';
import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import { withDeadline } from '../retry.js';

/** What was asked and what came back, before anybody judges the status or parses the body. */
export interface Exchange {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export interface RedditRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Transport {
  agent: Agent;
  clock: Clock;
  timeoutMs: number;
}

/** The largest page on record has 1.6 MB; an endless body must not fill the heap. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Sends one request and reads the whole answer within the deadline, whatever stalls:
 * connect, headers or body. Redirects are not followed (they would carry the token along).
 *
 * @throws AppError `reddit_timeout`, `reddit_connection`, `reddit_bad_answer` (body too
 * large), `cancelled` (the caller's signal).
 */
export async function exchange(
  request: RedditRequest,
  { agent, clock, timeoutMs }: Transport,
  signal: AbortSignal,
): Promise<Exchange> {
  const place = `${request.method} ${request.url.replace(/\?.*/, '')}`;
  try {
    return await withDeadline(
      timeoutMs,
      clock,
      (expired) => send(request, agent, AbortSignal.any([signal, expired])),
      () => new AppError('reddit_timeout', `${place}: no complete answer within ${timeoutMs} ms`),
    );
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (signal.aborted) throw new AppError('cancelled', `${place}: cancelled`);
    const cause = (error as Error).cause ?? error;
    const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new AppError('reddit_connection', `${place}: ${code}`, { cause: error });
  }
}

async function send(request: RedditRequest, agent: Agent, signal: AbortSignal): Promise<Exchange> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    redirect: 'manual',
    dispatcher: agent,
    signal,
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    const data = chunk as Uint8Array;
    bytes += data.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      throw new AppError('reddit_bad_answer', `Answer of more than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(data);
  }
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: Buffer.concat(chunks).toString('utf8'),
  };
}
